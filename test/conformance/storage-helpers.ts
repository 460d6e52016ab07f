import type { Change, KeyValue, KeyValueStore, Revision, WatchBatch } from '../../core/storage/storage.ts';

export function bytes(value: string): Buffer {
  return Buffer.from(value);
}

export function text(entry: KeyValue | undefined): string | undefined {
  return entry?.value.toString();
}

export async function put(store: KeyValueStore, key: string, value: string): Promise<Revision> {
  return (await store.transact([], [{ kind: 'put', key, value: bytes(value) }], {})).revision;
}

/** Puts all keys in one revision, each with its own key as value. */
export async function putAll(store: KeyValueStore, keys: readonly string[]): Promise<Revision> {
  const writes = keys.map((key) => ({ kind: 'put', key, value: bytes(key) }) as const);
  return (await store.transact([], writes, {})).revision;
}

export async function remove(store: KeyValueStore, key: string): Promise<Revision> {
  return (await store.transact([], [{ kind: 'delete', key }], {})).revision;
}

/** Watches until `enough` holds for the changes so far, then ends the watch and returns the batches. */
export async function collectUntil(
  store: KeyValueStore,
  prefix: string,
  options: { readonly after: Revision; readonly withPrevious?: boolean },
  enough: (changes: readonly Change[]) => boolean,
): Promise<WatchBatch[]> {
  const controller = new AbortController();
  const batches: WatchBatch[] = [];
  const changes: Change[] = [];
  for await (const batch of store.watch(prefix, { ...options, signal: controller.signal })) {
    batches.push(batch);
    changes.push(...batch.changes);
    if (enough(changes)) controller.abort();
  }
  return batches;
}
