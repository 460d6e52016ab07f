import type { BackoffOptions } from '../../machinery/backoff.ts';
import type { Clock } from '../../machinery/clock.ts';
import { unlessAborted } from '../../machinery/signals.ts';
import type { KeyValue, KeyValueStore, Revision, WatchBatch } from '../storage.ts';
import { StorageError } from '../storage.ts';
import { Demultiplexer } from './demultiplexer.ts';
import type { StateChange } from './event.ts';
import { ChangeHistory } from './history.ts';
import type { CachedItem, Indexes, IndexValue, Labels } from './item.ts';
import { ItemMaker, posting } from './item.ts';
import type { LabelTest } from './label-groups.ts';
import type { CacheList, CacheListOptions } from './lister.ts';
import { listFew, listSnapshot, listStore } from './lister.ts';
import { Readiness } from './readiness.ts';
import type { WaitOptions } from './readiness.ts';
import { KeptSnapshots } from './snapshots.ts';
import type { CacheSnapshot } from './state.ts';
import { CacheState } from './state.ts';
import type { Downstream, UpstreamList } from './upstream.ts';
import { Upstream } from './upstream.ts';
import { initialBacklog, replayBacklog } from './backlog.ts';
import type { CacheBatch } from './watcher.ts';
import { CacheWatcher } from './watcher.ts';

export interface WatchCacheOptions<T> {
  readonly store: KeyValueStore;
  /** Everything below it is cached: "/registry/pods/". */
  readonly prefix: string;
  /** Called once per stored revision of a key. Should be lazy; what it returns is shared and read-only. */
  readonly decode: (entry: KeyValue) => T;
  readonly indexes?: Indexes<T> | undefined;
  /** Needed to list and watch by labels. */
  readonly labelsOf?: ((object: T) => Labels) | undefined;
  readonly clock: Clock;
  /** How far back a watch can resume; 20,000 changes and 32 MiB of replaced values unless given. */
  readonly maxHistoryEvents?: number | undefined;
  readonly maxHistoryBytes?: number | undefined;
  /** A watcher whose unread events exceed this is cut with "slow"; 8 MiB unless given. */
  readonly maxWatcherBytes?: number | undefined;
  /** How many lists that have further pages are kept for them, and for how long: 32 and five minutes unless given. */
  readonly maxSnapshots?: number | undefined;
  readonly maxSnapshotAgeMs?: number | undefined;
  /** Between lists when the store is away. */
  readonly backoff?: BackoffOptions | undefined;
  /** Failures that the cache gets over by itself: for a log. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

export interface CacheWatchOptions<T> {
  /** Live events only when absent; otherwise what happened after this revision first. */
  readonly after?: Revision | undefined;
  /** First everything there is, as 'added', closed by a batch with `initialEventsEnd`; then live. Excludes `after`. */
  readonly initialEvents?: boolean | undefined;
  /** The cache's own prefix unless given. */
  readonly prefix?: string | undefined;
  /** Only this key. */
  readonly key?: string | undefined;
  readonly index?: IndexValue | undefined;
  readonly filter?: ((object: T) => boolean) | undefined;
  /** Only items with such labels. */
  readonly labels?: LabelTest | undefined;
  /** Sends a batch without events this often. */
  readonly progressIntervalMs?: number | undefined;
  /** Such a batch is also sent this long from now, shortly before the reader will be gone. */
  readonly lastProgressMs?: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * A copy of one prefix of the store, fed by one upstream watch, that serves every read and every watch of it
 * (apiserver/pkg/storage/cacher). Its state is always that of one revision and never goes back.
 */
export class WatchCache<T> {
  readonly #prefix: string;
  readonly #store: KeyValueStore;
  readonly #clock: Clock;
  readonly #maxWatcherBytes: number;
  readonly #onError: (error: unknown) => void;
  readonly #maker: ItemMaker<T>;
  readonly #state = new CacheState<T>();
  readonly #history: ChangeHistory<T>;
  readonly #readiness: Readiness;
  readonly #demultiplexer: Demultiplexer<T>;
  readonly #snapshots: KeptSnapshots<T>;
  readonly #upstream: Upstream;
  /** Revision of the last change of the state. */
  #changedAt: Revision = 0;
  /** A question for the store's revision that was not sent yet: everyone who asks until then shares the answer. */
  #nextAnswer: Promise<Revision> | undefined;
  #lastAnswer: Promise<unknown> = Promise.resolve();

