import type { JSONSchemaProps } from './schema.ts';
import { isEmbedded, isIntOrString, itemsOf, preservesUnknown, valuesOf } from './schema.ts';

type Members = Readonly<Record<string, unknown>>;

/**
 * A custom resource's schema as it is published. OpenAPI 2 cannot say all of it: what its readers would take too
 * narrowly is left out there (apiextensions-apiserver/pkg/apiserver/schema/... ToStructuralOpenAPIV2).
 */
export function publishedSchema(schema: JSONSchemaProps, version: 2 | 3): Members {
  return version === 3 ? forVersion3(schema) : forVersion2(schema);
}

function forVersion3(schema: JSONSchemaProps): Members {
  const { properties } = schema;
  const items = itemsOf(schema);
  const values = valuesOf(schema);
  return {
    ...schema,
    ...(properties === undefined ? {} : { properties: mapped(properties, forVersion3) }),
    ...(items === undefined ? {} : { items: forVersion3(items) }),
    ...(values === undefined ? {} : { additionalProperties: forVersion3(values) }),
    ...(isEmbedded(schema) ? { properties: withOwnMembers(mapped(properties ?? {}, forVersion3)) } : {}),
    ...(isIntOrString(schema) && schema.anyOf === undefined
      ? { anyOf: [{ type: 'integer' }, { type: 'string' }] }
      : {}),
  };
}

const keptInVersion2 = [
  'description',
  'type',
  'format',
  'title',
  'maximum',
  'exclusiveMaximum',
  'minimum',
  'exclusiveMinimum',
  'maxLength',
  'minLength',
  'pattern',
  'maxItems',
  'minItems',
  'multipleOf',
  'enum',
  'maxProperties',
  'minProperties',
  'required',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-embedded-resource',
  'x-kubernetes-int-or-string',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-list-type',
  'x-kubernetes-map-type',
] as const;

function forVersion2(schema: JSONSchemaProps): Members {
  const { description } = schema;
  const described = description === undefined ? {} : { description };
  // Its readers know no null.
  if (schema.nullable === true) return { ...described, 'x-kubernetes-preserve-unknown-fields': true };
  if (isIntOrString(schema)) return { ...described, 'x-kubernetes-int-or-string': true };
  const kept = Object.fromEntries(
    keptInVersion2.flatMap((name) => (schema[name] === undefined ? [] : [[name, schema[name]]])),
  );
  if (preservesUnknown(schema)) {
    const { required: _required, ...open } = kept;
    return open;
  }
  const { properties } = schema;
  const items = itemsOf(schema);
  const values = valuesOf(schema);
  return {
    ...kept,
    ...(properties === undefined ? {} : { properties: mapped(properties, forVersion2) }),
    ...(items === undefined ? {} : { items: forVersion2(items) }),
    ...(values === undefined ? {} : { additionalProperties: forVersion2(values) }),
  };
}

function withOwnMembers(properties: Members): Members {
  return {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: { type: 'object' },
    ...properties,
  };
}

function mapped(
  properties: Readonly<Record<string, JSONSchemaProps>>,
  change: (schema: JSONSchemaProps) => Members,
): Members {
  return Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, change(property)]));
}
