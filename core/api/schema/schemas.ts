import type {
  AnySchema,
  Field,
  ListSchema,
  ObjectSchema,
  ScalarType,
  Schema,
} from '../../machinery/schema.ts';
import { typeFactsByName } from './facts.ts';
import type { FieldFact, TypeFact } from './facts.ts';

const schemas = new Map<string, Schema>();

/**
 * The schema of a type of the public API, such as "core/v1.PodSpec". The same object every time: types refer to
 * each other, some to themselves, so fields are resolved when they are first looked at.
 */
export function schemaOf(typeName: string): Schema {
  const known = schemas.get(typeName);
  if (known !== undefined) return known;
  const fact = typeFactsByName[typeName];
  if (fact === undefined) throw new Error(`Cannot build a schema: the API has no type "${typeName}"`);
  const schema = fact.jsonOneOf === undefined ? objectSchema(typeName, fact) : alternatives(fact.jsonOneOf);
  schemas.set(typeName, schema);
  return schema;
}

/** A value that is an object of one type, or something else that its own rules look at. */
function alternatives(forms: readonly FieldFact[]): AnySchema {
  const object = forms.find(({ ref, list }) => ref !== undefined && list !== true)?.ref;
  if (object === undefined) return { kind: 'any', anyType: true };
  return {
    kind: 'any',
    anyType: true,
    get whenObject() {
      return objectSchemaOf(object);
    },
  };
}

/** `schemaOf` for types known to be objects, as every kind is. */
export function objectSchemaOf(typeName: string): ObjectSchema {
  const schema = schemaOf(typeName);
  if (schema.kind !== 'object')
    throw new Error(`Cannot use "${typeName}" as an object: it is "${schema.kind}"`);
  return schema;
}

function objectSchema(name: string, fact: TypeFact): ObjectSchema {
  let fields: ReadonlyMap<string, Field> | undefined;
  return {
    kind: 'object',
    name,
    atomic: fact.structType === 'atomic',
    preserveUnknown: false,
    get fields() {
      fields ??= new Map(flattenedFields(fact));
      return fields;
    },
  };
}

function flattenedFields(fact: TypeFact): [string, Field][] {
  return Object.entries(fact.fields)
    .filter(([, field]) => field.json !== false)
    .flatMap(([name, field]): [string, Field][] =>
      field.inline === undefined
        ? [[name, fieldOf(name, field)]]
        : flattenedFields(typeFactsByName[field.inline] ?? { fields: {} }),
    );
}

function fieldOf(name: string, fact: FieldFact): Field {
  const strategies = fact.patchStrategy?.split(',') ?? [];
  let schema: Schema | undefined;
  return {
    name,
    required: fact.required ?? false,
    pointer: fact.pointer ?? false,
    keepEmpty: fact.omitempty === false,
    ...(fact.default === undefined ? {} : { default: fact.default }),
    patch: {
      merge: strategies.includes('merge'),
      retainKeys: strategies.includes('retainKeys'),
      ...(strategies.includes('replace') ? { replace: true } : {}),
      ...(fact.patchMergeKey === undefined ? {} : { mergeKey: fact.patchMergeKey }),
    },
    get schema() {
      schema ??= valueSchema(fact);
      return schema;
    },
  };
}

function valueSchema(fact: FieldFact): Schema {
  if (fact.list === true) return listSchema(fact);
  if (fact.map !== undefined) {
    const values = typeof fact.map === 'string' ? { type: fact.map } : fact.map;
    return { kind: 'map', values: valueSchema(values), atomic: fact.mapType === 'atomic' };
  }
  if (fact.ref !== undefined) return referredSchema(fact.ref, fact);
  return scalarSchema(fact);
}

function listSchema(fact: FieldFact): ListSchema {
  const { list: _list, ...single } = fact;
  return {
    kind: 'list',
    items: valueSchema(fact.items ?? single),
    listType: fact.listType ?? 'atomic',
    mapKeys: fact.listMapKeys ?? [],
  };
}

/** A field may say that the object it holds is applied as one value, or member by member, unlike its type. */
function referredSchema(ref: string, fact: FieldFact): Schema {
  const schema = schemaOf(ref);
  if (schema.kind !== 'object' || fact.structType === undefined || fact.list === true) return schema;
  const atomic = fact.structType === 'atomic';
  if (atomic === schema.atomic) return schema;
  return {
    kind: 'object',
    ...(schema.name === undefined ? {} : { name: schema.name }),
    atomic,
    preserveUnknown: schema.preserveUnknown,
    get fields() {
      return schema.fields;
    },
  };
}

function scalarSchema(fact: FieldFact): Schema {
  if (fact.named === 'apiextensions/v1.JSON') return { kind: 'any', anyType: true };
  if (fact.type === 'raw' || fact.type === 'fieldsV1') return { kind: 'any' };
  const type = fact.type as ScalarType;
  return fact.enum === undefined ? { kind: 'scalar', type } : { kind: 'scalar', type, values: fact.enum };
}
