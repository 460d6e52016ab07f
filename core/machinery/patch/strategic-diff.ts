import { deepEqual, isObject, ownMember, type JsonObject } from '../json.ts';
import type { Schema } from '../schema.ts';
import { interleave, keyOf } from './strategic-lists.ts';
import {
  deleteFromPrimitiveListPrefix,
  itemSchema,
  memberSchema,
  patchDirective,
  retainKeysDirective,
  setElementOrderPrefix,
} from './strategic-merge.ts';

/** Which half of a difference a patch shall carry. */
interface DiffOptions {
  readonly changes: boolean;
  readonly deletions: boolean;
}

/**
 * The strategic merge patch that turns `original` into `modified`. Empty when they are equal.
 * @throws PatchError when an item of a merged list lacks its merge key
 */
export function createTwoWayPatch(original: JsonObject, modified: JsonObject, schema: Schema): JsonObject {
  return diffObjects(original, modified, schema, { changes: true, deletions: true }, false);
}

/**
 * The patch of a client-side apply, made as kubectl makes it: what `modified` sets differently from `current`,
 * and the removal of what `original` (as last applied) had and `modified` no longer has. What others added to
 * `current` stays. Empty when there is nothing to do.
 * @throws PatchError when an item of a merged list lacks its merge key
 */
export function createThreeWayPatch(
  original: JsonObject,
  modified: JsonObject,
  current: JsonObject,
  schema: Schema,
): JsonObject {
  const changes = diffObjects(current, modified, schema, { changes: true, deletions: false }, false);
  const deletions = diffObjects(original, modified, schema, { changes: false, deletions: true }, false);
  return combine(deletions, changes, schema);
}

function diffObjects(
  original: JsonObject,
  modified: JsonObject,
  schema: Schema,
  options: DiffOptions,
  retainKeys: boolean,
): JsonObject {
  const patch: Record<string, unknown> = {};
  for (const [key, after] of Object.entries(modified)) {
    if (after === undefined) continue;
    const before = ownMember(original, key);
    diffMember(patch, key, before, after, schema, options);
  }
  if (options.deletions) {
    for (const key of Object.keys(original)) {
      if (original[key] !== undefined && ownMember(modified, key) === undefined) patch[key] = null;
    }
  }
  if (retainKeys) addRetainKeys(patch, original, modified);
  return patch;
}

function diffMember(
  patch: Record<string, unknown>,
  key: string,
  before: unknown,
  after: unknown,
  parent: Schema,
  options: DiffOptions,
): void {
  const { schema, patch: strategy } = memberSchema(parent, key);
  if (isObject(before) && isObject(after) && strategy.replace !== true) {
    const inner = diffObjects(before, after, schema, options, strategy.retainKeys);
    if (Object.keys(inner).length > 0) patch[key] = inner;
    return;
  }
  if (strategy.merge && Array.isArray(before) && Array.isArray(after) && before.length > 0) {
    if (strategy.mergeKey === undefined) diffPrimitives(patch, key, before, after, options);
    else
      diffItems(
        patch,
        key,
        before,
        after,
        itemSchema(schema),
        strategy.mergeKey,
        options,
        strategy.retainKeys,
      );
    return;
  }
  if (options.changes && !deepEqual(before, after)) patch[key] = after;
}

function addRetainKeys(patch: Record<string, unknown>, original: JsonObject, modified: JsonObject): void {
  const kept = Object.keys(modified).filter((key) => ownMember(modified, key) !== null);
  const surplus = Object.keys(original).some(
    (key) => original[key] !== null && original[key] !== undefined && !Object.hasOwn(modified, key),
  );
  if (kept.length > 0 && (Object.keys(patch).length > 0 || surplus)) patch[retainKeysDirective] = kept.sort();
}

function diffPrimitives(
  patch: Record<string, unknown>,
  key: string,
  before: readonly unknown[],
  after: readonly unknown[],
  options: DiffOptions,
): void {
  const had = new Set(before);
  const has = new Set(after);
  const added = after.filter((item) => !had.has(item));
  const removed = [...had].filter((item) => !has.has(item)).sort(byText);
  if (options.changes && added.length > 0) patch[key] = added;
  if (options.deletions && removed.length > 0) patch[deleteFromPrimitiveListPrefix + key] = removed;
  const changed = patch[key] !== undefined || patch[deleteFromPrimitiveListPrefix + key] !== undefined;
  if (changed || (options.changes && !sameOrder(before, after))) patch[setElementOrderPrefix + key] = after;
}

