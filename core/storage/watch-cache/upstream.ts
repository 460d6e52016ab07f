import type { BackoffOptions } from '../../machinery/backoff.ts';
import { Backoff } from '../../machinery/backoff.ts';
import type { Clock } from '../../machinery/clock.ts';
import { sleep } from '../../machinery/clock.ts';
import { Stints } from '../../machinery/loop-time.ts';
import type { KeyValue, KeyValueStore, Revision, WatchBatch } from '../storage.ts';
import { StorageError } from '../storage.ts';

/** What the upstream feeds: the cache. */
export interface Downstream {
  /** The revision it has come to; 0 before the first list is complete. */
  readonly revision: Revision;
  /** The modRevision it holds of a key; 0 when it has none. */
  modRevision(key: string): Revision;
  /** Entries of the first list as they arrive. Nobody reads before `replace`. */
  load(entries: readonly KeyValue[]): void;
  replace(list: UpstreamList): void;
  apply(batch: WatchBatch): void;
}

/** The end of a list. */
export interface UpstreamList {
  /** The entries that the cache did not have. */
  readonly changed: readonly KeyValue[];
  /** All keys there are at `revision`. */
  readonly present: ReadonlySet<string>;
  readonly revision: Revision;
  /** Nothing was loaded before: also not by a list that failed half-way. */
  readonly isFirst: boolean;
}

export interface UpstreamOptions {
  readonly store: KeyValueStore;
  readonly prefix: string;
  readonly clock: Clock;
  readonly backoff: BackoffOptions;
  readonly onError: (error: unknown) => void;
}

/**
 * The one list and watch of a prefix that feeds its cache, as client-go's reflector: list, watch from there, and
 * whenever the watch cannot go on, list again and hand on what differs.
 */
export class Upstream {
  readonly #options: UpstreamOptions;
  readonly #downstream: Downstream;
  #lists = 0;

  constructor(options: UpstreamOptions, downstream: Downstream) {
    this.#options = options;
    this.#downstream = downstream;
  }

  /** Resolves when `signal` aborts; rejects with "closed" when the store is closed under it. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, onError } = this.#options;
    const backoff = new Backoff(this.#options.backoff);
    for (;;) {
      try {
        await this.#list(signal);
        await this.#watch(signal, backoff);
        if (signal.aborted) return;
        throw new StorageError(
          'unavailable',
          `Cannot watch "${this.#options.prefix}": the store ended the watch`,
        );
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof StorageError && error.reason === 'closed') throw error;
        onError(error);
        const delayMs = backoff.nextMs();
        // A compaction is not a failure of the store: the first time there is nothing to wait for.
        if (error instanceof StorageError && error.reason === 'compacted' && backoff.failures === 1) continue;
        await sleep(clock, delayMs, signal).catch(() => {});
        if (signal.aborted) return;
      }
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { store, prefix } = this.#options;
    const downstream = this.#downstream;
    const isFirst = this.#lists++ === 0;
    const isLoading = downstream.revision === 0;
    const present = new Set<string>();
    const changed: KeyValue[] = [];
    let revision: Revision | undefined;
    let startAfter: string | undefined;
    for (;;) {
      const page = await store.list(prefix, {
        limit: pageSize,
        counted: false,
        signal,
        ...(revision === undefined ? {} : { revision }),
        ...(startAfter === undefined ? {} : { startAfter }),
      });
      revision = page.revision;
      if (revision < downstream.revision) {
        throw new StorageError(
          'unavailable',
          `Cannot load "${prefix}": the store is at revision ${revision}, behind ${downstream.revision} which was seen before`,
        );
      }
      // Values the cache has already are dropped at once, so a second list does not double the memory.
      const news = page.items.filter((entry) => downstream.modRevision(entry.key) !== entry.modRevision);
      for (const { key } of page.items) present.add(key);
      if (isLoading) await this.#load(news, signal);
      else changed.push(...news);
      startAfter = page.items.at(-1)?.key;
      if (page.remaining === 0 || startAfter === undefined) break;
    }
    downstream.replace({ changed, present, revision, isFirst });
  }

  /** Each is decoded. */
  async #load(entries: readonly KeyValue[], signal: AbortSignal): Promise<void> {
    const stints = new Stints(this.#options.clock);
    for (let start = 0; start < entries.length; start += run) {
      if (stints.isOver) {
        await stints.next();
        signal.throwIfAborted();
      }
      this.#downstream.load(entries.slice(start, start + run));
    }
  }

  async #watch(signal: AbortSignal, backoff: Backoff): Promise<void> {
    const { store, prefix } = this.#options;
    for await (const batch of store.watch(prefix, { after: this.#downstream.revision, signal })) {
      this.#downstream.apply(batch);
      backoff.reset();
    }
  }
}

/** Large, because an etcd before 3.5 goes through everything that follows for each page. */
const pageSize = 5_000;
/** So many are decoded between two looks at the clock. */
const run = 32;
