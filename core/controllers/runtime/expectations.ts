import type { Clock } from '../../machinery/clock.ts';

/** As upstream: a watch event that is this late never comes (controller_utils.go, ExpectationsTimeout). */
const defaultTimeoutMs = 5 * 60_000;

interface Pending {
  creations: number;
  readonly deletions: Set<string>;
  sinceMs: number;
}

/**
 * What a controller did to the children of each key and has not yet seen come back in its cache. Until it has,
 * the cache is behind and acting on it would create or delete twice. Creations are counted; deletions are known
 * by UID, since a child may be seen terminating and gone. Forgotten after a timeout, in case an event was lost.
 */
export class Expectations {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #pending = new Map<string, Pending>();

  constructor(clock: Clock, timeoutMs = defaultTimeoutMs) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** Call before the creates are sent: an event may overtake the reply. */
  expectCreations(key: string, count: number): void {
    const pending = this.#begin(key);
    pending.creations += count;
    this.#settle(key, pending);
  }

  expectDeletions(key: string, uids: Iterable<string>): void {
    const pending = this.#begin(key);
    for (const uid of uids) pending.deletions.add(uid);
    this.#settle(key, pending);
  }

  /** Also for a creation that failed: nothing will come of it. */
  creationObserved(key: string, count = 1): void {
    const pending = this.#pending.get(key);
    if (pending === undefined) return;
    pending.creations = Math.max(0, pending.creations - count);
    this.#settle(key, pending);
  }

  deletionObserved(key: string, uid: string): void {
    const pending = this.#pending.get(key);
    if (pending === undefined) return;
    pending.deletions.delete(uid);
    this.#settle(key, pending);
  }

  /** Whether the cache has caught up with what was done for `key`, or never will. */
  areSatisfied(key: string): boolean {
    const pending = this.#pending.get(key);
    return pending === undefined || this.#clock.monotonicMs() - pending.sinceMs > this.#timeoutMs;
  }

  /** The object itself is gone. */
  forget(key: string): void {
    this.#pending.delete(key);
  }

  #begin(key: string): Pending {
    const sinceMs = this.#clock.monotonicMs();
    const pending = this.#pending.get(key);
    if (pending !== undefined && sinceMs - pending.sinceMs <= this.#timeoutMs) {
      pending.sinceMs = sinceMs;
      return pending;
    }
    const fresh = { creations: 0, deletions: new Set<string>(), sinceMs };
    this.#pending.set(key, fresh);
    return fresh;
  }

  #settle(key: string, pending: Pending): void {
    if (pending.creations === 0 && pending.deletions.size === 0) this.#pending.delete(key);
  }
}
