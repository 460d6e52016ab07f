import { MemoryStore } from '../../core/storage/memory/store.ts';
import type { KeyValueStore, Revision, WatchBatch, WatchOptions } from '../../core/storage/storage.ts';
import { StorageError } from '../../core/storage/storage.ts';

/** A memory store whose watches can be broken and whose lists can be refused. */
export class InterruptibleStore implements KeyValueStore {
  readonly name = 'interruptible';
  refuseLists = false;
  #inner: KeyValueStore = new MemoryStore();
  #breaking = new AbortController();
  #restored = Promise.resolve();
  restore: () => void = () => {};

  /** Ends running watches with `error`; new lists and watches wait until `restore`. */
  interrupt(error: Error): void {
    this.#restored = new Promise((resolve) => {
      this.restore = resolve;
    });
    this.#breaking.abort(error);
    this.#breaking = new AbortController();
  }

  replaceWith(other: KeyValueStore): void {
    this.#inner = other;
    this.interrupt(new StorageError('unavailable', 'Cannot reach the store'));
    this.restore();
  }

  get: KeyValueStore['get'] = (key, options) => this.#inner.get(key, options);
  transact: KeyValueStore['transact'] = (conditions, writes, options) =>
    this.#inner.transact(conditions, writes, options);
  revision: KeyValueStore['revision'] = (options) => this.#inner.revision(options);
  requestProgress = (prefix: string, revision: Revision) => this.#inner.requestProgress(prefix, revision);
  compact = (revision: Revision) => this.#inner.compact(revision, {});
  health: KeyValueStore['health'] = (options) => this.#inner.health(options);
  close = () => this.#inner.close();

  list: KeyValueStore['list'] = async (prefix, options) => {
    await this.#restored;
    if (this.refuseLists) throw new StorageError('unavailable', 'Cannot reach the store');
    return this.#inner.list(prefix, options);
  };

  async *watch(prefix: string, { after, signal }: WatchOptions): AsyncGenerator<WatchBatch, void, undefined> {
    const breaking = this.#breaking.signal;
    const either = AbortSignal.any([signal, breaking]);
    yield* this.#inner.watch(prefix, { after, signal: either });
    if (!signal.aborted) throw breaking.reason as Error;
  }
}
