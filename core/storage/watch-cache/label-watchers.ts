import { addTo, deleteFrom } from '../../machinery/set-map.ts';
import type { StateChange } from './event.ts';
import type { Labels } from './item.ts';
import type { CacheWatcher } from './watcher.ts';

type Watchers<T> = Set<CacheWatcher<T>>;

/**
 * Watchers with label selectors, found by the label that a selector demands: a thousand watchers of one app each cost
 * nothing when another app changes. Only those whose selectors demand no value are asked one by one.
 */
export class LabelWatchers<T> {
  /** By key, then by value. */
  readonly #byLabel = new Map<string, Map<string, Watchers<T>>>();
  readonly #others: Watchers<T> = new Set();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(watcher: CacheWatcher<T>): void {
    this.#size++;
    const demand = watcher.scope.labels?.demand;
    if (demand === undefined) {
      this.#others.add(watcher);
      return;
    }
    const byValue = this.#byLabel.get(demand.key) ?? new Map<string, Watchers<T>>();
    this.#byLabel.set(demand.key, byValue);
    for (const value of demand.values) addTo(byValue, value, watcher);
  }

  /** Returns whether it was there. */
  remove(watcher: CacheWatcher<T>): boolean {
    const demand = watcher.scope.labels?.demand;
    const removed = demand === undefined ? this.#others.delete(watcher) : this.#forget(watcher, demand);
    if (removed) this.#size--;
    return removed;
  }

  all(): ReadonlySet<CacheWatcher<T>> {
    const all = new Set(this.#others);
    for (const byValue of this.#byLabel.values())
      for (const watchers of byValue.values()) for (const watcher of watchers) all.add(watcher);
    return all;
  }

  /** Those whose selector may take the object as it was or as it is, each once. */
  concernedBy({ before, after }: StateChange<T>): ReadonlySet<CacheWatcher<T>> {
    const found = new Set(this.#others);
    if (before !== undefined) this.#find(before.labels, found);
    if (after !== undefined && after.labels !== before?.labels) this.#find(after.labels, found);
    return found;
  }

  #find(labels: Labels, found: Watchers<T>): void {
    for (const [key, byValue] of this.#byLabel) {
      const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
      if (typeof value !== 'string') continue;
      for (const watcher of byValue.get(value) ?? []) found.add(watcher);
    }
  }

  #forget(watcher: CacheWatcher<T>, { key, values }: { key: string; values: readonly string[] }): boolean {
    const byValue = this.#byLabel.get(key);
    if (byValue === undefined) return false;
    let removed = false;
    for (const value of values) if (deleteFrom(byValue, value, watcher)) removed = true;
    if (byValue.size === 0) this.#byLabel.delete(key);
    return removed;
  }
}
