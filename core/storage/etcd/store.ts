import { setMaxListeners } from 'node:events';
import { Backoff } from '../../machinery/backoff.ts';
import type { Clock } from '../../machinery/clock.ts';
import { sleep } from '../../machinery/clock.ts';
import { loopTimeOf } from '../../machinery/loop-time.ts';
import { linkSignals } from '../../machinery/signals.ts';
import { checkTransaction, closedError } from '../check.ts';
import type {
  CallOptions,
  Condition,
  KeyValue,
  KeyValueStore,
  ListOptions,
  Outcome,
  Page,
  Revision,
  WatchBatch,
  WatchOptions,
  Write,
} from '../storage.ts';
import { StorageError } from '../storage.ts';
import { keyAfter, keyValue, prefixRange } from './codec.ts';
import type { EtcdEndpoints } from './connection.ts';
import { EtcdConnection } from './connection.ts';
import { failureOf, isDisconnection, isServiceError, receivedTooMuch, storageError } from './errors.ts';
import type { HeaderResponse, Method, RangeRequest, RangeResponse } from './messages.ts';
import { compactMethod, int64, rangeMethod } from './messages.ts';
import { GroupCommit, singleKey } from './group-commit.ts';
import { endOf, etcdRevisionOf, isEnd } from './revisions.ts';
import type { TransactionContext } from './transaction.ts';
import { commit, commitTogether } from './transaction.ts';
import { resumingWatch, WatchHub } from './watch-hub.ts';

export interface EtcdStoreOptions extends EtcdEndpoints {
  readonly clock: Clock;
  /**
   * What all keys start with: "/registry/" unless given. The etcd may hold other keys, but it must be allowed to watch
   * them: their revisions tell how far the watches of quiet prefixes have come.
   */
  readonly root?: string | undefined;
  /** One try of one call: 5 seconds unless given. */
  readonly callTimeoutMs?: number | undefined;
  /** A call with everything done to get it through: 10 seconds unless given. */
  readonly timeoutMs?: number | undefined;
  /** Failures that the store gets over by itself, as soon as they last: for a log. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/**
 * etcd 3.4 or later over its gRPC API. Only the message definitions come from the etcd3 package: its watch loses a
 * backlog when the link is cut, its retries apply writes twice, and its calls have no deadline.
 */
export class EtcdStore implements KeyValueStore {
  readonly name = 'etcd';
  readonly #clock: Clock;
  readonly #root: string;
  readonly #callTimeoutMs: number;
  readonly #timeoutMs: number;
  readonly #connection: EtcdConnection;
  readonly #hub: WatchHub;
  readonly #onError: ((error: unknown) => void) | undefined;
  readonly #grouped = this.#groupCommit();
  readonly #closing = new AbortController();
  /** The newest revision that any response told. */
  #seen: Revision = 0;
  /** Entries asked for at once: as many as make a page of `pageBytes`, going by the pages so far. */
  #pageSize = 500;

  constructor(options: EtcdStoreOptions) {
    this.#clock = options.clock;
    this.#root = options.root ?? '/registry/';
    this.#callTimeoutMs = options.callTimeoutMs ?? 5_000;
    this.#timeoutMs = options.timeoutMs ?? 10_000;
    // Every watch listens, one for each kind.
    setMaxListeners(0, this.#closing.signal);
    this.#onError = options.onError;
    this.#connection = new EtcdConnection(options, options.clock);
    this.#hub = new WatchHub(
      this.#connection,
      options.clock,
      this.#root,
      this.#callTimeoutMs,
      options.onError,
    );
  }

  async get(key: string, options: CallOptions): Promise<KeyValue | undefined> {
    const response = await this.#read(`read "${key}"`, rangeMethod, { key: Buffer.from(key) }, options);
    const [wire] = response.kvs;
    return wire === undefined ? undefined : keyValue(wire);
  }

