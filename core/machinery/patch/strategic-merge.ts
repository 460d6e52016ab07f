import { isObject, ownMember, type JsonObject } from '../json.ts';
import type { FieldPatch, Schema } from '../schema.ts';
import { PatchError } from './patch-error.ts';
import { interleave, itemsByKey, keyOf } from './strategic-lists.ts';

export const patchDirective = '$patch';
export const retainKeysDirective = '$retainKeys';
export const setElementOrderPrefix = '$setElementOrder/';
export const deleteFromPrimitiveListPrefix = '$deleteFromPrimitiveList/';

const anySchema: Schema = { kind: 'any' };
const noPatch: FieldPatch = { merge: false, retainKeys: false };

/** A member's schema and how it is patched. What the schema does not know is merged as a JSON merge patch would. */
export function memberSchema(
  schema: Schema,
  key: string,
): { readonly schema: Schema; readonly patch: FieldPatch } {
  if (schema.kind === 'object') return schema.fields.get(key) ?? { schema: anySchema, patch: noPatch };
  if (schema.kind === 'map') return { schema: schema.values, patch: noPatch };
  return { schema: anySchema, patch: noPatch };
}

export function itemSchema(schema: Schema): Schema {
  return schema.kind === 'list' ? schema.items : anySchema;
}

/**
 * Applies a strategic merge patch (apimachinery/pkg/util/strategicpatch): lists merge by the schema's keys, and
 * the directives `$patch`, `$retainKeys`, `$setElementOrder/x` and `$deleteFromPrimitiveList/x` are obeyed.
 * Pure: the result shares what the patch leaves alone. Directives never end up in the result.
 * @throws PatchError
 */
export function applyStrategicMerge(original: JsonObject, patch: JsonObject, schema: Schema): JsonObject {
  return mergeObject(original, patch, schema);
}

function mergeObject(original: JsonObject, patch: JsonObject, schema: Schema): JsonObject {
  switch (ownMember(patch, patchDirective)) {
    case undefined:
    case 'merge':
      break;
    case 'replace':
      return mergeMembers({}, patch, schema);
    case 'delete':
      return {};
    default:
      throw new PatchError(
        'invalid',
        `Cannot apply patch: unknown patch type ${JSON.stringify(patch[patchDirective])}`,
      );
  }
  return mergeMembers(retainKeys(original, patch), patch, schema);
}

function mergeMembers(original: JsonObject, patch: JsonObject, schema: Schema): JsonObject {
  let result: Record<string, unknown> | undefined;
  for (const key of patchedKeys(patch)) {
    const before = ownMember(original, key);
    const after = mergeMember(before, patch, key, schema);
    if (after === before && (before !== undefined || !Object.hasOwn(original, key))) continue;
    result ??= { ...original };
    if (after === undefined) delete result[key];
    else result[key] = after;
  }
  return result ?? original;
}

/** The members a patch is about; a list may be named by its directives only. */
function patchedKeys(patch: JsonObject): Iterable<string> {
  const keys = new Set<string>();
  for (const key in patch) {
    if (!key.startsWith('$')) keys.add(key);
    else if (key.startsWith(setElementOrderPrefix)) keys.add(key.slice(setElementOrderPrefix.length));
    else if (key.startsWith(deleteFromPrimitiveListPrefix))
      keys.add(key.slice(deleteFromPrimitiveListPrefix.length));
    else if (key !== patchDirective && key !== retainKeysDirective) keys.add(key);
  }
  keys.delete('__proto__');
  return keys;
}

/** The member after the patch; undefined when it is gone. */
function mergeMember(before: unknown, patch: JsonObject, key: string, parent: Schema): unknown {
  const { schema, patch: strategy } = memberSchema(parent, key);
  const change = ownMember(patch, key);
  if (change === null) return undefined;
  const order = listDirective(patch, setElementOrderPrefix + key);
  const deleted = listDirective(patch, deleteFromPrimitiveListPrefix + key);
  if (strategy.merge && (Array.isArray(change) || order !== undefined || deleted !== undefined)) {
    return mergeLists({
      key,
      before,
      change,
      order,
      deleted,
      items: itemSchema(schema),
      mergeKey: strategy.mergeKey,
    });
  }
  if (change === undefined) return before;
  if (isObject(change))
    return mergeObject(isObject(before) && strategy.replace !== true ? before : {}, change, schema);
  if (Array.isArray(change)) return change.map((item) => withoutDirectives(item, itemSchema(schema)));
  return change;
}

function withoutDirectives(item: unknown, schema: Schema): unknown {
  return isObject(item) ? mergeObject({}, item, schema) : item;
}

interface ListMerge {
  readonly key: string;
  readonly before: unknown;
  readonly change: unknown;
  readonly order: readonly unknown[] | undefined;
  readonly deleted: readonly unknown[] | undefined;
  readonly items: Schema;
  readonly mergeKey: string | undefined;
}

