import type { JSONSchemaProps } from '../generated/apiextensions-v1.ts';
import { isObject } from '../../machinery/json.ts';

/**
 * How the schema of a custom resource is looked at: an OpenAPI v3 schema that is structural, which means that every
 * value has one type, said in `properties`, `items` and `additionalProperties` alone, so that objects can be pruned
 * and completed by it (KEP-1692). Schemas are walked as they are stored: nothing is kept of those nobody uses.
 */
export type { JSONSchemaProps };

/** What the items of a list must be; undefined where nothing is said. */
export function itemsOf({ items }: JSONSchemaProps): JSONSchemaProps | undefined {
  return isObject(items) ? items : undefined;
}

/** What the values of a map must be; undefined where nothing is said, or `true`. */
export function valuesOf({ additionalProperties }: JSONSchemaProps): JSONSchemaProps | undefined {
  return isObject(additionalProperties) ? additionalProperties : undefined;
}

/** Whether any key may stand in the object, as in a map. */
export function isMap({ additionalProperties }: JSONSchemaProps): boolean {
  return isObject(additionalProperties) || additionalProperties === true;
}

export function propertyOf({ properties }: JSONSchemaProps, name: string): JSONSchemaProps | undefined {
  return properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined;
}

export function preservesUnknown(schema: JSONSchemaProps): boolean {
  return schema['x-kubernetes-preserve-unknown-fields'] === true;
}

export function isEmbedded(schema: JSONSchemaProps): boolean {
  return schema['x-kubernetes-embedded-resource'] === true;
}

export function isIntOrString(schema: JSONSchemaProps): boolean {
  return schema['x-kubernetes-int-or-string'] === true;
}

/** The members that every resource has, whether its schema says so or not. */
export function isTypeOrMetadata(name: string): boolean {
  return name === 'apiVersion' || name === 'kind' || name === 'metadata';
}

/** What is said of a member by `properties`, or else by `additionalProperties`. */
export function memberSchemaOf(schema: JSONSchemaProps, name: string): JSONSchemaProps | undefined {
  return propertyOf(schema, name) ?? valuesOf(schema);
}
