import { Quantity } from '../../machinery/quantity.ts';
import { scalarProblem } from '../../machinery/scalar-formats.ts';
import type {
  AnySchema,
  Field,
  ListSchema,
  MapSchema,
  ObjectSchema,
  ScalarSchema,
  Schema,
} from '../../machinery/schema.ts';

export interface Normalized {
  /** A copy in the form the server keeps. Without what was unknown; meaningless where `wrong`. */
  readonly value: Record<string, unknown>;
  /** There were members that the schema does not know. `validate` of machinery says which. */
  readonly unknown: boolean;
  /** There were values of the wrong type. `validate` of machinery says which. */
  readonly wrong: boolean;
}

/**
 * Reads a JSON value as its schema says, the way Go's decoder and encoder together would: unknown members are
 * dropped, null is absent, zero scalars and empty collections that Go would omit are omitted, structs and scalars
 * that Go would always write are there, defaults that the schema declares are set, quantities and times are in
 * canonical form. So one meaning has one form, and the generated types tell the truth. Keeps no paths: errors are rare and explained by a second walk.
 */
export function normalize(schema: ObjectSchema, value: Readonly<Record<string, unknown>>): Normalized {
  const walk: Walk = { unknown: false, wrong: false };
  return { value: normalizeObject(schema, value, walk), ...walk };
}

/** A member as it is when nobody has set anything: an object's status before it has one. */
export function emptyMember(schema: ObjectSchema, name: string): unknown {
  const field = schema.fields.get(name);
  return field === undefined ? undefined : emptyOf(field.schema);
}

interface Walk {
  unknown: boolean;
  wrong: boolean;
}

type Members = Readonly<Record<string, unknown>>;

function normalizeObject(schema: ObjectSchema, source: Members, walk: Walk): Record<string, unknown> {
  const { fields, always } = planOf(schema);
  const result: Record<string, unknown> = {};
  for (const key in source) {
    const value = source[key];
    if (value === undefined) continue;
    const field = fields.get(key);
    if (field === undefined) {
      if (schema.preserveUnknown) result[key] = value;
      else walk.unknown = true;
      continue;
    }
    if (value === null) continue;
    const normalized = normalizeField(field, value, walk);
    if (normalized !== undefined) result[key] = normalized;
  }
  for (const { name, make } of always) {
    if (result[name] === undefined) result[name] = make();
  }
  return result;
}

function normalizeField(field: Planned, value: unknown, walk: Walk): unknown {
  const { schema, keepsZero } = field;
  switch (schema.kind) {
    case 'scalar': {
      const scalar = normalizeScalar(schema, value, walk);
      return keepsZero || (scalar !== '' && scalar !== 0 && scalar !== false) ? scalar : undefined;
    }
    case 'object':
      return isMembers(value) ? normalizeObject(schema, value, walk) : refuse(walk);
    case 'list':
      if (!Array.isArray(value)) return refuse(walk);
      return value.length === 0 && !keepsZero ? undefined : normalizeList(schema, value, walk);
    case 'map':
      if (!isMembers(value)) return refuse(walk);
      return normalizeMap(schema, value, walk) ?? (keepsZero ? {} : undefined);
    case 'any':
      return normalizeAny(schema, value, walk);
  }
}

function normalizeAny({ whenObject }: AnySchema, value: unknown, walk: Walk): unknown {
  return whenObject !== undefined && isMembers(value) ? normalizeObject(whenObject, value, walk) : value;
}

/** For items of lists and maps, where nothing is omitted. */
function normalizeValue(schema: Schema, value: unknown, walk: Walk): unknown {
  switch (schema.kind) {
    case 'scalar':
      return value === null ? zeroOf(schema) : normalizeScalar(schema, value, walk);
    case 'object':
      return isMembers(value) ? normalizeObject(schema, value, walk) : refuse(walk);
    case 'list':
      return Array.isArray(value) ? normalizeList(schema, value, walk) : refuse(walk);
    case 'map':
      return isMembers(value) ? (normalizeMap(schema, value, walk) ?? {}) : refuse(walk);
    case 'any':
      return normalizeAny(schema, value, walk);
  }
}

function normalizeList(schema: ListSchema, value: readonly unknown[], walk: Walk): unknown[] {
  return value.map((item) => normalizeValue(schema.items, item, walk));
}