function mergeLists(merge: ListMerge): unknown {
  const { key, before, change = [], order, mergeKey } = merge;
  if (!Array.isArray(change))
    throw new PatchError('invalid', `Cannot apply patch: ${JSON.stringify(key)} is not a list`);
  const original: readonly unknown[] = Array.isArray(before) ? before : [];
  if (merge.change === undefined && !Array.isArray(before)) return before;
  return mergeKey === undefined
    ? mergePrimitives(original, change, order, merge.deleted ?? [])
    : mergeObjects(original, change, order, mergeKey, merge.items);
}

function mergePrimitives(
  original: readonly unknown[],
  patch: readonly unknown[],
  order: readonly unknown[] | undefined,
  deleted: readonly unknown[],
): readonly unknown[] {
  const gone = new Set(deleted);
  const merged = new Set([...original.filter((item) => !gone.has(item)), ...patch]);
  return interleave([...merged], order ?? patch, original, (item) => item);
}

function mergeObjects(
  original: readonly unknown[],
  patch: readonly unknown[],
  order: readonly unknown[] | undefined,
  mergeKey: string,
  schema: Schema,
): readonly unknown[] {
  const { changes, deleted, replace } = readListPatch(patch, mergeKey);
  if (order !== undefined && order.length > 0) checkOrder(changes, order, mergeKey);
  const kept = replace
    ? []
    : original.filter((item) => !isObject(item) || !deleted.has(ownMember(item, mergeKey)));
  const merged = [...kept];
  const positions = itemsByKey(kept, mergeKey);
  for (const change of changes) {
    const value = keyOf(change, mergeKey);
    const position = positions.get(value);
    if (position === undefined) {
      positions.set(value, merged.length);
      merged.push(mergeObject({}, change, schema));
    } else {
      merged[position] = mergeObject(merged[position] as JsonObject, change, schema);
    }
  }
  if (replace) return merged;
  const result = interleave(merged, order ?? changes, original, (item) => keyOf(item, mergeKey));
  const unchanged =
    result.length === original.length && result.every((item, index) => item === original[index]);
  return unchanged ? original : result;
}

interface ListPatch {
  /** Items to merge or to add, in order. */
  readonly changes: readonly JsonObject[];
  /** Keys of the items to remove. */
  readonly deleted: ReadonlySet<unknown>;
  /** The changes are the whole list. */
  readonly replace: boolean;
}

function readListPatch(patch: readonly unknown[], mergeKey: string): ListPatch {
  const changes: JsonObject[] = [];
  const deleted = new Set<unknown>();
  let replace = false;
  for (const item of patch) {
    if (!isObject(item))
      throw new PatchError(
        'invalid',
        `Cannot apply patch: an item of a list merged by ${JSON.stringify(mergeKey)} is not an object`,
      );
    switch (ownMember(item, patchDirective)) {
      case undefined:
      case 'merge':
        keyOf(item, mergeKey);
        changes.push(item);
        break;
      case 'delete':
        deleted.add(keyOf(item, mergeKey));
        break;
      case 'replace':
        replace = true;
        // Upstream's directive stands alone; an item that carries it is taken as part of the new list.
        if (Object.hasOwn(item, mergeKey)) changes.push(item);
        break;
      default:
        throw new PatchError(
          'invalid',
          `Cannot apply patch: unknown patch type ${JSON.stringify(item[patchDirective])}`,
        );
    }
  }
  return { changes, deleted, replace };
}

/** Every changed item must stand in the order list, and in the same order. */
function checkOrder(changes: readonly JsonObject[], order: readonly unknown[], mergeKey: string): void {
  let at = 0;
  for (const change of changes) {
    const value = keyOf(change, mergeKey);
    while (at < order.length && keyOf(order[at], mergeKey) !== value) at++;
    if (at++ < order.length) continue;
    throw new PatchError(
      'invalid',
      `Cannot apply patch: the order of the patch list does not match its $setElementOrder list at ${JSON.stringify(value)}`,
    );
  }
}

function retainKeys(original: JsonObject, patch: JsonObject): JsonObject {
  const listed = listDirective(patch, retainKeysDirective);
  if (listed === undefined) return original;
  const keys = new Set(listed);
  for (const key in patch) {
    if (key.startsWith('$') || patch[key] === null || keys.has(key)) continue;
    throw new PatchError(
      'invalid',
      `Cannot apply patch: ${JSON.stringify(key)} is patched but not in its $retainKeys list`,
    );
  }
  const dropped = Object.keys(original).filter((key) => !keys.has(key));
  if (dropped.length === 0) return original;
  return Object.fromEntries(Object.entries(original).filter(([key]) => keys.has(key)));
}

function listDirective(patch: JsonObject, directive: string): readonly unknown[] | undefined {
  const list = ownMember(patch, directive);
  if (list === undefined || list === null) return undefined;
  if (Array.isArray(list)) return list;
  throw new PatchError('invalid', `Cannot apply patch: ${JSON.stringify(directive)} is not a list`);
}
