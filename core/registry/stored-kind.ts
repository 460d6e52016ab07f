import { notFound, StatusError } from '../api/errors.ts';
import type { KubernetesObject, Mutable } from '../api/object.ts';
import { apiVersionOf } from '../api/resource.ts';
import type { KindDeclaration } from '../api/scheme.ts';
import type { Clock } from '../machinery/clock.ts';
import type { KeyValue, KeyValueStore, Revision } from '../storage/storage.ts';
import { WatchCache } from '../storage/watch-cache/cache.ts';
import type { CachedItem } from '../storage/watch-cache/item.ts';
import { fromStorage, tooLargeResourceVersion } from './errors.ts';
import type { Freshness } from './list-options.ts';
import { RecentWrites } from './recent-writes.ts';
import { StoredFormat, StoredObject } from './stored-object.ts';
import type { Strategy } from './strategy.ts';
import { mostCauses, UnreadableObjects } from './unreadable.ts';

export interface StoredKindOptions {
  readonly declaration: KindDeclaration;
  readonly strategy: Strategy;
  readonly store: KeyValueStore;
  readonly clock: Clock;
  /** No other process writes to the store, so this one knows the newest revision without asking. */
  readonly soleWriter: boolean;
  readonly freeze?: ((object: KubernetesObject) => KubernetesObject) | undefined;
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** A hundred thousand objects take seconds, and a store that is away may come back: a start is worth waiting for. */
const loadWithinMs = 5 * 60_000;

/** What is known of the objects of one kind: from the watch cache, from one's own writes, and from the store itself. */
export class StoredKind {
  readonly cache: WatchCache<StoredObject>;
  /** Of all keys of the kind. */
  readonly prefix: string;
  readonly recent = new RecentWrites();
  readonly #options: StoredKindOptions;
  readonly #unreadable: UnreadableObjects;
  #declaration: KindDeclaration;
  #format: StoredFormat;

  constructor(options: StoredKindOptions) {
    const { declaration, strategy, store, clock, onError } = options;
    this.#options = options;
    this.#declaration = declaration;
    this.#format = formatOf(options);
    this.prefix = `/registry/${declaration.group === '' ? 'core' : declaration.group}/${declaration.plural}/`;
    this.#unreadable = new UnreadableObjects(declaration, this.prefix);
    this.cache = new WatchCache<StoredObject>({
      store,
      prefix: this.prefix,
      clock,
      decode: (entry) => this.decode(entry),
      indexes: indexesOf(strategy),
      labelsOf: ({ labels }) => labels,
      onError,
    });
  }

  get declaration(): KindDeclaration {
    return this.#declaration;
  }

  redeclare(declaration: KindDeclaration): void {
    this.#declaration = declaration;
    if (apiVersionOf(declaration) !== this.#format.apiVersion)
      this.#format = formatOf({ ...this.#options, declaration });
  }

  prefixOf(namespace: string | undefined): string {
    return namespace === undefined ? this.prefix : `${this.prefix}${namespace}/`;
  }

  /** Resolves when all there is was read once. */
  async loaded(signal?: AbortSignal): Promise<void> {
    try {
      await this.cache.waitFor(0, { signal, timeoutMs: loadWithinMs });
    } catch (error) {
      throw fromStorage(error);
    }
  }

  /** Resolves when the cache is as fresh as asked. */
  async waitUntil(freshness: Freshness, signal?: AbortSignal): Promise<void> {
    try {
      switch (freshness.kind) {
        case 'latest':
          if (!this.#options.soleWriter) await this.cache.waitForCurrent({ signal });
          else await this.cache.waitFor(this.recent.revision, { signal });
          return;
        case 'any':
          return await this.cache.waitFor(0, { signal });
        case 'at-least':
          return await this.#waitForRevision(freshness.revision, signal);
        case 'exactly':
          // Pages of old revisions come from snapshots or the store; only newer ones are waited for.
          if (freshness.revision > this.cache.revision)
            await this.#waitForRevision(freshness.revision, signal);
      }
    } catch (error) {
      throw fromStorage(error);
    }
  }

  /** Every revision up to the store's own is fine to ask for, though this kind may not have changed in it. */
  async #waitForRevision(revision: Revision, signal: AbortSignal | undefined): Promise<void> {
    if (this.cache.ready && revision <= this.cache.revision) return;
    const current = await this.#options.store.revision({ signal });
    if (revision > current) throw tooLargeResourceVersion(revision, current);
    await this.cache.waitFor(Math.min(revision, current), { signal });
  }

  async read(
    key: string,
    freshness: Freshness,
    signal: AbortSignal | undefined,
  ): Promise<StoredObject | undefined> {
    if (freshness.kind === 'latest') return this.newest(key, signal);
    await this.waitUntil(freshness, signal);
    return this.#known(key);
  }

  /** The newest state of a key, one's own writes included. */
  async newest(key: string, signal: AbortSignal | undefined): Promise<StoredObject | undefined> {
    if (!this.#options.soleWriter) return this.readStore(key, signal);
    if (!this.cache.ready) await this.waitUntil({ kind: 'any' }, signal);
    return this.#known(key);
  }

  /** As `newest`, where that needs no waiting; undefined also where there is nothing. */
  newestNow(key: string): StoredObject | undefined {
    return this.#options.soleWriter && this.cache.ready ? this.#known(key) : undefined;
  }

  /** The newest state of all below a prefix; undefined where the kind has more than a few, or it needs waiting. */
  fewNow(prefix: string): readonly CachedItem<StoredObject>[] | undefined {
    if (!this.#options.soleWriter || !this.cache.ready || this.recent.revision > this.cache.revision)
      return undefined;
    return this.cache.few(prefix);
  }

  /** What a write starts from. `live`: it was certainly the newest, so a refusal on its ground stands. */
  async beforeWrite(
    key: string,
    signal: AbortSignal | undefined,
  ): Promise<{ old: StoredObject | undefined; live: boolean }> {
    if (!this.cache.ready) await this.waitUntil({ kind: 'any' }, signal);
    const known = this.#known(key);
    const { soleWriter } = this.#options;
    if (soleWriter || known !== undefined) return { old: known, live: soleWriter };
    return { old: await this.readStore(key, signal), live: true };
  }

  #known(key: string): StoredObject | undefined {
    const written = this.recent.find(key, this.cache.revision);
    return written === undefined ? this.cache.get(key)?.object : written.stored;
  }

  async readStore(key: string, signal: AbortSignal | undefined): Promise<StoredObject | undefined> {
    const entry = await this.#entry(key, signal);
    return entry === undefined ? undefined : this.decode(entry);
  }

  async #entry(key: string, signal: AbortSignal | undefined): Promise<KeyValue | undefined> {
    try {
      return await this.#options.store.get(key, { signal });
    } catch (error) {
      throw fromStorage(error);
    }
  }

  /** NotFound; throws where there is something that cannot be read. */
  async missing(key: string, name: string, signal: AbortSignal | undefined): Promise<StatusError> {
    if (this.#unreadable.has(key)) await this.#checkReadable(key, signal);
    return notFound(this.declaration, name);
  }

  /** Throws where a list would leave out something that is there and cannot be read, and names it. */
  async checkReadable(namespace: string | undefined, signal?: AbortSignal): Promise<void> {
    const errors: StatusError[] = [];
    for (const key of this.#unreadable.below(this.prefixOf(namespace))) {
      // What is beyond those that are named is only said to be there.
      if (errors.length > mostCauses) break;
      await this.#checkReadable(key, signal).catch((error: unknown) => {
        if (!isStorageReadError(error)) throw error;
        errors.push(error);
      });
    }
    if (errors.length > 0) throw this.#unreadable.errorOf(errors);
  }

