import { watch } from 'node:fs';
import { deferred } from '../machinery/deferred.ts';

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
