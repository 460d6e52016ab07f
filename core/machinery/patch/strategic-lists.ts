import { isObject } from '../json.ts';
import { PatchError } from './patch-error.ts';

/** The value that identifies an item of a list merged by `mergeKey`. @throws PatchError */
export function keyOf(item: unknown, mergeKey: string): unknown {
  if (isObject(item) && Object.hasOwn(item, mergeKey)) return item[mergeKey];
  const shown = JSON.stringify(item) ?? '';
  const short = shown.length > 200 ? `${shown.slice(0, 200)}…` : shown;
  throw new PatchError(
    'invalid',
    `Cannot apply patch: ${short} does not contain declared merge key: ${mergeKey}`,
  );
}

/** The first position of every key. */
export function itemsByKey(items: readonly unknown[], mergeKey: string): Map<unknown, number> {
  return firstPositions(items, (item) => (isObject(item) ? item[mergeKey] : undefined));
}

/**
 * Orders a merged list as upstream does: items named in `wanted` stand in that order; the others keep the order
 * they had in `before` and go in between, each in front of the first wanted item that stood behind it.
 */
export function interleave(
  merged: readonly unknown[],
  wanted: readonly unknown[],
  before: readonly unknown[],
  key: (item: unknown) => unknown,
): unknown[] {
  const wantedPositions = firstPositions(wanted, key);
  const beforePositions = firstPositions(before, key);
  const position = (item: unknown, positions: ReadonlyMap<unknown, number>) => positions.get(key(item));
  const byPosition = (positions: ReadonlyMap<unknown, number>) => (a: unknown, b: unknown) =>
    (position(a, positions) ?? Infinity) - (position(b, positions) ?? Infinity) || 0;
  const named = merged
    .filter((item) => position(item, wantedPositions) !== undefined)
    .sort(byPosition(wantedPositions));
  const others = merged
    .filter((item) => position(item, wantedPositions) === undefined)
    .sort(byPosition(beforePositions));
  const result: unknown[] = [];
  let next = 0;
  for (const item of named) {
    const stood = position(item, beforePositions) ?? -1;
    for (; next < others.length; next++) {
      if ((position(others[next], beforePositions) ?? Infinity) >= stood) break;
      result.push(others[next]);
    }
    result.push(item);
  }
  result.push(...others.slice(next));
  return result;
}

function firstPositions(items: readonly unknown[], key: (item: unknown) => unknown): Map<unknown, number> {
  const positions = new Map<unknown, number>();
  items.forEach((item, index) => {
    const value = key(item);
    if (!positions.has(value)) positions.set(value, index);
  });
  return positions;
}
