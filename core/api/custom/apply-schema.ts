import type { Field, ObjectSchema, Schema } from '../../machinery/schema.ts';
import { objectSchemaOf } from '../schema/schemas.ts';
import type { JSONSchemaProps } from './schema.ts';
import { isEmbedded, isIntOrString, itemsOf, preservesUnknown, valuesOf } from './schema.ts';

/**
 * What server-side apply and patches need to know of a custom resource: which lists are maps or sets, and which
 * objects are one value (structured-merge-diff's schema of a CRD). It is worked out as far as it is looked at.
 */
export function applySchemaOf(schema: JSONSchemaProps): ObjectSchema {
  const metadata = objectSchemaOf('meta/v1.ObjectMeta');
  return objectSchema(schema, [
    ['apiVersion', text],
    ['kind', text],
    ['metadata', metadata],
  ]);
}

const text: Schema = { kind: 'scalar', type: 'string' };
const any: Schema = { kind: 'any' };

function objectSchema(
  schema: JSONSchemaProps,
  ownMembers: readonly (readonly [string, Schema])[] = [],
): ObjectSchema {
  let fields: ReadonlyMap<string, Field> | undefined;
  return {
    kind: 'object',
    atomic: schema['x-kubernetes-map-type'] === 'atomic',
    preserveUnknown: preservesUnknown(schema),
    get fields() {
      fields ??= new Map([
        ...Object.entries(schema.properties ?? {}).map(([name, property]): [string, Field] => [
          name,
          fieldOf(name, property, schema.required?.includes(name) === true),
        ]),
        ...ownMembers.map(([name, own]): [string, Field] => [name, plainField(name, own)]),
      ]);
      return fields;
    },
  };
}

function plainField(name: string, schema: Schema): Field {
  return { name, schema, required: false, pointer: true, keepEmpty: false, patch };
}

function fieldOf(name: string, property: JSONSchemaProps, required: boolean): Field {
  let schema: Schema | undefined;
  return {
    name,
    required,
    pointer: true,
    keepEmpty: true,
    ...(property.default === undefined ? {} : { default: property.default }),
    patch,
    get schema() {
      return (schema ??= schemaOf(property));
    },
  };
}

const patch = { merge: false, retainKeys: false };

function schemaOf(schema: JSONSchemaProps): Schema {
  if (isIntOrString(schema)) return any;
  switch (schema.type) {
    case 'object':
      return ofObject(schema);
    case 'array': {
      const items = itemsOf(schema);
      const type = schema['x-kubernetes-list-type'];
      return {
        kind: 'list',
        items: items === undefined ? any : schemaOf(items),
        listType: type === 'set' || type === 'map' ? type : 'atomic',
        mapKeys: schema['x-kubernetes-list-map-keys'] ?? [],
      };
    }
    case 'string':
      return text;
    default:
      return any;
  }
}

function ofObject(schema: JSONSchemaProps): Schema {
  const values = valuesOf(schema);
  if (values !== undefined && schema.properties === undefined)
    return { kind: 'map', values: schemaOf(values), atomic: schema['x-kubernetes-map-type'] === 'atomic' };
  if (!isEmbedded(schema)) return objectSchema(schema);
  return objectSchema(schema, [
    ['apiVersion', text],
    ['kind', text],
    ['metadata', objectSchemaOf('meta/v1.ObjectMeta')],
  ]);
}
