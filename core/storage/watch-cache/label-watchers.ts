import type { StateChange } from './event.ts';
import type { Labels } from './item.ts';
import type { CacheWatcher } from './watcher.ts';

/** Sets of labels remembered; forgetting them only costs the time to ask again. */
const mostRemembered = 4_096;

/** Watchers with label selectors. Which of them a set of labels concerns is found out once for each set. */
export class LabelWatchers<T> {
  readonly #watchers = new Set<CacheWatcher<T>>();
  readonly #concerned = new Map<Labels, readonly CacheWatcher<T>[]>();

  get size(): number {
    return this.#watchers.size;
  }

  add(watcher: CacheWatcher<T>): void {
    this.#watchers.add(watcher);
    this.#concerned.clear();
  }

  /** Returns whether it was there. */
  remove(watcher: CacheWatcher<T>): boolean {
    this.#concerned.clear();
    return this.#watchers.delete(watcher);
  }

  all(): readonly CacheWatcher<T>[] {
    return [...this.#watchers];
  }

  /** Those whose selector takes the object as it was or as it is. */
  concernedBy({ before, after }: StateChange<T>): Iterable<CacheWatcher<T>> {
    if (before === undefined || after === undefined || before.labels === after.labels)
      return this.#of((after ?? before)?.labels);
    return new Set([...this.#of(before.labels), ...this.#of(after.labels)]);
  }

  #of(labels: Labels | undefined): readonly CacheWatcher<T>[] {
    if (labels === undefined) return [];
    const known = this.#concerned.get(labels);
    if (known !== undefined) return known;
    const watchers = [...this.#watchers].filter(({ scope }) => scope.labels?.(labels));
    if (this.#concerned.size >= mostRemembered) this.#concerned.clear();
    this.#concerned.set(labels, watchers);
    return watchers;
  }
}
