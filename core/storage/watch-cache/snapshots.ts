import type { Clock } from '../../machinery/clock.ts';
import type { Revision } from '../storage.ts';
import type { CacheSnapshot } from './state.ts';

/**
 * Snapshots that somebody may come back to with a continue token. Each keeps alive what was replaced since, so they
 * are few and go after a while, like etcd's history after a compaction.
 */
export class KeptSnapshots<T> {
  readonly #clock: Clock;
  readonly #maxCount: number;
  readonly #maxAgeMs: number;
  /** Oldest use first. */
  readonly #kept = new Map<Revision, { readonly snapshot: CacheSnapshot<T>; expiresMs: number }>();
  #cancelTimer: (() => void) | undefined;

  constructor(clock: Clock, maxCount: number, maxAgeMs: number) {
    this.#clock = clock;
    this.#maxCount = maxCount;
    this.#maxAgeMs = maxAgeMs;
  }

  keep(snapshot: CacheSnapshot<T>): void {
    this.#kept.delete(snapshot.revision);
    this.#kept.set(snapshot.revision, { snapshot, expiresMs: this.#clock.monotonicMs() + this.#maxAgeMs });
    for (const revision of this.#kept.keys()) {
      if (this.#kept.size <= this.#maxCount) break;
      this.#kept.delete(revision);
    }
    this.#arm();
  }

  find(revision: Revision): CacheSnapshot<T> | undefined {
    const exact = this.#kept.get(revision);
    if (exact !== undefined) return exact.snapshot;
    for (const { snapshot } of this.#kept.values()) if (snapshot.isAt(revision)) return snapshot;
    return undefined;
  }

  clear(): void {
    this.#kept.clear();
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #arm(): void {
    if (this.#cancelTimer !== undefined) return;
    const [oldest] = this.#kept.values();
    if (oldest === undefined) return;
    this.#cancelTimer = this.#clock.after(oldest.expiresMs - this.#clock.monotonicMs(), () => {
      this.#cancelTimer = undefined;
      const now = this.#clock.monotonicMs();
      for (const [revision, { expiresMs }] of this.#kept) {
        if (expiresMs > now) break;
        this.#kept.delete(revision);
      }
      this.#arm();
    });
  }
}
