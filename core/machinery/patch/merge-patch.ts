import { deepEqual, isObject, type JsonObject } from '../json.ts';

/**
 * Applies a JSON Merge Patch (RFC 7386). Pure: the result shares what the patch leaves alone, and is the target
 * itself when nothing changes.
 */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const base = isObject(target) ? target : {};
  let result: Record<string, unknown> | undefined = isObject(target) ? undefined : {};
  for (const key in patch) {
    const change = patch[key];
    const before = Object.hasOwn(base, key) ? base[key] : undefined;
    if (change === null) {
      if (before === undefined) continue;
      result ??= { ...base };
      delete result[key];
      continue;
    }
    const after = applyMergePatch(before, change);
    if (after === before) continue;
    result ??= { ...base };
    result[key] = after;
  }
  return result ?? base;
}

/** The merge patch that turns `original` into `modified`. Empty when they are equal. */
export function createMergePatch(original: JsonObject, modified: JsonObject): JsonObject {
  return createThreeWayMergePatch(original, modified, original);
}

/**
 * The merge patch of an apply for a kind without a schema: what `modified` sets differently from `current`, and
 * the removal of what `original` (as last applied) had and `modified` no longer has. What others added to
 * `current` stays (upstream: jsonmergepatch.CreateThreeWayJSONMergePatch).
 */
export function createThreeWayMergePatch(
  original: JsonObject,
  modified: JsonObject,
  current: JsonObject,
): JsonObject {
  return mergeOver(deletions(original, modified), changes(current, modified));
}

/** Members that `modified` has and `from` has not or has differently. Lists are one value. */
function changes(from: JsonObject, modified: JsonObject): JsonObject {
  const patch: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(modified)) {
    const before = Object.hasOwn(from, key) ? from[key] : undefined;
    if (isObject(value) && isObject(before)) {
      const inner = changes(before, value);
      if (Object.keys(inner).length > 0) patch[key] = inner;
    } else if (value !== null && !deepEqual(before, value)) {
      patch[key] = value;
    }
  }
  return patch;
}

/** Nulls for members that `original` has and `modified` has not. */
function deletions(original: JsonObject, modified: JsonObject): JsonObject {
  const patch: Record<string, unknown> = {};
  for (const [key, before] of Object.entries(original)) {
    const value = Object.hasOwn(modified, key) ? modified[key] : undefined;
    if (value === undefined || value === null) {
      if (before !== null) patch[key] = null;
    } else if (isObject(before) && isObject(value)) {
      const inner = deletions(before, value);
      if (Object.keys(inner).length > 0) patch[key] = inner;
    }
  }
  return patch;
}

/** One patch that does what both do; where they touch the same value the second counts. */
function mergeOver(first: JsonObject, second: JsonObject): JsonObject {
  const merged: Record<string, unknown> = { ...first };
  for (const [key, value] of Object.entries(second)) {
    const other = merged[key];
    merged[key] = isObject(value) && isObject(other) ? mergeOver(other, value) : value;
  }
  return merged;
}
