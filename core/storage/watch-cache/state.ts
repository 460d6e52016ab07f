import type { OrderedView } from '../ordered-map.ts';
import { OrderedMap } from '../ordered-map.ts';
import type { Revision } from '../storage.ts';
import { StateChange } from './event.ts';
import type { CachedItem, IndexValue } from './item.ts';
import type { LabelTest } from './label-groups.ts';
import { LabelGroups } from './label-groups.ts';
import { posting } from './item.ts';

/** So many are looked through at once, without a pause for others. */
const mostFew = 128;
const none: readonly never[] = [];

/** The current items, by key and by index. Writers go through the cache; readers take a snapshot. */
export class CacheState<T> {
  readonly #items = new OrderedMap<CachedItem<T>>();
  /** Every item once per index value, under the posting followed by its key. */
  readonly #postings = new OrderedMap<CachedItem<T>>();
  readonly #groups = new LabelGroups<T>();

  get size(): number {
    return this.#items.size;
  }

  get(key: string): CachedItem<T> | undefined {
    return this.#items.get(key);
  }

  put(item: CachedItem<T>): StateChange<T> {
    const before = this.#items.get(item.key);
    this.#items.set(item.key, item);
    if (before !== undefined) this.#groups.delete(before);
    this.#groups.add(item);
    if (before !== undefined) {
      for (const at of before.postings) if (!item.postings.includes(at)) this.#postings.delete(at + item.key);
    }
    for (const at of item.postings) this.#postings.set(at + item.key, item);
    return new StateChange(item.key, item.modRevision, before, item);
  }

  delete(key: string, revision: Revision): StateChange<T> | undefined {
    const before = this.#items.get(key);
    if (before === undefined) return undefined;
    this.#items.delete(key);
    this.#groups.delete(before);
    for (const at of before.postings) this.#postings.delete(at + key);
    return new StateChange(key, revision, before, undefined);
  }

  /** The items below `prefix` whose labels pass, in key order; undefined where they are found faster in a snapshot. */
  labelled(test: LabelTest, prefix: string): readonly CachedItem<T>[] | undefined {
    return this.#groups
      .find(test, this.size)
      ?.filter(({ key }) => key.startsWith(prefix))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** The items below `prefix`, in key order; undefined where the whole kind has more than a few. */
  few(prefix: string): readonly CachedItem<T>[] | undefined {
    if (this.size === 0) return none;
    return this.size > mostFew ? undefined : this.#items.below(prefix);
  }

  /** The items of one posting, in key order. */
  under(at: string): readonly CachedItem<T>[] {
    return this.#postings.below(at);
  }

  /** `since` is the revision of the last change: the items are the same at every revision from there on. */
  snapshot(since: Revision, revision: Revision): CacheSnapshot<T> {
    return new CacheSnapshot(this.#items.snapshot(), this.#postings.snapshot(), since, revision);
  }
}

export interface Range {
  readonly prefix: string;
  readonly startAfter?: string | undefined;
  /** Only items found under this value. */
  readonly index?: IndexValue | undefined;
}

/** All items as of one revision; immutable, and it costs nothing until the cache changes. */
export class CacheSnapshot<T> {
  readonly revision: Revision;
  readonly #since: Revision;
  readonly #items: OrderedView<CachedItem<T>>;
  readonly #postings: OrderedView<CachedItem<T>>;

  constructor(
    items: OrderedView<CachedItem<T>>,
    postings: OrderedView<CachedItem<T>>,
    since: Revision,
    revision: Revision,
  ) {
    this.#items = items;
    this.#postings = postings;
    this.#since = since;
    this.revision = revision;
  }

  /** Whether these are exactly the items of `revision`. */
  isAt(revision: Revision): boolean {
    return this.#since <= revision && revision <= this.revision;
  }

  count(range: Range): number {
    const { view, prefix, startAfter } = this.#resolve(range);
    return view.count(prefix, startAfter);
  }

  /** In key order, some at a time. */
  runs(range: Range): Generator<readonly CachedItem<T>[], void, undefined> {
    const { view, prefix, startAfter } = this.#resolve(range);
    return view.runs(prefix, startAfter);
  }

  #resolve({ prefix, startAfter, index }: Range) {
    if (index === undefined) return { view: this.#items, prefix, startAfter };
    const at = posting(index);
    return {
      view: this.#postings,
      prefix: at + prefix,
      startAfter: startAfter === undefined ? undefined : at + startAfter,
    };
  }
}
