import type { Arbitrary } from 'fast-check';
import {
  array,
  assert,
  boolean,
  constant,
  double,
  integer,
  jsonValue,
  oneof,
  property,
  record,
  string,
  uint8Array,
} from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, test } from 'vitest';
import { StatusError } from '../errors.ts';
import { typeFactsByName } from '../schema/facts.ts';
import type { FieldFact } from '../schema/facts.ts';
import { decodeProtobuf } from './decode.ts';

/** An independent codec, protobufjs, told the API's messages by the same facts. */
const oracle = (() => {
  const root = new protobuf.Root();
  const text = new protobuf.Type('TextValue').add(new protobuf.Field('value', 1, 'string', 'optional'));
  const bytes = new protobuf.Type('BytesValue').add(new protobuf.Field('value', 1, 'bytes', 'optional'));
  const time = new protobuf.Type('TimeValue')
    .add(new protobuf.Field('seconds', 1, 'int64', 'optional'))
    .add(new protobuf.Field('nanos', 2, 'int32', 'optional'));
  const duration = new protobuf.Type('DurationValue').add(
    new protobuf.Field('value', 1, 'int64', 'optional'),
  );
  const either = new protobuf.Type('EitherValue')
    .add(new protobuf.Field('type', 1, 'int64', 'optional'))
    .add(new protobuf.Field('intVal', 2, 'int32', 'optional'))
    .add(new protobuf.Field('strVal', 3, 'string', 'optional'));
  const wrapped = new protobuf.Type('ListValue').add(new protobuf.Field('items', 1, 'string', 'repeated'));
  root.add(text).add(bytes).add(time).add(duration).add(either).add(wrapped);
  const messages: Record<string, string> = {
    quantity: 'TextValue',
    raw: 'BytesValue',
    fieldsV1: 'BytesValue',
    'date-time': 'TimeValue',
    'micro-time': 'TimeValue',
    duration: 'DurationValue',
    'int-or-string': 'EitherValue',
  };
  const typeOf = (value: FieldFact): string => {
    if (value.protoWrap !== undefined) return 'ListValue';
    if (value.ref !== undefined) return messageName(value.ref);
    return messages[value.type ?? ''] ?? value.type ?? '';
  };
  for (const [name, fact] of Object.entries(typeFactsByName)) {
    const message = new protobuf.Type(messageName(name));
    for (const [member, field] of Object.entries(fact.fields)) {
      if (field.proto === undefined) continue;
      const value = valueFact(field);
      const type = field.inline === undefined ? typeOf(value) : messageName(field.inline);
      if (field.map !== undefined)
        message.add(new protobuf.MapField(fieldName(member), field.proto, 'string', type));
      else {
        const rule = field.list === true && value.protoWrap === undefined ? 'repeated' : 'optional';
        message.add(
          new protobuf.Field(fieldName(member), field.proto, type, rule, undefined, { packed: false }),
        );
      }
    }
    root.add(message);
  }
  root.resolveAll();
  return root;
})();

function messageName(type: string): string {
  return `M_${type.replaceAll(/\W/g, '_')}`;
}

/** protobufjs has no members called "$ref". */
function fieldName(member: string): string {
  return `f_${member.replaceAll(/\W/g, '_')}`;
}

function valueFact(field: FieldFact): FieldFact {
  return typeof field.map === 'string' ? { type: field.map } : (field.map ?? field.items ?? field);
}

/** The same value for the oracle and as JSON. */
interface Both {
  readonly wire: unknown;
  readonly json: unknown;
}

const same = (arbitrary: Arbitrary<unknown>): Arbitrary<Both> =>
  arbitrary.map((value) => ({ wire: value, json: value }));
const seconds = integer({ min: -62_135_596_799, max: 253_402_300_799 });
const rfc3339 = (at: number) => new Date(at * 1000).toISOString().slice(0, 19);

