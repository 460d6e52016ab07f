import { isObject } from '../../machinery/json.ts';
import type { JsonObject } from '../../machinery/json.ts';
import { prune } from '../../machinery/schema-transform.ts';
import { objectSchemaOf } from '../schema/schemas.ts';
import type { JSONSchemaProps } from './schema.ts';
import {
  isEmbedded,
  isMap,
  isTypeOrMetadata,
  itemsOf,
  preservesUnknown,
  propertyOf,
  valuesOf,
} from './schema.ts';

/**
 * Leaves out what the schema does not specify, and tells where it stood, such as "spec.items[0].extra"
 * (apiextensions-apiserver/pkg/apiserver/schema/pruning). Type and metadata of the resource itself, and of embedded
 * ones, stay. The input is not changed; unchanged parts are shared, an unchanged object is returned itself.
 */
export function pruneResource(
  schema: JSONSchemaProps,
  object: JsonObject,
  unknown: string[] = [],
): JsonObject {
  return new Pruning(unknown).members(schema, object, '', true);
}

/** As `pruneResource`, for a value within one, such as a default. */
export function pruneValue(schema: JSONSchemaProps, value: unknown, unknown: string[] = []): unknown {
  return new Pruning(unknown).value(schema, value, '');
}

/** Told of unknown fields at most; an object may have a million. */
const maxReported = 1_000;

class Pruning {
  readonly #unknown: string[];

  constructor(unknown: string[]) {
    this.#unknown = unknown;
  }

  value(schema: JSONSchemaProps | undefined, value: unknown, path: string): unknown {
    if (isObject(value)) return this.members(schema, value, path, schema !== undefined && isEmbedded(schema));
    if (!Array.isArray(value)) return value;
    // What no schema speaks of is kept as a whole where unknown fields are, item by item.
    const items = schema === undefined ? undefined : itemsOf(schema);
    if (items === undefined && schema !== undefined && preservesUnknown(schema)) return value;
    return mapItems(value, (item, index) => this.value(items, item, `${path}[${index}]`));
  }

  members(
    schema: JSONSchemaProps | undefined,
    object: JsonObject,
    path: string,
    isResource: boolean,
  ): JsonObject {
    const keeps = schema !== undefined && preservesUnknown(schema);
    let result: Record<string, unknown> | undefined;
    for (const name in object) {
      const member = object[name];
      const at = path === '' ? name : `${path}.${name}`;
      if (isResource && isTypeOrMetadata(name)) {
        // The metadata of the resource itself was read as every kind's is.
        const pruned = name === 'metadata' && path !== '' ? this.#metadata(member, at) : member;
        if (pruned !== member) (result ??= { ...object })[name] = pruned;
        continue;
      }
      const known = schema !== undefined && (propertyOf(schema, name) !== undefined || isMap(schema));
      if (known) {
        const memberSchema = propertyOf(schema, name) ?? valuesOf(schema);
        if (keeps && memberSchema === undefined) continue;
        const pruned = this.value(memberSchema, member, at);
        if (pruned !== member) (result ??= { ...object })[name] = pruned;
      } else if (!keeps) {
        this.#report(at);
        delete (result ??= { ...object })[name];
      }
    }
    return result ?? object;
  }

  #metadata(metadata: unknown, path: string): unknown {
    const schema = objectSchemaOf('meta/v1.ObjectMeta');
    if (!isObject(metadata)) return metadata;
    for (const name in metadata) if (!schema.fields.has(name)) this.#report(`${path}.${name}`);
    return prune(schema, metadata);
  }

  #report(path: string): void {
    if (this.#unknown.length < maxReported) this.#unknown.push(path);
  }
}

export function mapItems(
  list: readonly unknown[],
  change: (item: unknown, index: number) => unknown,
): readonly unknown[] {
  let result: unknown[] | undefined;
  for (let index = 0; index < list.length; index++) {
    const item = list[index];
    const changed = change(item, index);
    if (changed !== item) (result ??= [...list])[index] = changed;
  }
  return result ?? list;
}