  async list(prefix: string, options: ListOptions): Promise<Page> {
    const { key, rangeEnd } = prefixRange(prefix);
    const limit = options.limit ?? Infinity;
    const items: KeyValue[] = [];
    let { startAfter } = options;
    // Of a transaction of etcd's, all is there or nothing; zero would mean its newest.
    let revision =
      options.revision === undefined ? undefined : endOf(Math.max(1, etcdRevisionOf(options.revision)));
    for (;;) {
      const wanted = Math.min(limit - items.length, this.#pageSize);
      const from = startAfter === undefined || startAfter < prefix ? key : keyAfter(startAfter);
      const request: RangeRequest = {
        key: from,
        rangeEnd,
        ...(wanted === 0 ? { countOnly: true } : { limit: wanted }),
        ...(revision === undefined ? {} : { revision: etcdRevisionOf(revision) }),
      };
      const response = await this.#readPage(prefix, request, options);
      if (response === undefined) continue;
      revision ??= endOf(int64(response.header!.revision));
      this.#adaptPageSize(response);
      for (const [index, wire] of response.kvs.entries()) {
        if (index % copiedTogether === copiedTogether - 1) await loopTimeOf(this.#clock).turn();
        items.push(keyValue(wire));
      }
      const remaining = int64(response.count) - response.kvs.length;
      if (remaining === 0 || items.length >= limit) return { items, revision, remaining };
      startAfter = items[items.length - 1]!.key;
    }
  }

  async transact(
    conditions: readonly Condition[],
    writes: readonly Write[],
    options: CallOptions,
  ): Promise<Outcome> {
    this.#enter(options);
    checkTransaction(conditions, writes);
    if (this.#seen === 0) await this.revision(options);
    const single = singleKey(conditions, writes);
    const outcome = await this.#whileOpen(
      single === undefined
        ? commit(conditions, writes, this.#transaction(options.signal))
        : this.#grouped.commit(single, options.signal),
    );
    this.#seen = Math.max(this.#seen, outcome.revision);
    // Those that were committed together are answered one after the other.
    await loopTimeOf(this.#clock).turn();
    return outcome;
  }

  #transaction(signal: AbortSignal | undefined): TransactionContext {
    return {
      connection: this.#connection,
      clock: this.#clock,
      callTimeoutMs: this.#callTimeoutMs,
      timeoutMs: this.#timeoutMs,
      baseline: this.#seen,
      signal,
    };
  }

  /** Writes that wait at the same time go to etcd together. */
  #groupCommit(): GroupCommit {
    // What a lost group did is in the history after what was seen when it was sent, and so after this.
    const baselines = new WeakMap<Error, Revision>();
    return new GroupCommit({
      commitOne: ({ condition, write }, signal, lost) => {
        const context = this.#transaction(signal);
        if (lost === undefined) return commit([condition], [write], context);
        return commit([condition], [write], { ...context, lost, baseline: baselines.get(lost) ?? 0 });
      },
      commitAll: async (group) => {
        const baseline = this.#seen;
        try {
          return await commitTogether(group, this.#transaction(undefined));
        } catch (error) {
          if (error instanceof Error) baselines.set(error, baseline);
          throw error;
        }
      },
      lostBy: (error) => (wasNotSent(error) ? undefined : (error as Error)),
    });
  }

  async *watch(prefix: string, options: WatchOptions): AsyncGenerator<WatchBatch, void, undefined> {
    const { after, withPrevious = false } = options;
    using either = linkSignals(options.signal, this.#closing.signal);
    const { signal } = either;
    if (this.#hub.covers(prefix) && !withPrevious) {
      yield* this.#hub.watch(prefix, after, signal);
    } else {
      yield* resumingWatch({
        connection: this.#connection,
        clock: this.#clock,
        prefix,
        after,
        withPrevious,
        signal,
        timeoutMs: this.#callTimeoutMs,
        onError: this.#onError,
      });
    }
    if (!options.signal.aborted) throw closedError(this.name);
  }

  requestProgress(prefix: string, revision: Revision): void {
    this.#hub.requestProgress(prefix, revision);
  }

  async revision(options: CallOptions): Promise<Revision> {
    const request = { key: Buffer.from(this.#root), countOnly: true };
    const response = await this.#read('read the revision', rangeMethod, request, options);
    return endOf(int64(response.header!.revision));
  }

  async compact(revision: Revision, options: CallOptions): Promise<void> {
    // Of a transaction that is not over by then everything is still to be told.
    const last = etcdRevisionOf(revision) - (isEnd(revision) ? 0 : 1);
    try {
      await this.#read(`compact at revision ${revision}`, compactMethod, { revision: last }, options);
    } catch (error) {
      if (!(error instanceof StorageError) || error.reason !== 'compacted') throw error;
    }
    this.#hub.forgetBefore(revision);
  }

  async health(options: CallOptions): Promise<void> {
    await this.revision(options);
  }

  /** Connects anew, with what the options hold by then; calls under way are lost as by any other fault. */
  redial(): void {
    this.#connection.redial();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#connection.close();
  }

  /** Undefined when the page was too large to receive: the page size is smaller now. */
  async #readPage(
    prefix: string,
    request: RangeRequest,
    options: CallOptions,
  ): Promise<RangeResponse | undefined> {
    try {
      return await this.#read(`list "${prefix}"`, rangeMethod, request, options);
    } catch (error) {
      const cause = error instanceof StorageError ? error.cause : undefined;
      if (!isServiceError(cause) || !receivedTooMuch(cause) || this.#pageSize === 1) throw error;
      this.#pageSize = Math.max(1, Math.floor(Math.min(this.#pageSize, request.limit ?? Infinity) / 4));
      return undefined;
    }
  }

  #adaptPageSize({ kvs }: RangeResponse): void {
    if (kvs.length < 100) return;
    let bytes = 0;
    for (const { key, value } of kvs) bytes += key.length + value.length;
    const fitting = Math.floor(pageBytes / (bytes / kvs.length));
    this.#pageSize = Math.max(1, Math.min(maxPageSize, fitting));
  }

  /** A call that may be repeated: until it is answered or the time is up. */
  async #read<Request, Response extends HeaderResponse>(
    action: string,
    method: Method<Request, Response>,
    request: Request,
    options: CallOptions,
  ): Promise<Response> {
    this.#enter(options);
    const { signal } = options;
    const endMs = this.#clock.monotonicMs() + this.#timeoutMs;
    const backoff = new Backoff({ initialMs: 20, maxMs: 500 });
    for (;;) {
      const leftMs = Math.max(1, endMs - this.#clock.monotonicMs());
      try {
        await this.#whileOpen(this.#connection.ready({ timeoutMs: leftMs, signal }));
        const timeoutMs = Math.min(leftMs, this.#callTimeoutMs);
        const response = await this.#whileOpen(
          this.#connection.unary(method, request, { timeoutMs, signal }),
        );
        this.#seen = Math.max(this.#seen, endOf(int64(response.header!.revision)));
        return response;
      } catch (error) {
        signal?.throwIfAborted();
        if (!isServiceError(error)) throw error;
        if (!isDisconnection(error) || this.#clock.monotonicMs() >= endMs) throw storageError(action, error);
        await sleep(this.#clock, backoff.nextMs(), signal);
      }
    }
  }

  #enter(options: CallOptions): void {
    options.signal?.throwIfAborted();
    if (this.#closing.signal.aborted) throw closedError(this.name);
  }

  /** What fails because the store was closed meanwhile says so. */
  async #whileOpen<R>(work: Promise<R>): Promise<R> {
    try {
      return await work;
    } catch (error) {
      if (this.#closing.signal.aborted) throw closedError(this.name);
      throw error;
    }
  }
}

/** An etcd before 3.5 goes through everything that follows for each page, so few large pages load fastest. */
const maxPageSize = 10_000;
const pageBytes = 8 * 1024 * 1024;
/** Values of a page that are copied between two looks at the clock. */
const copiedTogether = 100;

/** Nothing was applied: etcd refused it, or there was no connection to send it over. */
function wasNotSent(error: unknown): boolean {
  if (isServiceError(error)) return failureOf(error) === 'refused';
  return error instanceof StorageError && error.reason === 'unavailable';
}
