import type {
  AnySchema,
  Field,
  FieldPatch,
  ListSchema,
  MapSchema,
  ObjectSchema,
  ScalarSchema,
  ScalarType,
  Schema,
} from './schema.ts';

/** Builders for schemas that are written by hand: tests, and types that no generator declares. */

export type FieldOptions = Partial<Omit<Field, 'name' | 'schema' | 'patch'>> & {
  readonly patch?: Partial<FieldPatch>;
};

export function scalar(type: ScalarType, values?: readonly string[]): ScalarSchema {
  return values === undefined ? { kind: 'scalar', type } : { kind: 'scalar', type, values };
}

export const any: AnySchema = { kind: 'any' };

export function map(values: Schema, { atomic = false } = {}): MapSchema {
  return { kind: 'map', values, atomic };
}

/** An atomic list, a set, or with keys a list that is a map. */
export function list(items: Schema, mapKeys: readonly string[] | 'set' = []): ListSchema {
  if (mapKeys === 'set') return { kind: 'list', items, listType: 'set', mapKeys: [] };
  return { kind: 'list', items, listType: mapKeys.length > 0 ? 'map' : 'atomic', mapKeys };
}

/** A field: a schema, or a function for one that is not yet defined, which is how schemas become cyclic. */
export function field(schema: Schema | (() => Schema), options: FieldOptions = {}): Omit<Field, 'name'> {
  const { required = false, pointer = false, keepEmpty = false, patch } = options;
  return {
    get schema() {
      return typeof schema === 'function' ? schema() : schema;
    },
    required,
    pointer,
    keepEmpty,
    ...(options.default === undefined ? {} : { default: options.default }),
    patch: { merge: false, retainKeys: false, ...patch },
  };
}

export function object(
  fields: Readonly<Record<string, Omit<Field, 'name'> | Schema>>,
  {
    name,
    atomic = false,
    preserveUnknown = false,
  }: { name?: string; atomic?: boolean; preserveUnknown?: boolean } = {},
): ObjectSchema {
  const entries = Object.entries(fields).map(([key, given]): [string, Field] => {
    const described = 'kind' in given ? field(given) : given;
    // Keeps the getter of a field whose schema is not defined yet.
    return [
      key,
      Object.defineProperties({ name: key } as Field, Object.getOwnPropertyDescriptors(described)),
    ];
  });
  return {
    kind: 'object',
    ...(name === undefined ? {} : { name }),
    fields: new Map(entries),
    atomic,
    preserveUnknown,
  };
}
