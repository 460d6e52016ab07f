import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Backoff } from '../machinery/backoff.ts';
import { sleep } from '../machinery/clock.ts';
import type { Clock } from '../machinery/clock.ts';
import type { Logger } from '../machinery/logger.ts';
import { encryptedStore } from '../storage/encryption/encrypted-store.ts';
import type { KeyRing } from '../storage/encryption/key-ring.ts';
import { rewriteStale } from '../storage/encryption/rewrite.ts';
import type { Rewritten } from '../storage/encryption/rewrite.ts';
import type { KeyValueStore } from '../storage/storage.ts';
import { watchDirectory } from './directory-changes.ts';
import { ensureKeys, readKeys } from './encryption-keys.ts';

/** What is encrypted in the store: Secrets, under the keys the registry gives them. */
const prefixes = ['/registry/core/secrets/'];
const progressFile = 'progress.json';

export interface Encryption {
  /** What the control plane uses: reads and writes in plain. */
  readonly store: KeyValueStore;
  /** Encrypts what is plain or under an older key, now and whenever there is a new one, until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/** How far everything is encrypted under the newest key. */
export interface Progress extends Rewritten {
  readonly key: string;
}

/** Puts encryption before a store, with the keys in `directory`. */
export function openEncryption(
  store: KeyValueStore,
  directory: string,
  clock: Clock,
  log: Logger,
): Encryption {
  let ring = ensureKeys(directory);
  const reload = (): KeyRing => {
    const found = readKeys(directory);
    if (found !== undefined && found.keys.map(({ id }) => id).join() !== ring.keys.map(({ id }) => id).join())
      ring = found;
    return ring;
  };

  const rewrite = async (signal: AbortSignal) => {
    const backoff = new Backoff({ initialMs: 100, maxMs: 10_000 });
    for (;;) {
      const using = ring;
      try {
        const result = await rewriteStale({ store, ring: using, prefixes }, signal);
        writeProgress(directory, { key: using.current.id, ...result });
        if (result.rewritten > 0)
          log.info('Secrets are encrypted under the newest key', { count: result.rewritten });
        for (const key of result.unreadable)
          log.warn('Cannot decrypt what is stored: it stays as it is', { key });
        if (using === ring) return;
      } catch (error) {
        signal.throwIfAborted();
        log.error('Cannot encrypt Secrets under the newest key: trying again', error);
        await sleep(clock, backoff.nextMs(), signal);
      }
    }
  };

  return {
    store: encryptedStore({ store, ring: () => ring, reload, prefixes }),
    async run(signal) {
      try {
        // Before the first look, so that no key is missed between the two.
        const changes = watchDirectory(directory, signal);
        for (let done: KeyRing | undefined; ; await changes.next()) {
          try {
            reload();
          } catch (error) {
            // What is known still reads and writes; a key that cannot be read is no reason to serve nobody.
            log.error('Cannot read the encryption keys: those known are used on', error);
          }
          if (ring.current.id === done?.current.id) continue;
          done = ring;
          await rewrite(signal);
        }
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
  };
}

/** Undefined until a run has ended. */
export function readProgress(directory: string): Progress | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, progressFile), 'utf8')) as Progress;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function writeProgress(directory: string, progress: Progress): void {
  const path = join(directory, progressFile);
  writeFileSync(`${path}.new`, JSON.stringify(progress), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
