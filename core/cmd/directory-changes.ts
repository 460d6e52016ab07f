import { watch } from 'node:fs';
import { sleep } from '../machinery/clock.ts';
import type { Clock } from '../machinery/clock.ts';
import { deferred } from '../machinery/deferred.ts';
import { linkSignals } from '../machinery/signals.ts';

export interface DirectoryChanges {
  /** Resolves when something has changed since the last call, at once if it has already. Rejects when the signal aborts. */
  next(): Promise<void>;
}

/** Watches a directory from now on; changes that nobody waits for count as one. */
export function watchDirectory(directory: string, signal: AbortSignal): DirectoryChanges {
  let changed = deferred();
  const fail = (error: unknown) => changed.reject(error);
  const watcher = watch(directory, { signal }, () => changed.resolve());
  watcher.on('error', fail);
  signal.addEventListener('abort', () => fail(signal.reason), { once: true });
  return {
    async next() {
      signal.throwIfAborted();
      await changed.promise;
      changed = deferred();
    },
  };
}

/**
 * Resolves each time when it is time to look: something changed, or nobody has looked for long. Never rejects; resolves
 * when the signal aborts.
 */
export function untilChange(
  {
    changes,
    clock,
    everyMs,
  }: { readonly changes?: DirectoryChanges | undefined; readonly clock: Clock; readonly everyMs: number },
  signal: AbortSignal,
): () => Promise<void> {
  // What cannot be watched is looked at from time to time all the same.
  const watched = () => changes?.next().then(undefined, () => new Promise<void>(() => undefined));
  let changed = watched();
  return async () => {
    const over = new AbortController();
    using until = linkSignals(signal, over.signal);
    const late = sleep(clock, everyMs, until.signal).catch(() => undefined);
    await Promise.race([late, ...(changed === undefined ? [] : [changed.then(() => (changed = watched()))])]);
    over.abort();
  };
}
