import { formatDuration } from '../../machinery/duration.ts';
import type { ScalarType } from '../../machinery/schema.ts';
import type { WireReader } from '../proto/wire.ts';

/** Types of single values on the wire; "raw" is JSON text in a message. */
export type WireScalar = ScalarType | 'raw';

const nanosPerMilli = 1e6;
/** Years 1 to 9999: what RFC 3339 can say. */
const earliestSeconds = -62_135_596_800;
const latestSeconds = 253_402_300_799;

/**
 * Reads one value in the form that JSON has for it (upstream: the generated MarshalJSON of each). Undefined stands
 * for a zero time, which JSON writes as null.
 * @throws RangeError
 */
export function readScalar(type: Exclude<WireScalar, 'raw'>, reader: WireReader): unknown {
  switch (type) {
    case 'string':
      return reader.string();
    case 'bool':
      return reader.bool();
    case 'int32':
    case 'int64':
      return reader.signed();
    case 'double':
      return finite(reader.double());
    case 'bytes':
      return reader.bytes().toString('base64');
    case 'date-time':
      return reader.message((message) => readTime(message, false));
    case 'micro-time':
      return reader.message((message) => readTime(message, true));
    case 'duration':
      return reader.message((message) => formatDuration(readInteger(message) / nanosPerMilli));
    case 'quantity':
      return reader.message(readQuantity);
    case 'int-or-string':
      return reader.message(readIntOrString);
  }
}

function finite(value: number): number {
  if (Number.isFinite(value)) return value;
  throw new RangeError('it is not a finite number');
}

function readTime(reader: WireReader, micro: boolean): string | undefined {
  let [seconds, nanos, isSet] = [0, 0, false];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) [seconds, isSet] = [reader.signed(), true];
    else if (field === 2) [nanos, isSet] = [reader.signed(), true];
    else reader.skip();
  }
  if (!isSet || seconds === earliestSeconds) return undefined;
  if (!(seconds >= earliestSeconds && seconds <= latestSeconds) || !(nanos >= 0 && nanos < 1e9))
    throw new RangeError('it is no point in time between the years 1 and 9999');
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  return micro ? `${whole}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z` : `${whole}Z`;
}

/** A message whose only field is a number. */
function readInteger(reader: WireReader): number {
  let value = 0;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) value = reader.signed();
    else reader.skip();
  }
  return value;
}

function readQuantity(reader: WireReader): string {
  let text = '0';
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) text = reader.string();
    else reader.skip();
  }
  return text === '' ? '0' : text;
}

function readIntOrString(reader: WireReader): number | string {
  let [isText, number, text] = [false, 0, ''];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) isText = reader.signed() === 1;
    else if (field === 2) number = reader.signed();
    else if (field === 3) text = reader.string();
    else reader.skip();
  }
  return isText ? text : number;
}
