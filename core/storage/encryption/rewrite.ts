import type { KeyValue, KeyValueStore } from '../storage.ts';
import { keyIdOf, openValue, sealValue } from './envelope.ts';
import type { KeyRing } from './key-ring.ts';

export interface Rewritten {
  /** Values that were plain or under another key and are under the current one now. */
  readonly rewritten: number;
  /** Keys of values that cannot be decrypted: they are as they were. */
  readonly unreadable: readonly string[];
}

export interface RewriteOptions {
  /** The inner store, which sees the encrypted values. */
  readonly store: KeyValueStore;
  readonly ring: KeyRing;
  readonly prefixes: readonly string[];
}

const pageSize = 200;
const atOnce = 32;
const maxAttempts = 20;

/**
 * Encrypts under the current key whatever is not. Safe to stop anywhere and to repeat: what is done is found done.
 * A value that somebody changes meanwhile is looked at again; what it is written with then is the current key.
 */
export async function rewriteStale(
  { store, ring, prefixes }: RewriteOptions,
  signal: AbortSignal,
): Promise<Rewritten> {
  let rewritten = 0;
  const unreadable: string[] = [];
  const rewrite = async (entry: KeyValue) => {
    const done = await rewriteOne(store, ring, entry, signal);
    if (done === 'rewritten') rewritten++;
    if (done === 'unreadable') unreadable.push(entry.key);
  };
  for (const prefix of prefixes) {
    let startAfter: string | undefined;
    do {
      const page = await store.list(prefix, {
        limit: pageSize,
        signal,
        ...(startAfter === undefined ? {} : { startAfter }),
      });
      startAfter = page.remaining > 0 ? page.items.at(-1)?.key : undefined;
      const stale = page.items.filter(({ value }) => keyIdOf(value) !== ring.current.id).values();
      const worker = async () => {
        for (const entry of stale) await rewrite(entry);
      };
      await Promise.all(Array.from({ length: atOnce }, worker));
    } while (startAfter !== undefined);
  }
  return { rewritten, unreadable };
}

async function rewriteOne(
  store: KeyValueStore,
  ring: KeyRing,
  found: KeyValue,
  signal: AbortSignal,
): Promise<'rewritten' | 'unreadable' | 'done'> {
  const { key } = found;
  let entry: KeyValue | undefined = found;
  for (let attempt = 1; entry !== undefined && keyIdOf(entry.value) !== ring.current.id; attempt++) {
    signal.throwIfAborted();
    let plain: Buffer;
    try {
      plain = keyIdOf(entry.value) === undefined ? entry.value : openValue(ring, key, entry.value);
    } catch {
      return 'unreadable';
    }
    const outcome = await store.transact(
      [{ key, modRevision: entry.modRevision }],
      [{ kind: 'put', key, value: sealValue(ring, key, plain) }],
      { signal },
    );
    if (outcome.committed) return 'rewritten';
    if (attempt === maxAttempts) throw new Error(`Cannot encrypt "${key}" anew: it changes all the time`);
    entry = outcome.current[0];
  }
  return 'done';
}
