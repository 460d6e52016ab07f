import type { Clock } from '../../machinery/clock.ts';
import type { Revision } from '../storage.ts';
import { StorageError } from '../storage.ts';
import type { Crowd } from './crowd.ts';
import type { CacheEvent, StateChange } from './event.ts';
import type { CachedItem } from './item.ts';
import type { LabelTest } from './label-groups.ts';

/** What a watcher is sent at once: everything of its scope up to `revision`. No events: progress, a bookmark. */
export interface CacheBatch<T> {
  readonly revision: Revision;
  readonly events: readonly CacheEvent<T>[];
  /** Set on the one batch that ends the initial events. */
  readonly initialEventsEnd: boolean;
}

/** Which keys a watcher sees; the demultiplexer finds it by the narrowest of these. */
export interface Scope {
  readonly prefix: string;
  /** Only this key. */
  readonly key: string | undefined;
  /** Only items with this posting, now or before. */
  readonly posting: string | undefined;
  /** Only items with such labels, now or before. */
  readonly labels: LabelTest | undefined;
  /** Everything below the prefix, which ends with a slash, from now on: what others with this scope are told as well. */
  readonly isWhole: boolean;
}

export interface WatcherOptions<T> {
  readonly scope: Scope;
  readonly matches: ((item: CachedItem<T>) => boolean) | undefined;
  /** What comes before the live events: the initial ones, or history. */
  readonly backlog: AsyncGenerator<CacheBatch<T>, void, undefined> | undefined;
  /** Nothing up to this revision is sent, even if the cache itself has yet to come there. */
  readonly after: Revision;
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly progressIntervalMs: number | undefined;
  /** From the start on; undefined: only at those intervals. */
  readonly lastProgressMs?: number | undefined;
  /** The revision up to which the cache has offered everything. */
  readonly position: () => Revision;
  /** Called once, when nothing must be offered any more. */
  readonly onEnd: (watcher: CacheWatcher<T>) => void;
}

/**
 * One subscription and its buffer. Events are offered synchronously while the cache applies an upstream batch, and
 * taken all at once by the reader, so a reader that is late takes few large batches. The buffer is bounded in bytes:
 * a reader that is too late is cut with "slow", and has to list again.
 */
export class CacheWatcher<T> implements AsyncIterableIterator<CacheBatch<T>> {
  readonly scope: Scope;
  readonly #options: WatcherOptions<T>;
  #backlog: AsyncGenerator<CacheBatch<T>, void, undefined> | undefined;
  /** In a crowd its log is the buffer, and this is where the watcher has come to in it. */
  #crowd: Crowd<T> | undefined;
  #place = 0;
  #queue: CacheEvent<T>[] = [];
  #queuedBytes = 0;
  /** The upstream batch that the oldest queued event came in: that one alone never makes a reader slow. */
  #oldestBatch = 0;
  #progressDue = false;
  #lastProgressAtMs = -Infinity;
  #cancelProgress: (() => void) | undefined;
  #ended = false;
  #failure: Error | undefined;
  #reader: { resolve(result: IteratorResult<CacheBatch<T>>): void; reject(error: Error): void } | undefined;

  constructor(options: WatcherOptions<T>) {
    this.scope = options.scope;
    this.#options = options;
    this.#backlog = options.backlog;
  }

  /** Ends with `signal`; asks for progress from now on. */
  start(signal: AbortSignal): void {
    const onAbort = () => this.#end(undefined);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    this.#detach = () => signal.removeEventListener('abort', onAbort);
    const { clock, lastProgressMs } = this.#options;
    if (lastProgressMs !== undefined) this.#lastProgressAtMs = clock.monotonicMs() + lastProgressMs;
    this.#armProgress();
  }

  /** Reads with others from now on, in place of a buffer of its own. */
  join(crowd: Crowd<T>): void {
    this.#crowd = crowd;
    this.#place = crowd.end;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get place(): number {
    return this.#place;
  }