const scalars: Record<string, Arbitrary<Both>> = {
  string: same(string()),
  bool: same(boolean()),
  int32: same(integer()),
  int64: same(integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER })),
  double: same(double({ noNaN: true, noDefaultInfinity: true })),
  bytes: uint8Array().map((value) => ({ wire: value, json: Buffer.from(value).toString('base64') })),
  quantity: oneof(constant('100m'), constant('2Gi'), constant('0')).map((value) => ({
    wire: { value },
    json: value,
  })),
  raw: jsonValue()
    .filter((value) => !JSON.stringify(value).includes('__proto__'))
    .map((value) => ({
      wire: { value: Buffer.from(JSON.stringify(value)) },
      json: JSON.parse(JSON.stringify(value)) as unknown,
    })),
  'date-time': seconds.map((at) => ({ wire: { seconds: at, nanos: 0 }, json: `${rfc3339(at)}Z` })),
  'micro-time': record({ at: seconds, micros: integer({ min: 0, max: 999_999 }) }).map(({ at, micros }) => ({
    wire: { seconds: at, nanos: micros * 1000 },
    json: `${rfc3339(at)}.${String(micros).padStart(6, '0')}Z`,
  })),
  duration: integer({ min: 0, max: 3600 }).map((value) => ({
    wire: { value: value * 1e9 },
    json: goDuration(value),
  })),
  'int-or-string': oneof(
    integer().map((value) => ({ wire: { type: 0, intVal: value, strVal: '' }, json: value })),
    string().map((value) => ({ wire: { type: 1, intVal: 0, strVal: value }, json: value })),
  ),
};

function goDuration(total: number): string {
  const [hours, minutes, rest] = [Math.floor(total / 3600), Math.floor((total % 3600) / 60), total % 60];
  if (hours > 0) return `${hours}h${minutes}m${rest}s`;
  return minutes > 0 ? `${minutes}m${rest}s` : `${rest}s`;
}

function valueOf(fact: FieldFact, depth: number): Arbitrary<Both> {
  if (fact.protoWrap !== undefined)
    return array(string(), { maxLength: 2 }).map((items) => ({ wire: { items }, json: items }));
  if (fact.ref !== undefined) return messageOf(fact.ref, depth + 1);
  const scalar = scalars[fact.type === 'fieldsV1' ? 'raw' : (fact.type ?? '')];
  if (scalar === undefined) throw new Error(`no values for ${JSON.stringify(fact)}`);
  return scalar;
}

/** A message of a type with some of its fields; deep down, with none. */
function messageOf(type: string, depth: number): Arbitrary<Both> {
  const fact = typeFactsByName[type];
  if (fact === undefined) throw new Error(`no type ${type}`);
  const fields = Object.entries(fact.fields).filter(([, { proto }]) => proto !== undefined);
  if (fact.jsonOneOf !== undefined) {
    const [name, field] = fields.find(([member]) => member === 'Schema') ?? fields[0] ?? ['', {}];
    return valueOf(field, depth).map(({ wire, json }) => ({ wire: { [fieldName(name)]: wire }, json }));
  }
  if (depth > 3) return constant({ wire: {}, json: {} });
  const members = fields.map(([name, field]) => memberOf(name, field, depth));
  // A few fields at a time: some types have a hundred.
  return array(integer({ min: 0, max: Math.max(0, members.length - 1) }), { maxLength: 4 }).chain(
    (chosen) => {
      const picked = [...new Set(chosen)]
        .map((index) => members[index]?.())
        .filter((each) => each !== undefined);
      return recordOf(picked);
    },
  );
}

type Member = Arbitrary<{ readonly wire: object; readonly json: object }>;

function recordOf(members: readonly Member[]): Arbitrary<Both> {
  return members.reduce<Arbitrary<Both>>(
    (all, member) =>
      record({ all, member }).map(({ all: before, member: next }) => ({
        wire: { ...(before.wire as object), ...next.wire },
        json: { ...(before.json as object), ...next.json },
      })),
    constant({ wire: {}, json: {} }),
  );
}

