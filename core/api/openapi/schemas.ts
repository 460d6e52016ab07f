import type { Field, ListSchema, ObjectSchema, ScalarSchema, Schema } from '../../machinery/schema.ts';
import { groupFacts, typeFactsByName } from '../schema/facts.ts';
import { schemaOf } from '../schema/schemas.ts';
import { descriptionOfField, descriptionOfType } from './descriptions.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** OpenAPI 2 and 3 say the same in slightly other words. */
export type OpenApiVersion = 2 | 3;

/** Scalars that are a type of their own in the public API, so that readers see their names. */
const namedScalars: Readonly<Record<string, string>> = {
  quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  'int-or-string': 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  'date-time': 'io.k8s.apimachinery.pkg.apis.meta.v1.Time',
  'micro-time': 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime',
};

/**
 * The schemas that a document's paths lead to. Each type is written once, under the name the public API has for
 * it, such as "io.k8s.api.core.v1.PodSpec".
 */
export class SchemaCollection {
  readonly version: OpenApiVersion;
  readonly #schemas = new Map<string, JsonSchema>();

  constructor(version: OpenApiVersion) {
    this.version = version;
  }

  /** A reference to a type of the API such as "core/v1.Pod"; it and all it refers to join the collection. */
  reference(type: string): JsonSchema {
    const name = nameOfType(type);
    if (!this.#schemas.has(name)) {
      // Before its members: a type may contain itself.
      this.#schemas.set(name, {});
      this.#schemas.set(name, this.#typeSchema(type));
    }
    return this.#ref(name);
  }

  /** A reference to a schema that is no type of the public API, such as a custom resource's. */
  add(name: string, make: (collection: this) => JsonSchema): JsonSchema {
    if (!this.#schemas.has(name)) {
      this.#schemas.set(name, {});
      this.#schemas.set(name, make(this));
    }
    return this.#ref(name);
  }

  /** By name, sorted, so that equal schemes give equal documents. */
  all(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries([...this.#schemas].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** An anonymous object, list or scalar. */
  inline(schema: Schema): JsonSchema {
    switch (schema.kind) {
      case 'object':
        return schema.name === undefined ? this.#objectSchema(schema) : this.reference(schema.name);
      case 'list':
        return this.#listSchema(schema);
      case 'map':
        return {
          type: 'object',
          additionalProperties: this.inline(schema.values),
          ...(schema.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
        };
      case 'scalar':
        return this.#scalarSchema(schema);
      case 'any':
        // Without a type, readers take any.
        if (schema.anyType === true) return { 'x-kubernetes-preserve-unknown-fields': true };
        return { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    }
  }

  #ref(name: string): JsonSchema {
    return { $ref: this.version === 3 ? `#/components/schemas/${name}` : `#/definitions/${name}` };
  }

  #typeSchema(type: string): JsonSchema {
    const { gvk = [] } = typeFactsByName[type] ?? {};
    const schema = schemaOf(type);
    return {
      ...described(descriptionOfType(type)),
      ...(schema.kind === 'object' ? this.#objectSchema(schema, type) : this.inline(schema)),
      ...(gvk.length === 0 ? {} : { 'x-kubernetes-group-version-kind': gvk }),
    };
  }

  #objectSchema(schema: ObjectSchema, type?: string): JsonSchema {
    const fields = [...schema.fields.values()];
    const required = fields.filter((field) => field.required).map(({ name }) => name);
    return {
      type: 'object',
      properties: Object.fromEntries(fields.map((field) => [field.name, this.#fieldSchema(field, type)])),
      ...(required.length === 0 ? {} : { required }),
      ...(schema.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
      ...(schema.preserveUnknown ? { 'x-kubernetes-preserve-unknown-fields': true } : {}),
    };
  }

  #fieldSchema({ name, schema, default: value, patch }: Field, type: string | undefined): JsonSchema {
    const strategies = (['replace', 'merge', 'retainKeys'] as const).filter((strategy) => patch[strategy]);
    const about = {
      ...described(type === undefined ? undefined : descriptionOfField(type, name)),
      ...(value === undefined ? {} : { default: value }),
      ...(strategies.length === 0 ? {} : { 'x-kubernetes-patch-strategy': strategies.join(',') }),
      ...(patch.mergeKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': patch.mergeKey }),
      ...mapTypeUnlikeItsOwn(schema),
    };
    const inner = this.inline(schema);
    // OpenAPI 3 gives no meaning to what stands beside a reference.
    const referring = '$ref' in inner && Object.keys(about).length > 0 && this.version === 3;
    return { ...about, ...(referring ? { allOf: [inner] } : inner) };
  }

  #listSchema({ items, listType, mapKeys }: ListSchema): JsonSchema {
    return {
      type: 'array',
      items: this.inline(items),
      'x-kubernetes-list-type': listType,
      ...(mapKeys.length === 0 ? {} : { 'x-kubernetes-list-map-keys': mapKeys }),
    };
  }

  #scalarSchema({ type, values }: ScalarSchema): JsonSchema {
    const name = namedScalars[type];
    if (name !== undefined) return this.add(name, () => this.#namedScalar(type));
    return { ...plainScalar(type), ...(values === undefined ? {} : { enum: values }) };
  }

  #namedScalar(type: string): JsonSchema {
    if (type === 'date-time' || type === 'micro-time') return { type: 'string', format: 'date-time' };
    const number = type === 'quantity' ? 'number' : 'integer';
    const format = type === 'quantity' ? {} : { format: 'int-or-string' };
    if (this.version === 2) return { type: 'string', ...format };
    return { oneOf: [{ type: 'string' }, { type: number }], ...format };
  }
}

/** What a field says of the object it holds, where the type of that object says otherwise. */
function mapTypeUnlikeItsOwn(schema: Schema): JsonSchema {
  if (schema.kind !== 'object' || schema.name === undefined) return {};
  const own = schemaOf(schema.name);
  if (own.kind !== 'object' || own.atomic === schema.atomic) return {};
  return { 'x-kubernetes-map-type': schema.atomic ? 'atomic' : 'granular' };
}

/** The name of a type among OpenAPI's schemas. */
export function nameOfType(type: string): string {
  const dot = type.indexOf('.', type.indexOf('/'));
  const group = groupFacts[type.slice(0, dot)];
  if (group === undefined) throw new Error(`Cannot name "${type}" for OpenAPI: its package is not known`);
  return `${group.openapi}.${type.slice(dot + 1)}`;
}

function plainScalar(type: string): JsonSchema {
  switch (type) {
    case 'bool':
      return { type: 'boolean' };
    case 'int32':
    case 'int64':
      return { type: 'integer', format: type };
    case 'double':
      return { type: 'number', format: 'double' };
    case 'bytes':
      return { type: 'string', format: 'byte' };
    default:
      return { type: 'string' };
  }
}

function described(description: string | undefined): JsonSchema {
  return description === undefined ? {} : { description };
}
