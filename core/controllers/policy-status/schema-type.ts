import {
  bool,
  bytes,
  double,
  dyn,
  escapeProperty,
  int,
  listOf,
  mapOf,
  string,
  timestamp,
} from '../../cel/index.ts';
import type { Field, ObjectType, Type } from '../../cel/index.ts';
import type { ObjectSchema, ScalarType, Schema } from '../../machinery/schema.ts';

const scalars: Readonly<Record<ScalarType, Type>> = {
  string,
  bool,
  int32: int,
  int64: int,
  double,
  bytes,
  'date-time': timestamp,
  'micro-time': timestamp,
  duration: string,
  // Written as text or as a number.
  quantity: dyn,
  'int-or-string': dyn,
};

const known = new WeakMap<ObjectSchema, ObjectType>();

/** The type of CEL of whatever a schema describes; objects are looked into as far as expressions do. */
export function schemaType(schema: Schema): Type {
  switch (schema.kind) {
    case 'scalar':
      return scalars[schema.type];
    case 'list':
      return listOf(schemaType(schema.items));
    case 'map':
      return mapOf(string, schemaType(schema.values));
    case 'object':
      return schema.preserveUnknown ? dyn : objectType(schema);
    default:
      return dyn;
  }
}

let anonymous = 0;

function objectType(schema: ObjectSchema): ObjectType {
  const before = known.get(schema);
  if (before !== undefined) return before;
  const names = new Map([...schema.fields.keys()].map((key) => [escapeProperty(key) ?? '', key]));
  const types = new Map<string, Field>();
  const type: ObjectType = {
    kind: 'object',
    name: schema.name ?? `object-${++anonymous}`,
    field(name) {
      const key = names.get(name);
      const field = key === undefined ? undefined : schema.fields.get(key);
      if (key === undefined || field === undefined) return undefined;
      // Made when somebody asks: types may contain themselves.
      const made = types.get(name) ?? { key, type: schemaType(field.schema) };
      types.set(name, made);
      return made;
    },
    nameOf: escapeProperty,
  };
  known.set(schema, type);
  return type;
}