  /** The revision of what is there and cannot be read; undefined where it can, or nothing is there. */
  async unreadableAt(key: string, signal: AbortSignal | undefined): Promise<Revision | undefined> {
    const entry = await this.#entry(key, signal);
    try {
      // What only shows when all of it is read counts, too.
      return entry === undefined || typeof this.decode(entry).object === 'object'
        ? undefined
        : entry.modRevision;
    } catch (error) {
      if (entry !== undefined && isStorageReadError(error)) return entry.modRevision;
      throw error;
    }
  }

  /** What could not be read is gone. */
  forget(key: string): void {
    this.#unreadable.delete(key);
  }

  /** The store is asked again, because it may have been mended or removed behind our back. */
  async #checkReadable(key: string, signal: AbortSignal | undefined): Promise<void> {
    if ((await this.readStore(key, signal)) === undefined) this.#unreadable.delete(key);
  }

  encode(object: KubernetesObject): Buffer {
    return this.#format.of(object.apiVersion).encode(object);
  }

  /** Throws StorageReadError where the entry cannot be read. */
  decode(entry: KeyValue): StoredObject {
    const ours = this.recent.told(entry, (object) => this.stored(entry.value, entry.modRevision, object));
    if (ours !== undefined) return ours;
    if (entry.unreadable !== undefined) throw this.#unreadable.add(entry.key, entry.unreadable);
    let stored: StoredObject;
    try {
      stored = this.#format.decode(entry.value, entry.modRevision);
    } catch (error) {
      throw this.#unreadable.add(entry.key, error as Error);
    }
    this.#unreadable.delete(entry.key);
    return stored;
  }

  /** What `value` encodes, as of a revision. */
  stored(value: Buffer, revision: Revision, object: KubernetesObject): StoredObject {
    const { metadata } = object as Mutable<KubernetesObject>;
    const resourceVersion = String(revision);
    if (metadata.resourceVersion !== resourceVersion) metadata.resourceVersion = resourceVersion;
    return new StoredObject(this.#format.of(object.apiVersion), value, revision, object);
  }

  /** What `value` encodes and never was stored: the result of a dry run. */
  unstored(value: Buffer, object: KubernetesObject): StoredObject {
    return new StoredObject(this.#format.of(object.apiVersion), value, 0, object);
  }
}

function isStorageReadError(error: unknown): error is StatusError {
  return error instanceof StatusError && error.reason === 'StorageReadError';
}

function formatOf({ declaration, freeze }: StoredKindOptions): StoredFormat {
  const anyVersion = declaration.custom !== undefined;
  return new StoredFormat(apiVersionOf(declaration), declaration.kind, freeze, { anyVersion });
}

function indexesOf(strategy: Strategy): Record<string, (stored: StoredObject) => readonly string[]> {
  return Object.fromEntries(
    Object.entries(strategy.indexes ?? {}).map(([name, values]) => [
      name,
      (stored: StoredObject) => values(stored.object),
    ]),
  );
}
