import type { CachedItem, Labels } from './item.ts';

/** What a label selector asks for. */
export interface LabelTest {
  matches(labels: Labels): boolean;
  /** One label that all it takes have, with one of these values: the way into an index. */
  readonly demand: { readonly key: string; readonly values: readonly string[] } | undefined;
}

/** Beyond this many different sets of labels, asking each of them is no faster than asking each item. */
const mostGroups = 4_096;
/** Of all items: more are found as fast, and in order, by going through all. */
const worthwhilePart = 1 / 8;

/**
 * The items by their labels. Many items share few sets of labels, as the Pods of one ReplicaSet do, so a selector is
 * tried on the sets and never sees the items of those that it refuses.
 */
export class LabelGroups<T> {
  /** Undefined once there were too many. */
  #groups: Map<Labels, Set<CachedItem<T>>> | undefined = new Map();

  add(item: CachedItem<T>): void {
    const groups = this.#groups;
    if (groups === undefined) return;
    const group = groups.get(item.labels);
    if (group !== undefined) group.add(item);
    else if (groups.size < mostGroups) groups.set(item.labels, new Set([item]));
    else this.#groups = undefined;
  }

  delete(item: CachedItem<T>): void {
    const group = this.#groups?.get(item.labels);
    if (group === undefined) return;
    group.delete(item);
    if (group.size === 0) this.#groups?.delete(item.labels);
  }

  /** Those whose labels pass, in no order; undefined where going through all `size` items is better. */
  find(test: LabelTest, size: number): CachedItem<T>[] | undefined {
    const groups = this.#groups;
    if (groups === undefined || groups.size > size * worthwhilePart) return undefined;
    const found: CachedItem<T>[] = [];
    for (const [labels, items] of groups) {
      if (!test.matches(labels)) continue;
      if (found.length + items.size > size * worthwhilePart) return undefined;
      found.push(...items);
    }
    return found;
  }
}
