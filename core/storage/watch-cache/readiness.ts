import type { Clock } from '../../machinery/clock.ts';
import type { Revision } from '../storage.ts';
import { StorageError } from '../storage.ts';

export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
  /** Throws "unavailable" after this long; three seconds unless given, as upstream's cacher waits. */
  readonly timeoutMs?: number | undefined;
}

/** How far the cache has come, and who waits for it to come further. */
export class Readiness {
  readonly #name: string;
  readonly #clock: Clock;
  readonly #ask: (revision: Revision) => void;
  #ready = false;
  #revision: Revision = 0;
  #stopped = false;
  readonly #waiting = new Set<Waiter>();

  /** `ask` is called with a revision that somebody begins to wait for. */
  constructor(name: string, clock: Clock, ask: (revision: Revision) => void) {
    this.#name = name;
    this.#clock = clock;
    this.#ask = ask;
  }

  /** Whether the first list is complete. It stays so while the store is away: reads are then old, not wrong. */
  get ready(): boolean {
    return this.#ready;
  }

  get revision(): Revision {
    return this.#revision;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Never goes back. */
  advance(revision: Revision): void {
    this.#ready = true;
    if (revision > this.#revision) this.#revision = revision;
    if (this.#waiting.size === 0) return;
    for (const waiter of this.#waiting) if (waiter.revision <= this.#revision) waiter.settle(undefined);
  }

  stop(): void {
    this.#stopped = true;
    for (const waiter of this.#waiting) waiter.settle(this.#stoppedError());
  }

  /** Resolves when the cache is ready and has seen everything up to `revision`. */
  waitFor(revision: Revision, options: WaitOptions = {}): Promise<void> {
    if (this.#ready && revision <= this.#revision) return Promise.resolve();
    const { signal, timeoutMs = 3_000 } = options;
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    if (this.#stopped) return Promise.reject(this.#stoppedError());
    return new Promise((resolve, reject) => {
      const settle = (error: Error | undefined) => {
        this.#waiting.delete(waiter);
        cancelTimer();
        signal?.removeEventListener('abort', onAbort);
        if (error === undefined) resolve();
        else reject(error);
      };
      const waiter: Waiter = { revision, settle };
      const onAbort = () => settle(signal?.reason as Error);
      const cancelTimer = this.#clock.after(timeoutMs, () => settle(this.#lateError(revision, timeoutMs)));
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.add(waiter);
      this.#ask(revision);
    });
  }

  #lateError(revision: Revision, timeoutMs: number): StorageError {
    const state = this.#ready
      ? `the watch cache is at ${this.#revision}`
      : 'the watch cache is still loading';
    return new StorageError(
      'unavailable',
      `Cannot read "${this.#name}" at revision ${revision}: after ${timeoutMs} ms ${state}`,
    );
  }

  #stoppedError(): StorageError {
    return new StorageError('closed', `Cannot read "${this.#name}": its watch cache is stopped`);
  }
}

interface Waiter {
  readonly revision: Revision;
  settle(error: Error | undefined): void;
}
