import type { KubernetesObject, Mutable } from '../api/object.ts';
import { deepEqual } from '../machinery/json.ts';
import type { KeyValueStore, Revision, Write } from '../storage/storage.ts';
import { isDeletedBy } from './deletion.ts';
import { fromStorage } from './errors.ts';
import type { StoredKind } from './stored-kind.ts';
import type { StoredObject } from './stored-object.ts';
import type { Strategy } from './strategy.ts';
import type { WriteCall } from './write-calls.ts';

export type WriteOutcome =
  | { readonly kind: 'done'; readonly stored: StoredObject }
  | { readonly kind: 'lost'; readonly current: StoredObject | undefined };

/** Writes of one key, each a transaction that is lost where the key changed meanwhile. */
export class Commits {
  readonly #kind: StoredKind;
  readonly #strategy: Strategy;
  readonly #store: KeyValueStore;

  constructor(kind: StoredKind, strategy: Strategy, store: KeyValueStore) {
    this.#kind = kind;
    this.#strategy = strategy;
    this.#store = store;
  }

  /** Undefined where the key is taken. */
  async insert(
    key: string,
    object: Mutable<KubernetesObject>,
    call: WriteCall,
  ): Promise<StoredObject | undefined> {
    const value = this.#kind.encode(object);
    if (call.dryRun === true) {
      const present = await this.#kind.newest(key, call.signal);
      return present === undefined ? this.#kind.unstored(value, object) : undefined;
    }
    const outcome = await this.#transact(key, 0, { kind: 'put', key, value }, object, call);
    return outcome.kind === 'done' ? outcome.stored : undefined;
  }

  async replace(
    key: string,
    old: StoredObject,
    object: Mutable<KubernetesObject>,
    call: WriteCall,
  ): Promise<WriteOutcome> {
    const value = this.#kind.encode(object);
    if (isDeletedBy(object, old.object, this.#strategy)) {
      const outcome = await this.remove(key, old, call);
      if (outcome.kind === 'lost') return outcome;
      // Whoever lets go of it last is answered with what it wrote (store.go: deleteWithoutFinalizers).
      return { kind: 'done', stored: this.#kind.stored(value, outcome.stored.revision, object) };
    }
    if (value.length === old.valueLength && (old.isEncodedAs(value) || haveSameMeaning(object, old.object)))
      return { kind: 'done', stored: old };
    if (call.dryRun === true) return { kind: 'done', stored: this.#kind.stored(value, old.revision, object) };
    return this.#transact(key, old.revision, { kind: 'put', key, value }, object, call);
  }

  async remove(key: string, old: StoredObject, call: WriteCall): Promise<WriteOutcome> {
    if (call.dryRun === true) return { kind: 'done', stored: old };
    return this.#transact(key, old.revision, { kind: 'delete', key }, old.object, call, old);
  }

  /** Removes what cannot be read, as of a revision; false where it changed meanwhile. */
  async removeUnreadable(key: string, modRevision: Revision, { signal }: WriteCall): Promise<boolean> {
    try {
      const outcome = await this.#store.transact([{ key, modRevision }], [{ kind: 'delete', key }], {
        signal,
      });
      if (!outcome.committed) return false;
      this.#kind.forget(key);
      this.#committed(key, outcome.revision, undefined);
      return true;
    } catch (error) {
      throw fromStorage(error);
    }
  }

  async #transact(
    key: string,
    modRevision: Revision,
    write: Write,
    object: KubernetesObject,
    { signal }: WriteCall,
    removed?: StoredObject,
  ): Promise<WriteOutcome> {
    const { recent } = this.#kind;
    if (write.kind === 'put') recent.sending(key, modRevision, write.value, object);
    try {
      const outcome = await this.#store.transact([{ key, modRevision }], [write], { signal });
      if (!outcome.committed) {
        const current = outcome.current[0];
        return { kind: 'lost', current: current === undefined ? undefined : this.#kind.decode(current) };
      }
      const { revision } = outcome;
      if (write.kind === 'delete') {
        this.#committed(key, revision, undefined);
        return { kind: 'done', stored: (removed as StoredObject).at(revision) };
      }
      const stored = recent.toldOf(key, revision) ?? this.#kind.stored(write.value, revision, object);
      this.#committed(key, revision, stored);
      return { kind: 'done', stored };
    } catch (error) {
      throw fromStorage(error);
    } finally {
      recent.answered(key);
    }
  }

  #committed(key: string, revision: Revision, stored: StoredObject | undefined): void {
    const { recent, cache } = this.#kind;
    recent.committed(key, revision, stored);
    recent.sweep(cache.revision);
  }
}

/** Members in another order make other bytes, of the same length. */
function haveSameMeaning(object: KubernetesObject, old: KubernetesObject): boolean {
  const { resourceVersion: _a, ...metadata } = object.metadata;
  const { resourceVersion: _b, ...oldMetadata } = old.metadata;
  return deepEqual({ ...object, metadata }, { ...old, metadata: oldMetadata });
}