function normalizeMap(schema: MapSchema, value: Members, walk: Walk): Record<string, unknown> | undefined {
  let result: Record<string, unknown> | undefined;
  for (const key in value) {
    const member = value[key];
    if (member === undefined) continue;
    result ??= {};
    result[key] = normalizeValue(schema.values, member, walk);
  }
  return result;
}

function normalizeScalar(schema: ScalarSchema, value: unknown, walk: Walk): unknown {
  const { type } = schema;
  // The two common types first; the formats are checked where messages about them are made.
  if (type === 'string') return typeof value === 'string' ? value : refuse(walk);
  if (type === 'quantity' && (typeof value === 'string' || typeof value === 'number')) {
    const known = quantities.get(value);
    if (known !== undefined) return known;
  }
  if (scalarProblem(type, value) !== undefined) return refuse(walk);
  switch (type) {
    case 'quantity':
      return canonicalQuantity(value as string | number);
    case 'date-time':
      return wholeSecondsUtc.test(value as string) ? value : canonicalTime(value as string, false);
    case 'micro-time':
      return canonicalTime(value as string, true);
    default:
      return value;
  }
}

function refuse(walk: Walk): undefined {
  walk.wrong = true;
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const wholeSecondsUtc = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

function canonicalTime(text: string, micro: boolean): string {
  const seconds = new Date(Date.parse(text.toUpperCase())).toISOString().slice(0, 19);
  if (!micro) return `${seconds}Z`;
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? '';
  return `${seconds}.${fraction.slice(0, 6).padEnd(6, '0')}Z`;
}

/** The canonical forms met so far: a cluster uses few, and the exact arithmetic is not free. */
const quantities = new Map<string | number, string>();
const maxQuantities = 10_000;

function canonicalQuantity(value: string | number): string {
  const canonical = Quantity.parse(value).toString();
  if (quantities.size < maxQuantities) quantities.set(value, canonical);
  return canonical;
}

interface Planned {
  readonly schema: Schema;
  /** Zero and empty are written, not omitted. */
  readonly keepsZero: boolean;
}

/** What a schema asks of its objects, worked out once. */
interface Plan {
  readonly fields: ReadonlyMap<string, Planned>;
  /** Members that are written even when nobody set them. */
  readonly always: readonly { readonly name: string; readonly make: () => unknown }[];
}

const plans = new WeakMap<ObjectSchema, Plan>();

function planOf(schema: ObjectSchema): Plan {
  const known = plans.get(schema);
  if (known !== undefined) return known;
  const fields = [...schema.fields.values()];
  const plan: Plan = {
    fields: new Map(
      fields.map((field) => [
        field.name,
        { schema: field.schema, keepsZero: field.pointer || field.keepEmpty },
      ]),
    ),
    always: fields
      .filter((field) => isDefaulted(field) || isAlwaysWritten(field))
      .map((field) => ({
        name: field.name,
        make: () => (isDefaulted(field) ? field.default : emptyOf(field.schema)),
      })),
  };
  plans.set(schema, plan);
  return plan;
}

/** A declared default that would not be omitted for being zero. */
function isDefaulted(field: Field): boolean {
  const { default: value, pointer, keepEmpty } = field;
  if (value === undefined || typeof value === 'object') return false;
  return pointer || keepEmpty || (value !== '' && value !== 0 && value !== false);
}

/** Go cannot omit a struct that is not behind a pointer, nor what is not marked "omitempty". */
function isAlwaysWritten({ schema, pointer, keepEmpty }: Field): boolean {
  if (pointer || schema.kind === 'any') return false;
  if (schema.kind === 'object') return true;
  // Go writes null for a zero time. Leaving it out says the same.
  return (
    keepEmpty && !(schema.kind === 'scalar' && (schema.type === 'date-time' || schema.type === 'micro-time'))
  );
}

function emptyOf(schema: Schema): unknown {
  switch (schema.kind) {
    case 'object':
      return normalizeObject(schema, {}, { unknown: false, wrong: false });
    case 'list':
      return [];
    case 'map':
      return {};
    case 'scalar':
      return zeroOf(schema);
    case 'any':
      return undefined;
  }
}

function zeroOf({ type }: ScalarSchema): unknown {
  switch (type) {
    case 'bool':
      return false;
    case 'int32':
    case 'int64':
    case 'double':
    case 'int-or-string':
      return 0;
    case 'duration':
      return '0s';
    case 'quantity':
      return '0';
    default:
      return '';
  }
}
