import { KeyedBackoff, type BackoffOptions } from './backoff.ts';
import type { Clock } from './clock.ts';
import { DelayQueue } from './delay-queue.ts';

export interface WorkQueueOptions {
  readonly clock: Clock;
  /** Delays of `addRateLimited`; 5 ms doubling to 1000 s unless given, as client-go. */
  readonly backoff?: BackoffOptions;
}

const defaultBackoff: BackoffOptions = { initialMs: 5, maxMs: 1_000_000 };

/**
 * Keys that want work, each at most once, each with one worker at a time (client-go/util/workqueue).
 *
 * A key added while it waits is the same work. A key added while it is worked on waits until `done` and then
 * comes again, so no change is lost and no two workers meet. Being de-duplicated, the queue is bounded by the
 * number of keys. It holds no timer while nothing is delayed.
 */
export class WorkQueue<K = string> {
  readonly #backoff: KeyedBackoff<K>;
  readonly #delayed: DelayQueue<K>;
  /** Keys that want work: those in `#queue`, and those to be queued again when their worker is done. */
  readonly #dirty = new Set<K>();
  readonly #processing = new Set<K>();
  #queue: K[] = [];
  #head = 0;
  readonly #waiters = new Set<(key: K | undefined) => void>();
  readonly #drained: (() => void)[] = [];
  #closed = false;
  #adds = 0;
  #retries = 0;

  constructor(options: WorkQueueOptions) {
    this.#backoff = new KeyedBackoff(options.backoff ?? defaultBackoff);
    this.#delayed = new DelayQueue(options.clock, (key) => this.add(key));
  }

  /** Keys ready for a worker; not those delayed or being worked on. */
  get length(): number {
    return this.#queue.length - this.#head;
  }

  get processing(): number {
    return this.#processing.size;
  }

  get delayed(): number {
    return this.#delayed.size;
  }

  /** How many keys were added since the start, those left out that waited already. */
  get adds(): number {
    return this.#adds;
  }

  /** How many were added with a back-off. */
  get retries(): number {
    return this.#retries;
  }

  get isShutDown(): boolean {
    return this.#closed;
  }

  add(key: K): void {
    if (this.#closed || this.#dirty.has(key)) return;
    this.#adds++;
    this.#dirty.add(key);
    if (!this.#processing.has(key)) this.#push(key);
  }

  /** Adds the key once `delayMs` has passed. Of two delays for a key the shorter counts. */
  addAfter(key: K, delayMs: number): void {
    if (this.#closed) return;
    if (delayMs <= 0) this.add(key);
    else this.#delayed.add(key, delayMs);
  }

  /** Adds the key after its back-off, which grows with every call until `forget`. */
  addRateLimited(key: K): void {
    if (this.#closed) return;
    this.#retries++;
    this.addAfter(key, this.#backoff.nextMs(key));
  }

  /** Ends the back-off of a key whose work succeeded. It takes nothing off the queue. */
  forget(key: K): void {
    this.#backoff.forget(key);
  }

  /** How often the key was added rate-limited since it was last forgotten. */
  failures(key: K): number {
    return this.#backoff.failures(key);
  }

  /**
   * The next key; call `done` with it afterwards, whatever happened. Resolves to undefined when the queue is
   * shut down and empty, or when the signal is aborted: either way the worker ends.
   */
  get(signal?: AbortSignal): Promise<K | undefined> {
    if (signal?.aborted) return Promise.resolve(undefined);
    if (this.length > 0) return Promise.resolve(this.#take());
    if (this.#closed) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const settle = (key: K | undefined) => {
        this.#waiters.delete(settle);
        signal?.removeEventListener('abort', onAbort);
        resolve(key);
      };
      const onAbort = () => settle(undefined);
      this.#waiters.add(settle);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  done(key: K): void {
    if (!this.#processing.delete(key)) return;
    if (this.#dirty.has(key)) this.#push(key);
    this.#settleDrain();
  }

  /** Takes no more keys and drops the delayed ones; what is queued is still handed out. */
  shutDown(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#delayed.clear();
    for (const settle of this.#waiters) settle(undefined);
    this.#settleDrain();
  }

  /** Shuts down, and resolves once all queued keys have been worked on. */
  shutDownAndDrain(): Promise<void> {
    this.shutDown();
    return new Promise((resolve) => {
      this.#drained.push(resolve);
      this.#settleDrain();
    });
  }

  #push(key: K): void {
    const [waiter] = this.#waiters;
    if (waiter === undefined) {
      this.#queue.push(key);
      return;
    }
    this.#begin(key);
    waiter(key);
  }

  #take(): K {
    const key = this.#queue[this.#head++] as K;
    if (this.#head > 1024 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    } else if (this.#head === this.#queue.length) {
      this.#queue.length = 0;
      this.#head = 0;
    }
    this.#begin(key);
    return key;
  }

  #begin(key: K): void {
    this.#dirty.delete(key);
    this.#processing.add(key);
  }

  #settleDrain(): void {
    if (!this.#closed || this.length > 0 || this.#processing.size > 0) return;
    for (const resolve of this.#drained.splice(0)) resolve();
  }
}
