import { objectSchemaOf } from '../../../core/api/schema/schemas.ts';
import { isObject, type JsonObject } from '../../../core/machinery/json.ts';
import type { Field, ListSchema, ObjectSchema, ScalarType, Schema } from '../../../core/machinery/schema.ts';
import { describeBuiltIn } from './built-in.ts';

/** Schemas read from OpenAPI v3, and what their authors wrote about them. */
export interface OpenApiSchemas {
  /** The schema of a kind, or a schema that stands in a CustomResourceDefinition. */
  kind(schema: JsonObject): ObjectSchema;
  describe(type: ObjectSchema, field?: string): string | undefined;
}

interface Texts {
  readonly own: string | undefined;
  readonly fields: ReadonlyMap<string, string>;
}

const anything: Schema = { kind: 'any' };

/**
 * Reads schemas as they are asked for; they may refer to themselves.
 * @param components what `#/components/schemas/` refers to
 */
export function openApiSchemas(components: JsonObject = {}): OpenApiSchemas {
  const reader = new Reader(components);
  return {
    kind: (schema) => reader.kind(schema),
    describe: (type, field) => reader.describe(type, field),
  };
}

class Reader {
  readonly #components: JsonObject;
  readonly #named = new Map<string, Schema>();
  readonly #texts = new WeakMap<ObjectSchema, Texts>();

  constructor(components: JsonObject) {
    this.#components = components;
  }

  kind(schema: JsonObject): ObjectSchema {
    const read = this.#object(schema, isObject(schema['properties']) ? schema['properties'] : {});
    // Every object has these, whatever its author says of them.
    const fields = new Map(read.fields);
    for (const name of ['apiVersion', 'kind'])
      fields.set(
        name,
        fieldOf(name, () => ({ kind: 'scalar', type: 'string' })),
      );
    fields.set(
      'metadata',
      fieldOf('metadata', () => objectSchemaOf('meta/v1.ObjectMeta')),
    );
    const complete: ObjectSchema = {
      ...read,
      fields,
      preserveUnknown: read.preserveUnknown || fields.size === 3,
    };
    const texts = this.#texts.get(read);
    if (texts !== undefined) this.#texts.set(complete, texts);
    return complete;
  }

  describe(type: ObjectSchema, field?: string): string | undefined {
    const texts = this.#texts.get(type);
    return (field === undefined ? texts?.own : texts?.fields.get(field)) ?? describeBuiltIn(type, field);
  }

  #schema(given: unknown): Schema {
    if (!isObject(given)) return anything;
    const target = referenceIn(given);
    if (target !== undefined) return this.#reference(target);
    if (given['x-kubernetes-int-or-string'] === true || given['format'] === 'int-or-string')
      return { kind: 'scalar', type: 'int-or-string' };
    const { properties, additionalProperties } = given;
    switch (given['type']) {
      case 'object':
        if (isObject(properties)) return this.#object(given, properties);
        return isObject(additionalProperties) ? this.#map(given, additionalProperties) : anything;
      case 'array':
        return this.#list(given);
      default:
        return scalarOf(given);
    }
  }

  #reference(name: string): Schema {
    const known = this.#named.get(name);
    if (known !== undefined) return known;
    const builtIn = wellKnown(name);
    if (builtIn !== undefined) return builtIn;
    const schema = this.#schema(this.#components[name]);
    this.#named.set(name, schema);
    return schema;
  }

  #object(given: JsonObject, properties: JsonObject): ObjectSchema {
    const required = new Set(Array.isArray(given['required']) ? (given['required'] as unknown[]) : []);
    const texts = new Map<string, string>();
    const fields = new Map<string, Field>();
    for (const [name, member] of Object.entries(properties)) {
      const { description, default: value } = isObject(member) ? member : {};
      if (typeof description === 'string' && description !== '') texts.set(name, description);
      let schema: Schema | undefined;
      const read = () => (schema ??= this.#schema(member));
      fields.set(name, fieldOf(name, read, { required: required.has(name), default: value }));
    }
    const object: ObjectSchema = {
      kind: 'object',
      fields,
      atomic: given['x-kubernetes-map-type'] === 'atomic',
      preserveUnknown: given['x-kubernetes-preserve-unknown-fields'] === true,
    };
    const { description } = given;
    this.#texts.set(object, {
      own: typeof description === 'string' ? description : undefined,
      fields: texts,
    });
    return object;
  }

  #map(given: JsonObject, values: JsonObject): Schema {
    return { kind: 'map', values: this.#schema(values), atomic: given['x-kubernetes-map-type'] === 'atomic' };
  }

  #list(given: JsonObject): ListSchema {
    const listType = given['x-kubernetes-list-type'];
    const keys = given['x-kubernetes-list-map-keys'];
    return {
      kind: 'list',
      items: this.#schema(given['items']),
      listType: listType === 'set' || listType === 'map' ? listType : 'atomic',
      mapKeys: Array.isArray(keys) ? keys.filter((key) => typeof key === 'string') : [],
    };
  }
}

const refPrefix = '#/components/schemas/';

/** OpenAPI 3 writes a reference alone, or alone in an `allOf` where something is said beside it. */
function referenceIn({ $ref, allOf }: JsonObject): string | undefined {
  if (typeof $ref === 'string') return $ref.startsWith(refPrefix) ? $ref.slice(refPrefix.length) : undefined;
  if (!Array.isArray(allOf) || allOf.length !== 1) return undefined;
  const [only] = allOf as unknown[];
  return isObject(only) ? referenceIn(only) : undefined;
}

/** Types of the public API that custom ones refer to, and scalars that are types of their own there. */
function wellKnown(name: string): Schema | undefined {
  switch (name.slice(name.lastIndexOf('.') + 1)) {
    case 'Quantity':
      return { kind: 'scalar', type: 'quantity' };
    case 'IntOrString':
      return { kind: 'scalar', type: 'int-or-string' };
    case 'Time':
      return { kind: 'scalar', type: 'date-time' };
    case 'MicroTime':
      return { kind: 'scalar', type: 'micro-time' };
    case 'ObjectMeta':
      return name.includes('meta.v1') ? objectSchemaOf('meta/v1.ObjectMeta') : undefined;
    default:
      return undefined;
  }
}

function scalarOf(given: JsonObject): Schema {
  const type = scalarType(given['type'], given['format']);
  if (type === undefined) return anything;
  const values = given['enum'];
  if (type !== 'string' || !Array.isArray(values)) return { kind: 'scalar', type };
  return { kind: 'scalar', type, values: values.filter((value) => typeof value === 'string') };
}

function scalarType(type: unknown, format: unknown): ScalarType | undefined {
  switch (type) {
    case 'string':
      if (format === 'byte') return 'bytes';
      return format === 'date-time' ? 'date-time' : 'string';
    case 'integer':
      return format === 'int32' ? 'int32' : 'int64';
    case 'number':
      return 'double';
    case 'boolean':
      return 'bool';
    default:
      return undefined;
  }
}

function fieldOf(
  name: string,
  read: () => Schema,
  { required = false, default: value }: { required?: boolean; default?: unknown } = {},
): Field {
  return {
    name,
    required,
    pointer: true,
    keepEmpty: false,
    ...(value === undefined ? {} : { default: value }),
    patch: { merge: false, retainKeys: false },
    get schema() {
      return read();
    },
  };
}