  constructor(options: WatchCacheOptions<T>) {
    const { store, prefix, clock } = options;
    this.#store = store;
    this.#prefix = prefix;
    this.#clock = clock;
    this.#maxWatcherBytes = options.maxWatcherBytes ?? 8 * 1024 * 1024;
    this.#onError = options.onError ?? (() => {});
    this.#maker = new ItemMaker({ ...options, onError: this.#onError });
    this.#history = new ChangeHistory(
      options.maxHistoryEvents ?? 20_000,
      options.maxHistoryBytes ?? 32 * 1024 * 1024,
    );
    this.#demultiplexer = new Demultiplexer(clock, this.#onError);
    this.#readiness = new Readiness(prefix, clock, (revision) => store.requestProgress(prefix, revision));
    this.#snapshots = new KeptSnapshots(
      clock,
      options.maxSnapshots ?? 32,
      options.maxSnapshotAgeMs ?? 5 * 60_000,
    );
    this.#upstream = new Upstream(
      {
        store,
        prefix,
        clock,
        backoff: options.backoff ?? { initialMs: 100, maxMs: 5_000 },
        onError: this.#onError,
      },
      this.#downstream(),
    );
  }

  /** Fills the cache and keeps it up to date until `signal` aborts; watches then end. Call it once. */
  async run(signal: AbortSignal): Promise<void> {
    let failure: Error | undefined;
    try {
      await this.#upstream.run(signal);
    } catch (error) {
      failure = error as Error;
      throw error;
    } finally {
      this.#readiness.stop();
      this.#snapshots.clear();
      const ending =
        failure ?? new StorageError('closed', `Cannot watch "${this.#prefix}": its watch cache is stopped`);
      for (const watcher of this.#demultiplexer.all()) watcher.fail(ending);
    }
  }

  /** Whether the first list is complete. */
  get ready(): boolean {
    return this.#readiness.ready;
  }

  /** Everything up to here is in the state and was offered to the watchers. */
  get revision(): Revision {
    return this.#readiness.revision;
  }

  get size(): number {
    return this.#state.size;
  }

  get watchers(): number {
    return this.#demultiplexer.size;
  }

  /**
   * Resolves when the cache has seen `revision` (0: when it is ready): to read one's own writes. Throws "unavailable"
   * after a timeout, "closed" when the cache is stopped.
   */
  waitFor(revision: Revision, options?: WaitOptions): Promise<void> {
    return this.#readiness.waitFor(revision, options);
  }

  /** Resolves when the cache has seen every write that was acknowledged, to anybody, before the call. */
  async waitForCurrent(options: WaitOptions = {}): Promise<Revision> {
    const { signal } = options;
    const asking = this.#currentRevision();
    const revision = await (signal === undefined ? asking : unlessAborted(asking, signal));
    await this.#readiness.waitFor(revision, options);
    return revision;
  }

  /** As of `revision` of the cache; wait first for what must be seen. */
  get(key: string): CachedItem<T> | undefined {
    return this.#state.get(key);
  }

  /** All items below a prefix as of `revision` of the cache, as `get`; undefined where the kind has more than a few. */
  few(prefix: string): readonly CachedItem<T>[] | undefined {
    return this.#state.few(prefix);
  }

  /** The items found under a value of an index, in key order, as `get`: for values that few items share. */
  under(index: IndexValue): readonly CachedItem<T>[] {
    return this.#state.under(this.#posting(index));
  }

  /**
   * The items of one revision in key order: the newest the cache has, or `options.revision`, for which it waits when
   * it is ahead, uses a snapshot kept for further pages when it is behind, and asks the store otherwise.
   */
  async list(options: CacheListOptions<T> = {}): Promise<CacheList<T>> {
    const { prefix = this.#prefix, index, revision, labels } = options;
    if (index !== undefined) this.#posting(index);
    const filter = this.#matcher(options.filter);
    if (labels !== undefined && index === undefined && revision === undefined) {
      await this.#readiness.waitFor(0, options);
      const few = this.#state.labelled(labels, prefix);
      if (few !== undefined) {
        // Of the same revision as the items: the cache may go on before they are looked through.
        const isPaged = options.limit !== undefined && few.length > options.limit;
        const snapshot = isPaged ? this.#snapshot() : undefined;
        const list = await listFew(few, options, filter, this.revision, this.#clock);
        if (snapshot !== undefined && list.remaining > 0) this.#snapshots.keep(snapshot);
        return list;
      }
    }
    const matches = both(ofLabels(labels), filter);
    const snapshot = await this.#snapshotAt(revision, options);
    if (snapshot === undefined) {
      return listStore(this.#store, this.#maker, { ...options, prefix, revision: revision ?? 0 }, matches);
    }
    const list = await listSnapshot(snapshot, { ...options, prefix }, matches, this.#clock);
    if (list.remaining > 0) this.#snapshots.keep(snapshot);
    return list;
  }

  /**
   * Throws at once "unavailable" while the cache is not ready and "compacted" when the changes after `after` are not
   * kept; the iteration throws "slow" when its reader falls behind and "closed" when the cache stops. Registered when
   * this returns: nothing after that is missed.
   */
  watch(options: CacheWatchOptions<T>): AsyncIterableIterator<CacheBatch<T>> {
    const { key, index, after, signal, initialEvents = false } = options;
    if (after !== undefined && initialEvents) {
      throw new TypeError('Cannot watch with initial events from a revision: give one or the other');
    }
    if (!this.ready || this.#readiness.stopped) {
      throw new StorageError('unavailable', `Cannot watch "${this.#prefix}": its watch cache is not ready`);
    }
    const prefix = key ?? options.prefix ?? this.#prefix;
    const at = index === undefined ? undefined : this.#posting(index);
    const matches = both(
      at === undefined ? undefined : (item) => item.postings.includes(at),
      both(ofLabels(options.labels), this.#matcher(options.filter)),
    );
    const isWhole = matches === undefined && key === undefined && prefix.endsWith('/');
    const scope = {
      prefix,
      key,
      posting: at,
      labels: options.labels,
      // What is ahead of the cache is left out for one watcher alone.
      isWhole: isWhole && (after ?? 0) <= this.revision,
    };
    const isOver = () => watcher.ended;
    const backlog = initialEvents
      ? initialBacklog(this.#snapshot(), { prefix, index }, onlyKey(key, matches), this.#clock, isOver)
      : replayBacklog(this.#history.after(after ?? this.revision), scope, matches, this.#clock, isOver);
    const watcher: CacheWatcher<T> = new CacheWatcher<T>({
      scope,
      matches,
      backlog,
      after: after ?? this.revision,
      maxBytes: this.#maxWatcherBytes,
      clock: this.#clock,
      progressIntervalMs: options.progressIntervalMs,
      lastProgressMs: options.lastProgressMs,
      position: () => this.revision,
      onEnd: (ended) => this.#demultiplexer.remove(ended),
    });
    this.#demultiplexer.add(watcher);
    watcher.start(signal);
    return watcher;
  }

  #downstream(): Downstream {
    const readiness = this.#readiness;
    return {
      get revision() {
        return readiness.revision;
      },
      modRevision: (key) => this.#state.get(key)?.modRevision ?? 0,
      load: (entries) => {
        for (const entry of entries) this.#put(entry);
      },
      replace: (list) => this.#replace(list),
      apply: (batch) => this.#apply(batch),
    };
  }

  /** The difference to a new list, as if it had happened in the order of revisions, what is gone at the last. */
  #replace({ changed, present, revision, isFirst }: UpstreamList): void {
    const changes = changed
      .toSorted((a, b) => a.modRevision - b.modRevision)
      .map((entry) => this.#put(entry));
    // Everything is there.
    if (!isFirst)
      for (const run of this.#snapshot().runs({ prefix: '' }))
        for (const { key } of run) if (!present.has(key)) changes.push(this.#state.delete(key, revision));
    // What happened in between is not known, so nobody can resume from before this list.
    this.#history.restart(revision);
    this.#changedAt = revision;
    this.#publish(changes, revision);
  }

  #apply(batch: WatchBatch): void {
    const changes: (StateChange<T> | undefined)[] = [];
    for (const change of batch.changes) {
      const revision = change.kind === 'put' ? change.entry.modRevision : change.revision;
      if (revision <= this.revision) continue;
      const applied =
        change.kind === 'put' ? this.#put(change.entry) : this.#state.delete(change.key, revision);
      if (applied !== undefined) this.#history.push(applied);
      changes.push(applied);
      this.#changedAt = revision;
    }
    this.#publish(changes, batch.revision);
  }

  #publish(changes: readonly (StateChange<T> | undefined)[], revision: Revision): void {
    for (const change of changes) if (change !== undefined) this.#demultiplexer.offer(change);
    this.#readiness.advance(revision);
    this.#demultiplexer.flush(revision);
  }

  #put(entry: KeyValue): StateChange<T> | undefined {
    const item = this.#maker.make(entry);
    return item === undefined ? this.#state.delete(entry.key, entry.modRevision) : this.#state.put(item);
  }

  #snapshot(): CacheSnapshot<T> {
    return this.#state.snapshot(this.#changedAt, this.revision);
  }

  /** Undefined when only the store can know. */
  async #snapshotAt(
    revision: Revision | undefined,
    options: WaitOptions,
  ): Promise<CacheSnapshot<T> | undefined> {
    await this.#readiness.waitFor(revision ?? 0, options);
    const current = this.#snapshot();
    if (revision === undefined || current.isAt(revision)) return current;
    return this.#snapshots.find(revision);
  }

  #currentRevision(): Promise<Revision> {
    // An answer that is already on its way may have been given before this call began, so it cannot be shared.
    this.#nextAnswer ??= this.#lastAnswer
      .catch(() => {})
      .then(() => {
        this.#nextAnswer = undefined;
        const answer = this.#store.revision({});
        this.#lastAnswer = answer;
        return answer;
      });
    return this.#nextAnswer;
  }

  #posting(index: IndexValue): string {
    if (!this.#maker.has(index.name)) throw new TypeError(`Cannot use index "${index.name}": there is none`);
    return posting(index);
  }

  #matcher(filter: ((object: T) => boolean) | undefined): Matches<T> {
    if (filter === undefined) return undefined;
    return (item) => {
      try {
        return filter(item.object);
      } catch (cause) {
        this.#onError(new Error(`Cannot filter "${item.key}": it is left out`, { cause }));
        return false;
      }
    };
  }
}

type Matches<T> = ((item: CachedItem<T>) => boolean) | undefined;

function both<T>(one: Matches<T>, two: Matches<T>): Matches<T> {
  if (one === undefined || two === undefined) return one ?? two;
  return (item) => one(item) && two(item);
}

function ofLabels<T>(test: LabelTest | undefined): Matches<T> {
  return test === undefined ? undefined : ({ labels }) => test.matches(labels);
}

function onlyKey<T>(key: string | undefined, matches: Matches<T>): Matches<T> {
  return key === undefined ? matches : both((item) => item.key === key, matches);
}