function memberOf(name: string, field: FieldFact, depth: number): () => Member {
  const key = fieldName(name);
  const named = ({ wire, json }: Both) => ({ wire: { [key]: wire }, json: { [name]: json } });
  if (field.inline !== undefined) {
    const { inline } = field;
    return () =>
      messageOf(inline, depth).map(({ wire, json }) => ({ wire: { [key]: wire }, json: json as object }));
  }
  const value = valueFact(field);
  return () => {
    const one = valueOf(value, depth);
    if (field.map !== undefined)
      return one.map(({ wire, json }) => ({ wire: { [key]: { k: wire } }, json: { [name]: { k: json } } }));
    if (field.list === true && value.protoWrap === undefined)
      return array(one, { minLength: 1, maxLength: 2 }).map((items) =>
        named({ wire: items.map(({ wire }) => wire), json: items.map(({ json }) => json) }),
      );
    return one.map(named);
  };
}

function envelope(apiVersion: string, kind: string, raw: Uint8Array): Buffer {
  const unknown = new protobuf.Writer();
  unknown.uint32(0x0a).fork().uint32(0x0a).string(apiVersion).uint32(0x12).string(kind).ldelim();
  unknown.uint32(0x12).bytes(raw).uint32(0x1a).string('').uint32(0x22).string('');
  return Buffer.concat([Buffer.from('k8s\0'), unknown.finish()]);
}

const kinds = Object.entries(typeFactsByName)
  .filter(([, { gvk, proto }]) => gvk !== undefined && proto !== false)
  .map(([type, { gvk = [] }]) => {
    const { group, version, kind } = gvk[0] ?? { group: '', version: '', kind: '' };
    return { type, kind, apiVersion: group === '' ? version : `${group}/${version}` };
  })
  .filter(({ type }) => type !== 'meta/v1.WatchEvent');

describe('decodeProtobuf', () => {
  test.for(kinds)('reads $apiVersion $kind as another codec writes it', ({ type, kind, apiVersion }) => {
    const message = oracle.lookupType(messageName(type));
    assert(
      property(messageOf(type, 0), ({ wire, json }) => {
        const bytes = message.encode(message.fromObject(wire as object)).finish();
        expect(decodeProtobuf(envelope(apiVersion, kind, bytes))).toEqual({
          ...(json as object),
          apiVersion,
          kind,
        });
      }),
      { numRuns: 30 },
    );
  });

  test('refuses anything else with a BadRequest, and never fails otherwise', () => {
    const refusal = (bytes: Buffer) => {
      try {
        decodeProtobuf(bytes);
      } catch (error) {
        if (error instanceof StatusError && error.reason === 'BadRequest') return error.message;
        throw error;
      }
      return '';
    };
    assert(
      property(uint8Array({ maxLength: 300 }), (bytes) => {
        refusal(Buffer.from(bytes));
        refusal(envelope('v1', 'Pod', bytes));
        refusal(envelope('apiextensions.k8s.io/v1', 'CustomResourceDefinition', bytes));
      }),
      { numRuns: 2000 },
    );
    expect(refusal(Buffer.from('{}'))).toBe(
      'Cannot read the protobuf body: it does not begin with the bytes 6b 38 73 00',
    );
    expect(refusal(envelope('v1', 'Nothing', Buffer.alloc(0)))).toBe(
      'Cannot read the protobuf body: no kind "Nothing" is known in version "v1"',
    );
    // spec (2) of 2 bytes: containers (2) that claims 9 bytes.
    expect(refusal(envelope('v1', 'Pod', Buffer.from([0x12, 2, 0x12, 9])))).toBe(
      'Cannot read spec.containers[0]: Cannot read the message: it is cut off',
    );
  });

  test('goes no deeper than any real object does', () => {
    // JSONSchemaProps (spec.versions[].schema.openAPIV3Schema) nests in "not" (28).
    let schema = Buffer.alloc(0);
    for (let depth = 0; depth < 5000; depth++) schema = Buffer.concat([nested(28, schema.length), schema]);
    const wrap = (field: number, inner: Buffer) => Buffer.concat([nested(field, inner.length), inner]);
    const body = wrap(2, wrap(7, wrap(4, wrap(1, schema))));
    expect(() =>
      decodeProtobuf(envelope('apiextensions.k8s.io/v1', 'CustomResourceDefinition', body)),
    ).toThrow('it is nested too deeply');
  });
});

function nested(field: number, length: number): Buffer {
  return Buffer.from(
    protobuf.Writer.create()
      .uint32(field * 8 + 2)
      .uint32(length)
      .finish(),
  );
}
