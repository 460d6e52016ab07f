import { badRequest } from '../errors.ts';
import { formatPath, JsonParseError, parseJson } from '../../machinery/json.ts';
import { WireReader } from '../proto/wire.ts';
import { planOf } from './plan.ts';
import type { Plan, PlannedField } from './plan.ts';
import { readScalar } from './scalars.ts';
import { typeOfKind } from './types.ts';

/** What upstream names the encoding in Content-Type and Accept. */
export const protobufMediaType = 'application/vnd.kubernetes.protobuf';

const magic = Buffer.from('k8s\0', 'latin1');
const noBytes: Buffer = Buffer.alloc(0);
/** Far above any real object; schemas of custom resources are the deepest. */
const maxDepth = 256;

type Members = Record<string, unknown>;

/**
 * The JSON object that a protobuf body says: four bytes of magic, then a runtime.Unknown that names the kind and
 * holds its message (upstream: runtime/serializer/protobuf). Zero values that Go always writes are in the result
 * as they came; `normalize` drops those that JSON would not have. Fields nobody knows are passed over.
 * @throws StatusError BadRequest, with the path of what cannot be read
 */
export function decodeProtobuf(body: Buffer): Members {
  try {
    return decodeEnvelope(body, 0);
  } catch (error) {
    if (error instanceof ProtobufError) throw badRequest(error.text, { cause: error });
    throw error;
  }
}

/** Knows where it happened only once it has passed through the messages around it. */
class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
  readonly #path: (string | number)[] = [];

  within(step: string | number): this {
    this.#path.unshift(step);
    return this;
  }

  get text(): string {
    const where = this.#path.length === 0 ? 'the protobuf body' : formatPath(this.#path);
    return `Cannot read ${where}: ${this.message}`;
  }
}

function decodeEnvelope(bytes: Buffer, depth: number): Members {
  if (!bytes.subarray(0, magic.length).equals(magic))
    throw new ProtobufError('it does not begin with the bytes 6b 38 73 00');
  const { apiVersion, kind, raw, contentEncoding, contentType } = readUnknown(bytes.subarray(magic.length));
  if (contentEncoding !== '') throw new ProtobufError(`its encoding "${contentEncoding}" is not known`);
  if (contentType !== '' && contentType !== protobufMediaType)
    throw new ProtobufError(`it holds "${contentType}" instead of protobuf`);
  const type = typeOfKind(apiVersion, kind);
  if (type === undefined) throw new ProtobufError(`no kind "${kind}" is known in version "${apiVersion}"`);
  const object: Members = { apiVersion, kind };
  readMessage(planOf(type), new WireReader(raw), object, depth + 1);
  return object;
}

function readUnknown(bytes: Buffer) {
  const unknown = { apiVersion: '', kind: '', raw: noBytes, contentEncoding: '', contentType: '' };
  guarded(() => {
    const reader = new WireReader(bytes);
    for (let field = reader.next(); field !== 0; field = reader.next()) {
      if (field === 1) reader.message((typeMeta) => readTypeMeta(typeMeta, unknown));
      else if (field === 2) unknown.raw = reader.bytes();
      else if (field === 3) unknown.contentEncoding = reader.string();
      else if (field === 4) unknown.contentType = reader.string();
      else reader.skip();
    }
  });
  return unknown;
}

function readTypeMeta(reader: WireReader, into: { apiVersion: string; kind: string }): void {
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) into.apiVersion = reader.string();
    else if (field === 2) into.kind = reader.string();
    else reader.skip();
  }
}

/** The wire's own errors know no path. */
function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw new ProtobufError(error.message, { cause: error });
    if (error instanceof JsonParseError) throw new ProtobufError(error.message, { cause: error });
    throw error;
  }
}

function readMessage(plan: Plan, reader: WireReader, into: Members, depth: number): void {
  if (depth > maxDepth) throw new ProtobufError('it is nested too deeply');
  for (;;) {
    const number = guarded(() => reader.next());
    if (number === 0) return;
    const field = plan.fields[number];
    if (field === undefined) {
      guarded(() => reader.skip());
      continue;
    }
    try {
      guarded(() => readField(field, reader, into, depth));
    } catch (error) {
      throw error instanceof ProtobufError && !field.inline ? error.within(field.name) : error;
    }
  }
}

function readField(field: PlannedField, reader: WireReader, into: Members, depth: number): void {
  if (field.inline) {
    reader.message((nested) => readMessage(field.plan(), nested, into, depth + 1));
  } else if (field.map) {
    reader.message((entry) =>
      readEntry(
        field,
        entry,
        own(into, field.name, () => ({})),
        depth,
      ),
    );
  } else if (field.list) {
    readItems(
      field,
      reader,
      own(into, field.name, () => []),
      depth,
    );
  } else {
    into[field.name] = readValue(field, reader, depth);
  }
}

/** The collection that repeated fields add to. */
function own<T>(into: Members, name: string, make: () => T): T {
  return (into[name] ??= make()) as T;
}

function readItems(field: PlannedField, reader: WireReader, items: unknown[], depth: number): void {
  const { scalar } = field;
  const packed = scalar === 'double' ? 'fixed64' : 'varint';
  if (
    reader.delimited &&
    (scalar === 'int32' || scalar === 'int64' || scalar === 'bool' || scalar === 'double')
  ) {
    for (const value of reader.packed((values) => readScalar(scalar, values), packed)) items.push(value);
    return;
  }
  try {
    items.push(guarded(() => readValue(field, reader, depth)));
  } catch (error) {
    throw error instanceof ProtobufError ? error.within(items.length) : error;
  }
}

/** A map is a list of messages: 1 is the key, 2 the value; what is missing is empty. */
function readEntry(field: PlannedField, reader: WireReader, into: Members, depth: number): void {
  let key = '';
  let value: unknown;
  for (let number = reader.next(); number !== 0; number = reader.next()) {
    if (number === 1) key = reader.string();
    else if (number === 2) value = readValue(field, reader, depth);
    else reader.skip();
  }
  if (key === '__proto__') throw new ProtobufError('a key is called "__proto__"');
  into[key] = value ?? emptyValue(field);
}

/** What a map holds under a key without a value. */
function emptyValue({ scalar, plan }: PlannedField): unknown {
  if (scalar === undefined) return plan().form?.({}) ?? {};
  return scalar === 'quantity' ? '0' : '';
}

function readValue(field: PlannedField, reader: WireReader, depth: number): unknown {
  const { scalar } = field;
  if (scalar === 'raw') return reader.message((message) => readRaw(message, depth));
  if (scalar !== undefined) return readScalar(scalar, reader);
  const plan = field.plan();
  return reader.message((message) => {
    const members: Members = {};
    readMessage(plan, message, members, depth + 1);
    return plan.form === undefined ? members : plan.form(members);
  });
}

/** RawExtension, FieldsV1 and JSON are messages with the text of a JSON value, or with another envelope. */
function readRaw(reader: WireReader, depth: number): unknown {
  let raw: Buffer | undefined;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) raw = reader.bytes();
    else reader.skip();
  }
  if (raw === undefined || raw.length === 0) return undefined;
  if (depth < maxDepth && raw.subarray(0, magic.length).equals(magic)) return decodeEnvelope(raw, depth + 1);
  return parseJson(raw);
}
