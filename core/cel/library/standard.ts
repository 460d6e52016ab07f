import { stepCosts, traversal } from '../cost.ts';
import { CelError } from '../errors.ts';
import { overload } from '../functions.ts';
import type { Overload } from '../functions.ts';
import { Duration, Timestamp } from '../time.ts';
import { TypeValue, Uint, typeNameOf } from '../values.ts';
import type { CelList, CelMap, Value } from '../values.ts';
import { lengthOf } from './text.ts';

/** Data has to be walked through to be counted. */
const sizeCost = (value: CelMap) => 1 + 2 * value.size;
const bytesCost = (text: Uint8Array) => 15 + traversal(text.length);
const copyCost = (text: string) => 5 + traversal(text.length);
const readCost = (text: string) => 10 + traversal(text.length);
const number = () => 3;
const numberText = () => 10;
const timeText = () => stepCosts.time;
const textCost = (text: string | Uint8Array) => traversal(text.length);

/** Functions of the language itself: sizes and conversions. */
export const standardFunctions: readonly Overload[] = [
  ...['size(string): int', 'string.size(): int'].map((signature) =>
    overload(signature, (text: string) => BigInt(lengthOf(text)), textCost),
  ),
  ...['size(bytes): int', 'bytes.size(): int'].map((signature) =>
    overload(signature, (bytes: Uint8Array) => BigInt(bytes.length)),
  ),
  ...['size(list<A>): int', 'list<A>.size(): int'].map((signature) =>
    overload(signature, (list: CelList) => BigInt(list.length)),
  ),
  ...['size(map<A, B>): int', 'map<A, B>.size(): int'].map((signature) =>
    overload(signature, (map: CelMap) => BigInt(map.size), sizeCost),
  ),

  overload('dyn(A): dyn', (value: Value) => value),
  overload('type(A): type', (value: Value) => new TypeValue(typeNameOf(value))),

  overload('int(int): int', (value: bigint) => value),
  overload('int(uint): int', ({ value }: Uint) => whole(value)),
  overload('int(double): int', (value: number) => {
    if (!Number.isFinite(value)) throw overflow();
    return whole(BigInt(Math.trunc(value)));
  }),
  overload(
    'int(string): int',
    (text: string) => {
      if (!/^[+-]?\d{1,20}$/.test(text)) throw conversion(text, 'int');
      return whole(BigInt(text.replace('+', '')));
    },
    readCost,
  ),
  overload('int(timestamp): int', (value: Timestamp) => value.seconds),
  overload('int(duration): int', (value: Duration) => value.nanos),

  overload('uint(uint): uint', (value: Uint) => value),
  overload('uint(int): uint', (value: bigint) => new Uint(value)),
  overload('uint(double): uint', (value: number) => {
    if (!Number.isFinite(value)) throw overflow();
    return new Uint(BigInt(Math.trunc(value)));
  }),
  overload(
    'uint(string): uint',
    (text: string) => {
      if (!/^\+?\d{1,20}$/.test(text)) throw conversion(text, 'uint');
      return new Uint(BigInt(text.replace('+', '')));
    },
    readCost,
  ),

  overload('double(double): double', (value: number) => value),
  overload('double(int): double', (value: bigint) => Number(value)),
  overload('double(uint): double', ({ value }: Uint) => Number(value)),
  overload(
    'double(string): double',
    (text: string) => {
      const value = readDouble(text);
      if (value === undefined) throw conversion(text, 'double');
      return value;
    },
    readCost,
  ),

  overload('bool(bool): bool', (value: boolean) => value),
  overload(
    'bool(string): bool',
    (text: string) => {
      if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
      if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
      throw conversion(text, 'bool');
    },
    readCost,
  ),

  overload('string(string): string', (text: string) => text),
  overload('string(bool): string', (value: boolean) => String(value)),
  overload('string(int): string', (value: bigint) => value.toString(), number),
  overload('string(uint): string', ({ value }: Uint) => value.toString(), number),
  overload('string(double): string', formatDouble, numberText),
  overload(
    'string(bytes): string',
    (bytes: Uint8Array) => {
      try {
        return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
      } catch (cause) {
        throw new CelError('invalid UTF-8 in bytes, cannot convert to string', { cause });
      }
    },
    bytesCost,
  ),
  overload('string(timestamp): string', (value: Timestamp) => value.toString(), timeText),
  overload('string(duration): string', (value: Duration) => value.toString(), timeText),

  overload('bytes(bytes): bytes', (bytes: Uint8Array) => bytes),
  overload('bytes(string): bytes', (text: string) => Buffer.from(text), copyCost),

  overload('timestamp(timestamp): timestamp', (value: Timestamp) => value),
  overload('timestamp(int): timestamp', (value: bigint) => Timestamp.ofSeconds(value), number),
  overload(
    'timestamp(string): timestamp',
    (text: string) => {
      const value = Timestamp.parse(text);
      if (value === undefined) throw conversion(text, 'timestamp');
      return value;
    },
    timeText,
  ),
  overload('duration(duration): duration', (value: Duration) => value),
  overload('duration(int): duration', (value: bigint) => new Duration(value)),
  overload(
    'duration(string): duration',
    (text: string) => {
      const value = Duration.parse(text);
      if (value === undefined) throw conversion(text, 'duration');
      return value;
    },
    timeText,
  ),
];

const texts: Readonly<Record<string, string>> = { NaN: 'NaN', Infinity: '+Inf', '-Infinity': '-Inf' };

export function formatDouble(value: number): string {
  const text = String(value);
  return texts[text] ?? text.replace(/e([+-])(\d)$/, 'e$10$2');
}

function readDouble(text: string): number | undefined {
  if (/^[+-]?(?:inf|infinity)$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (/^nan$/i.test(text)) return Number.NaN;
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;
}

function whole(value: bigint): bigint {
  if (value > 9_223_372_036_854_775_807n || value < -9_223_372_036_854_775_808n) throw overflow();
  return value;
}

function overflow(): CelError {
  return new CelError('integer overflow');
}

function conversion(text: string, type: string): CelError {
  return new CelError(
    `type conversion error from 'string' to '${type}': cannot read ${JSON.stringify(text.slice(0, 100))}`,
  );
}
