import type { Clock } from '../../machinery/clock.ts';
import { Stints } from '../../machinery/loop-time.ts';
import type { KeyValueStore, Page, Revision } from '../storage.ts';
import type { CachedItem, IndexValue, ItemMaker } from './item.ts';
import { posting } from './item.ts';
import type { LabelTest } from './label-groups.ts';
import type { WaitOptions } from './readiness.ts';
import type { CacheSnapshot } from './state.ts';

export interface CacheListOptions<T> extends WaitOptions {
  /** The cache's own prefix unless given. */
  readonly prefix?: string | undefined;
  /** Only keys strictly greater: the key of the last item of the page before. */
  readonly startAfter?: string | undefined;
  readonly limit?: number | undefined;
  readonly filter?: ((object: T) => boolean) | undefined;
  /** Only items with such labels: as fast as there are few of them, where many items share few sets of labels. */
  readonly labels?: LabelTest | undefined;
  /** Only items found under this value: as fast as there are few of them. */
  readonly index?: IndexValue | undefined;
  /** Exactly this revision; the newest in the cache unless given. */
  readonly revision?: Revision | undefined;
}

export interface CacheList<T> {
  readonly items: readonly CachedItem<T>[];
  readonly revision: Revision;
  /** How many follow after this page: 0 means none. With a filter it counts what was not looked at yet. */
  readonly remaining: number;
}

type Matches<T> = ((item: CachedItem<T>) => boolean) | undefined;

/** A page of items that are in key order and few, of `revision`. In stints, as they may have to be read. */
export async function listFew<T>(
  items: readonly CachedItem<T>[],
  { startAfter = '', limit = Infinity, signal }: CacheListOptions<T>,
  matches: Matches<T>,
  revision: Revision,
  clock: Clock,
): Promise<CacheList<T>> {
  const found: CachedItem<T>[] = [];
  const stints = new Stints(clock);
  for (const [position, item] of items.entries()) {
    if (position % run === run - 1 && stints.isOver) {
      await stints.next();
      signal?.throwIfAborted();
    }
    if (item.key <= startAfter) continue;
    if (found.length >= limit) return { items: found, revision, remaining: items.length - position };
    if (matches === undefined || matches(item)) found.push(item);
  }
  return { items: found, revision, remaining: 0 };
}

/** So many items are looked at between two looks at the clock. */
const run = 32;

/** In stints: the snapshot stands still however long it takes. */
export async function listSnapshot<T>(
  snapshot: CacheSnapshot<T>,
  options: CacheListOptions<T> & { readonly prefix: string },
  matches: Matches<T>,
  clock: Clock,
): Promise<CacheList<T>> {
  const { prefix, index, startAfter, limit = Infinity, signal } = options;
  const items: CachedItem<T>[] = [];
  const stints = new Stints(clock);
  for (const run of snapshot.runs({ prefix, startAfter, index })) {
    for (const item of run) {
      if (items.length >= limit) break;
      if (matches === undefined || matches(item)) items.push(item);
    }
    if (items.length >= limit) break;
    if (stints.isOver) {
      await stints.next();
      signal?.throwIfAborted();
    }
  }
  const last = items.at(-1);
  const remaining =
    last === undefined || items.length < limit ? 0 : snapshot.count({ prefix, index, startAfter: last.key });
  return { items, revision: snapshot.revision, remaining };
}

/** The same from the store, for a revision that the cache has no snapshot of. */
export async function listStore<T>(
  store: KeyValueStore,
  maker: ItemMaker<T>,
  options: CacheListOptions<T> & { readonly prefix: string; readonly revision: Revision },
  matches: Matches<T>,
): Promise<CacheList<T>> {
  const { prefix, index, limit = Infinity, signal } = options;
  let { revision } = options;
  const at = index === undefined ? undefined : posting(index);
  // Nobody knows how many it takes to find those that are wanted.
  const isWhole = at === undefined && matches === undefined;
  const items: CachedItem<T>[] = [];
  let startAfter = options.startAfter;
  for (;;) {
    const page: Page = await store.list(prefix, {
      limit: isWhole ? Math.min(limit - items.length, storePageSize) : storePageSize,
      counted: isWhole && limit - items.length <= storePageSize,
      revision,
      signal,
      ...(startAfter === undefined ? {} : { startAfter }),
    });
    revision = page.revision;
    for (const [position, entry] of page.items.entries()) {
      const item = maker.make(entry);
      if (item === undefined) continue;
      if (at !== undefined && !item.postings.includes(at)) continue;
      if (matches !== undefined && !matches(item)) continue;
      items.push(item);
      if (items.length >= limit) {
        return { items, revision, remaining: page.items.length - position - 1 + page.remaining };
      }
    }
    startAfter = page.items.at(-1)?.key;
    if (page.remaining === 0 || startAfter === undefined) return { items, revision, remaining: 0 };
  }
}

const storePageSize = 500;