  /** Returns whether there is something to `wake` the reader for. `batch` numbers the upstream batch. */
  offer(change: StateChange<T>, batch: number): boolean {
    if (change.revision <= this.#options.after) return false;
    const event = change.eventFor(this.#options.matches);
    if (event === undefined) return false;
    if (this.#queue.length === 0) this.#oldestBatch = batch;
    this.#queue.push(event);
    this.#queuedBytes += change.bytes + eventOverheadBytes;
    // A reader that waits is not slow: the demultiplexer is about to wake it.
    const late = this.#reader === undefined && this.#oldestBatch !== batch;
    if (late && this.#queuedBytes > this.#options.maxBytes) {
      this.#cut(this.#queuedBytes);
      return false;
    }
    return this.#reader !== undefined && this.#queue.length === 1;
  }

  /** Hands over what was offered, once the cache's revision has caught up with it. */
  wake(): void {
    if (this.#reader === undefined || this.#unread <= 0) return;
    this.#answer();
  }

  /** As `wake`; returns whether somebody was woken. One that is too late is cut. */
  wakeInCrowd(): boolean {
    if (this.#reader !== undefined) {
      const hasNews = this.#unread > 0;
      this.wake();
      return hasNews;
    }
    const bytes = this.#crowd?.bytesBehind(this.#place) ?? 0;
    if (bytes > this.#options.maxBytes) this.#cut(bytes);
    return false;
  }

  fail(error: Error): void {
    this.#end(error);
  }

  next(): Promise<IteratorResult<CacheBatch<T>>> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    if (this.#backlog !== undefined) return this.#nextOfBacklog(this.#backlog);
    if (this.#unread > 0 || this.#progressDue) {
      return Promise.resolve({ done: false, value: this.#take() });
    }
    if (this.#reader !== undefined) {
      return Promise.reject(new TypeError('Cannot read a watch twice at the same time'));
    }
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  return(): Promise<IteratorResult<CacheBatch<T>>> {
    this.#end(undefined);
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #detach: () => void = () => {};

  get #unread(): number {
    return this.#crowd === undefined ? this.#queue.length : this.#crowd.readable - this.#place;
  }

  async #nextOfBacklog(
    backlog: AsyncGenerator<CacheBatch<T>, void, undefined>,
  ): Promise<IteratorResult<CacheBatch<T>>> {
    const result = await backlog.next();
    if (result.done !== true && !this.#ended) return result;
    this.#backlog = undefined;
    return this.next();
  }

  #take(): CacheBatch<T> {
    const current = this.#options.position();
    const revision = Math.max(this.#crowd?.revision(current) ?? current, this.#options.after);
    const events = this.#takeEvents();
    this.#progressDue = false;
    return { revision, events, initialEventsEnd: false };
  }

  #takeEvents(): readonly CacheEvent<T>[] {
    if (this.#crowd !== undefined) {
      const events = this.#crowd.from(this.#place);
      this.#place = Math.max(this.#place, this.#crowd.readable);
      return events;
    }
    const events = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    return events;
  }

  #cut(bytes: number): void {
    const behind = `${this.#unread} events and ${bytes} bytes behind`;
    this.#end(
      new StorageError('slow', `Cannot keep up a watch of "${this.scope.prefix}": its reader is ${behind}`),
    );
  }

  #armProgress(): void {
    const { clock, progressIntervalMs } = this.#options;
    if (progressIntervalMs === undefined || this.#ended) return;
    const leftMs = this.#lastProgressAtMs - clock.monotonicMs();
    // Timers may be early by less than a millisecond: that is no other time.
    const delayMs = leftMs >= 1 ? Math.min(progressIntervalMs, leftMs) : progressIntervalMs;
    this.#cancelProgress = clock.after(delayMs, () => {
      this.#progressDue = true;
      if (this.#reader !== undefined) this.#answer();
      this.#armProgress();
    });
  }

  /** What cannot be taken leaves the reader waiting, for whoever then fails the watch. */
  #answer(): void {
    const value = this.#take();
    this.#settle().resolve({ done: false, value });
  }

  #settle() {
    const reader = this.#reader!;
    this.#reader = undefined;
    return reader;
  }

  #end(failure: Error | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#cancelProgress?.();
    this.#detach();
    this.#options.onEnd(this);
    if (this.#reader === undefined) return;
    if (failure === undefined) this.#settle().resolve({ done: true, value: undefined });
    else this.#settle().reject(failure);
  }
}

/** A queued event is a reference, but its reader will make a frame around the value. */
export const eventOverheadBytes = 100;
