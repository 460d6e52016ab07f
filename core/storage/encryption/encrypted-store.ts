import type { Change, KeyValue, KeyValueStore, WatchBatch, Write } from '../storage.ts';
import { isSealed, keyIdOf, openValue, sealValue } from './envelope.ts';
import type { KeyRing } from './key-ring.ts';

export interface EncryptedStoreOptions {
  readonly store: KeyValueStore;
  /** Asked at every use: keys may be rotated at any time. */
  readonly ring: () => KeyRing;
  /** Asked for a key that is not in the ring: another core may have made it a moment ago. */
  readonly reload?: (() => KeyRing) | undefined;
  /** Values of keys that begin with one of these are encrypted, others pass as they are. */
  readonly prefixes: readonly string[];
}

/**
 * A store whose inner store never sees the values below some prefixes. Plain values from before are read as they are.
 * What cannot be decrypted is handed on as `unreadable`, so that one such value does not take others with it.
 */
export function encryptedStore({ store, ring, reload, prefixes }: EncryptedStoreOptions): KeyValueStore {
  /** Keys that were looked for in vain, in the ring of that time. */
  let missing: { readonly in: KeyRing; readonly ids: Set<string> } = { in: ring(), ids: new Set() };
  const ringFor = (value: Buffer): KeyRing => {
    const known = ring();
    const id = keyIdOf(value) ?? '';
    if (reload === undefined || known.find(id) !== undefined) return known;
    if (missing.in !== known) missing = { in: known, ids: new Set() };
    if (missing.ids.has(id)) return known;
    const fresh = reload();
    if (fresh.find(id) === undefined) {
      if (missing.in !== fresh) missing = { in: fresh, ids: new Set() };
      missing.ids.add(id);
    }
    return fresh;
  };
  const isSecret = (key: string) => prefixes.some((prefix) => key.startsWith(prefix));
  const mayHold = (prefix: string) => isSecret(prefix) || prefixes.some((one) => one.startsWith(prefix));

  const opened = (entry: KeyValue): KeyValue => {
    if (!isSecret(entry.key) || !isSealed(entry.value)) return entry;
    try {
      return { ...entry, value: openValue(ringFor(entry.value), entry.key, entry.value) };
    } catch (error) {
      return { ...entry, unreadable: error as Error };
    }
  };
  const openedOrNone = (entry: KeyValue | undefined) => (entry === undefined ? undefined : opened(entry));
  const sealed = (write: Write): Write =>
    write.kind === 'put' && isSecret(write.key)
      ? { ...write, value: sealValue(ring(), write.key, write.value) }
      : write;
  const openedChange = (change: Change): Change =>
    change.kind === 'put'
      ? { ...change, entry: opened(change.entry), previous: openedOrNone(change.previous) }
      : { ...change, previous: openedOrNone(change.previous) };

  async function* openedWatch(batches: AsyncIterable<WatchBatch>): AsyncGenerator<WatchBatch> {
    for await (const { revision, changes } of batches) yield { revision, changes: changes.map(openedChange) };
  }

  return {
    name: store.name,
    async get(key, options) {
      return openedOrNone(await store.get(key, options));
    },
    async list(prefix, options) {
      const page = await store.list(prefix, options);
      return mayHold(prefix) ? { ...page, items: page.items.map(opened) } : page;
    },
    async transact(conditions, writes, options) {
      const concerned = writes.some(({ key }) => isSecret(key));
      const outcome = await store.transact(conditions, concerned ? writes.map(sealed) : writes, options);
      return outcome.committed ? outcome : { ...outcome, current: outcome.current.map(openedOrNone) };
    },
    watch(prefix, options) {
      const batches = store.watch(prefix, options);
      return mayHold(prefix) ? openedWatch(batches) : batches;
    },
    requestProgress: (prefix, revision) => store.requestProgress(prefix, revision),
    revision: (options) => store.revision(options),
    compact: (revision, options) => store.compact(revision, options),
    health: (options) => store.health(options),
    close: () => store.close(),
  };
}
