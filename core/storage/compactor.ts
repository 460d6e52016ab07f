import type { Clock } from '../machinery/clock.ts';
import { sleep } from '../machinery/clock.ts';
import type { KeyValueStore, Revision } from './storage.ts';

export interface CompactorOptions {
  readonly store: KeyValueStore;
  readonly clock: Clock;
  /** History is kept for at least this long, and at most twice as long: five minutes unless given. */
  readonly intervalMs?: number | undefined;
  readonly onError: (error: unknown) => void;
}

/**
 * Forgets the history that is older than an interval, until `signal` aborts: nothing else ever does, and a store that
 * keeps everything fills its disk. Every core of a cluster may run it; compacting twice is harmless
 * (apiserver/pkg/storage/etcd3/compact.go).
 */
export async function runCompactor(options: CompactorOptions, signal: AbortSignal): Promise<void> {
  const { store, clock, intervalMs = 5 * 60_000, onError } = options;
  /** The newest revision an interval ago. */
  let old: Revision | undefined;
  while (!signal.aborted) {
    try {
      const newest = await store.revision({ signal });
      if (old !== undefined && old > 0) await store.compact(old, { signal });
      old = newest;
    } catch (error) {
      if (!signal.aborted) onError(error);
    }
    await sleep(clock, intervalMs, signal).catch(() => {});
  }
}
