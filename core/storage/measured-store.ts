import type { KeyValueStore } from './storage.ts';

export type StoreOperation = 'get' | 'list' | 'create' | 'update' | 'delete' | 'txn' | 'compact';

/** Told of every call that has ended, well or not. `key` is the first one concerned. */
export type OnStoreCall = (operation: StoreOperation, key: string, durationMs: number) => void;

/** A store that tells how long its calls take; everything else is the store's own. */
export function measuredStore(store: KeyValueStore, onCall: OnStoreCall): KeyValueStore {
  const measure = async <T>(operation: StoreOperation, key: string, call: Promise<T>): Promise<T> => {
    const beganMs = performance.now();
    try {
      return await call;
    } finally {
      onCall(operation, key, performance.now() - beganMs);
    }
  };
  return {
    name: store.name,
    get: (key, options) => measure('get', key, store.get(key, options)),
    list: (prefix, options) => measure('list', prefix, store.list(prefix, options)),
    transact(conditions, writes, options) {
      const [write] = writes;
      const [condition] = conditions;
      const operation =
        write === undefined || writes.length > 1
          ? 'txn'
          : write.kind === 'delete'
            ? 'delete'
            : condition?.modRevision === 0
              ? 'create'
              : 'update';
      return measure(operation, write?.key ?? '', store.transact(conditions, writes, options));
    },
    watch: (prefix, options) => store.watch(prefix, options),
    requestProgress: (prefix, revision) => store.requestProgress(prefix, revision),
    revision: (options) => store.revision(options),
    compact: (revision, options) => measure('compact', '', store.compact(revision, options)),
    health: (options) => store.health(options),
    close: () => store.close(),
  };
}
