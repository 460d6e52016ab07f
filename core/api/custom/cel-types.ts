import {
  bool,
  bytes,
  double,
  duration,
  dyn,
  int,
  listOf,
  mapOf,
  objectOf,
  string,
  timestamp,
} from '../../cel/index.ts';
import type { Type } from '../../cel/index.ts';
import type { JSONSchemaProps } from './schema.ts';
import { isEmbedded, isIntOrString, itemsOf, valuesOf } from './schema.ts';

/**
 * How rules see values of a schema; undefined for what they cannot look into, because no type is said
 * (apiserver/pkg/cel/common/schemas.go: SchemaDeclType). Resources show their type and name, whatever is said of
 * their metadata.
 */
export function celTypeOf(schema: JSONSchemaProps, isResource: boolean): Type | undefined {
  // Its values may be of either type, which only shows when they are there.
  if (isIntOrString(schema)) return dyn;
  switch (schema.type) {
    case 'array': {
      const element = elementTypeOf(itemsOf(schema));
      return element === undefined ? undefined : listOf(element, identityOf(schema));
    }
    case 'object':
      return typeOfObject(schema, isResource);
    case 'string':
      return typeOfText(schema.format ?? '');
    case 'boolean':
      return bool;
    case 'number':
      return double;
    case 'integer':
      return int;
    default:
      return undefined;
  }
}

function elementTypeOf(schema: JSONSchemaProps | undefined): Type | undefined {
  return schema === undefined ? undefined : celTypeOf(schema, isEmbedded(schema));
}

function identityOf(schema: JSONSchemaProps): 'set' | readonly string[] | undefined {
  switch (schema['x-kubernetes-list-type']) {
    case 'set':
      return 'set';
    case 'map':
      return schema['x-kubernetes-list-map-keys'];
    default:
      return undefined;
  }
}

const resourceFields = {
  apiVersion: string,
  kind: string,
  metadata: objectOf('object', { name: string, generateName: string }),
};

function typeOfObject(schema: JSONSchemaProps, isResource: boolean): Type | undefined {
  const values = valuesOf(schema);
  if (values !== undefined) {
    const value = elementTypeOf(values);
    return value === undefined ? undefined : mapOf(string, value);
  }
  const fields: Record<string, Type> = {};
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const type = elementTypeOf(property);
    if (type !== undefined) fields[name] = type;
  }
  return objectOf('object', isResource ? { ...fields, ...resourceFields } : fields);
}

function typeOfText(format: string): Type {
  switch (format) {
    case 'byte':
      return bytes;
    case 'duration':
      return duration;
    case 'date':
    case 'date-time':
      return timestamp;
    default:
      return string;
  }
}
