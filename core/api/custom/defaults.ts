import { isObject } from '../../machinery/json.ts';
import type { JsonObject } from '../../machinery/json.ts';
import { mapItems } from './prune.ts';
import type { JSONSchemaProps } from './schema.ts';
import { itemsOf, propertyOf, valuesOf } from './schema.ts';

/**
 * Sets the defaults of absent fields, in objects that are there, and in place of nulls that may not be; other such
 * nulls are left out (apiextensions-apiserver/pkg/apiserver/schema/defaulting). The input is not changed; unchanged
 * parts are shared, an unchanged value is returned itself.
 */
export function applySchemaDefaults(schema: JSONSchemaProps, value: unknown): unknown {
  if (!completes(schema)) return value;
  if (Array.isArray(value)) return completeItems(schema, value);
  return isObject(value) ? completeMembers(schema, value) : value;
}

function completeMembers(schema: JSONSchemaProps, object: JsonObject): JsonObject {
  let result: Record<string, unknown> | undefined;
  const set = (name: string, value: unknown) => {
    if (value === undefined) delete (result ??= { ...object })[name];
    else (result ??= { ...object })[name] = value;
  };
  for (const name of defaultedNames(schema)) {
    if (!Object.hasOwn(object, name)) {
      const property = propertyOf(schema, name) as JSONSchemaProps;
      set(name, applySchemaDefaults(property, property.default));
    }
  }
  for (const name in object) {
    const member = object[name];
    const memberSchema = propertyOf(schema, name) ?? valuesOf(schema);
    if (memberSchema === undefined) continue;
    const completed = completeMember(memberSchema, member);
    if (completed !== member) set(name, completed);
  }
  return result ?? object;
}

function completeItems(schema: JSONSchemaProps, list: readonly unknown[]): readonly unknown[] {
  const items = itemsOf(schema);
  if (items === undefined) return list;
  // An item has its place: a null that may not be and has no default stays for validation to refuse.
  return mapItems(list, (item) =>
    item === null ? (items.default ?? null) : applySchemaDefaults(items, item),
  );
}

function completeMember(schema: JSONSchemaProps, member: unknown): unknown {
  if (member !== null) return applySchemaDefaults(schema, member);
  if (schema.nullable === true) return null;
  return schema.default === undefined ? undefined : applySchemaDefaults(schema, schema.default);
}

const defaulted = new WeakMap<JSONSchemaProps, readonly string[]>();

/** Properties with a default, found once: most have none, and objects are many. */
function defaultedNames(schema: JSONSchemaProps): readonly string[] {
  const known = defaulted.get(schema);
  if (known !== undefined) return known;
  const names = Object.entries(schema.properties ?? {})
    .filter(([, property]) => property.default !== undefined)
    .map(([name]) => name);
  if (names.length > 0) defaulted.set(schema, names);
  return names.length > 0 ? names : none;
}

const none: readonly string[] = [];

/** Scalars have nothing to complete; whoever has members may hold a null. */
function completes(schema: JSONSchemaProps): boolean {
  return schema.properties !== undefined || itemsOf(schema) !== undefined || valuesOf(schema) !== undefined;
}