function diffItems(
  patch: Record<string, unknown>,
  key: string,
  before: readonly unknown[],
  after: readonly unknown[],
  schema: Schema,
  mergeKey: string,
  options: DiffOptions,
  retainKeys: boolean,
): void {
  const counterparts = new Counterparts(before, mergeKey);
  const changed: JsonObject[] = [];
  for (const item of after as readonly JsonObject[]) {
    const value = keyOf(item, mergeKey);
    const counterpart = counterparts.take(value);
    if (counterpart === undefined) {
      if (options.changes) changed.push(item);
      continue;
    }
    const inner = diffObjects(counterpart, item, schema, options, retainKeys);
    if (Object.keys(inner).length > 0) changed.push({ ...inner, [mergeKey]: value });
  }
  if (options.deletions) {
    const removed = counterparts.rest().sort(byText);
    changed.push(...removed.map((value) => ({ [patchDirective]: 'delete', [mergeKey]: value })));
  }
  if (changed.length > 0) patch[key] = changed;
  const keys = after.map((item) => keyOf(item, mergeKey));
  const keysBefore = before.map((item) => keyOf(item, mergeKey));
  if (changed.length > 0 || (options.changes && !sameOrder(keysBefore, keys))) {
    patch[setElementOrderPrefix + key] = keys.map((value) => ({ [mergeKey]: value }));
  }
}

/** The items of a list by key. Keys should be unique but are not always (a port with TCP and UDP): the nth meets the nth. */
class Counterparts {
  readonly #items = new Map<unknown, JsonObject[]>();
  readonly #taken = new Set<unknown>();

  constructor(items: readonly unknown[], mergeKey: string) {
    for (const item of items as readonly JsonObject[]) {
      const value = keyOf(item, mergeKey);
      const same = this.#items.get(value);
      if (same === undefined) this.#items.set(value, [item]);
      else same.push(item);
    }
  }

  take(key: unknown): JsonObject | undefined {
    this.#taken.add(key);
    return this.#items.get(key)?.shift();
  }

  /** The keys of which no item was taken. A deletion by key removes all its items, so the others stay. */
  rest(): unknown[] {
    return [...this.#items.keys()].filter((key) => !this.#taken.has(key));
  }

  remaining(): JsonObject[] {
    return [...this.#items.values()].flat();
  }
}

/**
 * Whether the items that are in both stand in the same order. Upstream also takes additions by others for a
 * change of order and then sends a patch that changes nothing.
 */
function sameOrder(before: readonly unknown[], after: readonly unknown[]): boolean {
  const named = new Set(after);
  const common = before.filter((item) => named.has(item));
  return common.every((item, index) => item === after[index]);
}

/** One patch that does what both do. Both were made against the same `modified`, so they agree where they meet. */
function combine(deletions: JsonObject, changes: JsonObject, schema: Schema): JsonObject {
  const combined: Record<string, unknown> = { ...deletions };
  for (const [key, change] of Object.entries(changes)) {
    const other = ownMember(deletions, key);
    const { schema: inner, patch: strategy } = memberSchema(schema, key);
    if (isObject(other) && isObject(change)) {
      combined[key] = combine(other, change, inner);
    } else if (
      strategy.merge &&
      strategy.mergeKey !== undefined &&
      Array.isArray(other) &&
      Array.isArray(change)
    ) {
      const order = (changes[setElementOrderPrefix + key] ??
        deletions[setElementOrderPrefix + key] ??
        change) as unknown[];
      combined[key] = combineItems(other, change, order, itemSchema(inner), strategy.mergeKey);
    } else {
      combined[key] = change;
    }
  }
  return combined;
}

function combineItems(
  deletions: readonly JsonObject[],
  changes: readonly JsonObject[],
  order: readonly unknown[],
  schema: Schema,
  mergeKey: string,
): readonly unknown[] {
  const removed = deletions.filter((item) => Object.hasOwn(item, patchDirective));
  const others = new Counterparts(
    deletions.filter((item) => !Object.hasOwn(item, patchDirective)),
    mergeKey,
  );
  const combined = changes.map((change) => {
    const other = others.take(keyOf(change, mergeKey));
    return other === undefined ? change : combine(other, change, schema);
  });
  const all = [...combined, ...others.remaining()];
  return [...interleave(all, order, [], (item) => keyOf(item, mergeKey)), ...removed];
}

function byText(a: unknown, b: unknown): number {
  const [left, right] = [String(a), String(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}
