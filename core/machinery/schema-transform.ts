import { isObject, type JsonObject } from './json.ts';
import type { ObjectSchema, Schema } from './schema.ts';

/**
 * Leaves out what the schema does not know, and null members, as upstream's types do when a value passes
 * through them; a null value in a map of strings becomes "". Values of the wrong type stay for validation to
 * report. The input is not changed; unchanged parts are shared, an unchanged value is returned itself.
 */
export function prune(schema: Schema, value: unknown): unknown {
  switch (schema.kind) {
    case 'object':
      return isObject(value) ? pruneObject(schema, value) : value;
    case 'map': {
      if (!isObject(value)) return value;
      const { values } = schema;
      const nulls = values.kind === 'scalar' && values.type === 'string' ? '' : null;
      return mapMembers(value, (member) => (member === null ? nulls : prune(values, member)));
    }
    case 'list':
      return Array.isArray(value) ? mapItems(value, (item) => prune(schema.items, item)) : value;
    case 'any':
      return schema.whenObject !== undefined && isObject(value)
        ? pruneObject(schema.whenObject, value)
        : value;
    default:
      return value;
  }
}

function pruneObject(schema: ObjectSchema, value: JsonObject): JsonObject {
  return mapMembers(value, (member, key) => {
    const field = schema.fields.get(key);
    if (field === undefined) return schema.preserveUnknown ? member : undefined;
    return member === null ? undefined : prune(field.schema, member);
  });
}

/**
 * Sets the declared default of every absent or null field in the objects that are there; absent objects
 * without a default are not created. The input is not changed; unchanged parts are shared.
 */
export function applyDefaults(schema: Schema, value: unknown): unknown {
  if (!hasDefaults(schema)) return value;
  switch (schema.kind) {
    case 'object':
      return isObject(value) ? defaultObject(schema, value) : value;
    case 'map':
      return isObject(value) ? mapMembers(value, (member) => applyDefaults(schema.values, member)) : value;
    case 'list':
      return Array.isArray(value) ? mapItems(value, (item) => applyDefaults(schema.items, item)) : value;
    default:
      return value;
  }
}

function defaultObject(schema: ObjectSchema, value: JsonObject): JsonObject {
  let result: Record<string, unknown> | undefined;
  for (const field of schema.fields.values()) {
    const own = Object.hasOwn(value, field.name) ? value[field.name] : undefined;
    const member = own ?? field.default ?? own;
    if (member === undefined || member === null) continue;
    const complete = applyDefaults(field.schema, member);
    if (complete === own) continue;
    result ??= { ...value };
    result[field.name] = complete;
  }
  return result ?? value;
}

const defaultsKnown = new WeakMap<Schema, boolean>();

/** Whether a default is declared anywhere in the schema; walked once per schema, cycles included. */
function hasDefaults(schema: Schema): boolean {
  const known = defaultsKnown.get(schema);
  if (known !== undefined) return known;
  const reached = new Set<Schema>([schema]);
  let found = false;
  for (const next of reached) {
    if (next.kind === 'list') reached.add(next.items);
    else if (next.kind === 'map') reached.add(next.values);
    else if (next.kind === 'object') {
      for (const field of next.fields.values()) {
        found ||= field.default !== undefined;
        reached.add(field.schema);
      }
    }
    if (found) break;
  }
  defaultsKnown.set(schema, found);
  return found;
}

/** The members as `change` returns them, those it returns undefined for left out; the same object if nothing changed. */
function mapMembers(value: JsonObject, change: (member: unknown, key: string) => unknown): JsonObject {
  let result: Record<string, unknown> | undefined;
  for (const key in value) {
    const member = value[key];
    const changed = change(member, key);
    if (changed === member) continue;
    result ??= { ...value };
    if (changed === undefined) delete result[key];
    else result[key] = changed;
  }
  return result ?? value;
}

function mapItems(value: readonly unknown[], change: (item: unknown) => unknown): readonly unknown[] {
  let result: unknown[] | undefined;
  for (let index = 0; index < value.length; index++) {
    const changed = change(value[index]);
    if (changed === value[index]) continue;
    result ??= [...value];
    result[index] = changed;
  }
  return result ?? value;
}
