import { alreadyExists, conflict, gone, modifiedMeanwhile, notFound, StatusError } from '../api/errors.ts';
import type { KubernetesObject, Mutable } from '../api/object.ts';
import { apiVersionOf } from '../api/resource.ts';
import type { KindDeclaration } from '../api/scheme.ts';
import { emptyMember } from '../api/validation/normalize.ts';
import type { DeleteOptions, DeleteResult, GetOptions, ListOptions } from '../api/verbs.ts';
import type { Clock } from '../machinery/clock.ts';
import { deepEqual } from '../machinery/json.ts';
import type { Random } from '../machinery/random.ts';
import type { KeyValue, KeyValueStore, Revision, Write } from '../storage/storage.ts';
import { StorageError } from '../storage/storage.ts';
import { WatchCache } from '../storage/watch-cache/cache.ts';
import { encodeContinue } from './continue-token.ts';
import { deletionStep, isDeletedBy } from './deletion.ts';
import { fromStorage, tooLargeResourceVersion } from './errors.ts';
import { getFreshness, planList } from './list-options.ts';
import type { Freshness, ListPlan } from './list-options.ts';
import { checkPreconditions, fillNewMetadata, generatedName } from './metadata.ts';
import type { Preconditions } from './metadata.ts';
import { RecentWrites } from './recent-writes.ts';
import { selectionOf } from './selection.ts';
import type { Selection } from './selection.ts';
import { StoredFormat, StoredObject } from './stored-object.ts';
import type { Strategy } from './strategy.ts';
import { UnreadableObjects } from './unreadable.ts';

export interface ResourceStoreOptions {
  readonly declaration: KindDeclaration;
  readonly strategy: Strategy;
  readonly store: KeyValueStore;
  readonly clock: Clock;
  readonly random: Random;
  /** No other process writes to the store, so this one knows the newest revision without asking. */
  readonly soleWriter: boolean;
  readonly freeze?: ((object: KubernetesObject) => KubernetesObject) | undefined;
  readonly onError?: ((error: unknown) => void) | undefined;
}

export interface WriteCall {
  readonly signal?: AbortSignal | undefined;
  readonly dryRun?: boolean | undefined;
}

export interface CreateCall extends WriteCall {
  /**
   * Admission that changes the object, defaults again, and validates. May run again under another generated name.
   * Resolves to what is to be stored where that is another form of the object.
   */
  readonly admit?:
    ((object: Mutable<KubernetesObject>) => Promise<Mutable<KubernetesObject> | void>) | undefined;
}

export interface UpdateCall extends WriteCall {
  readonly preconditions?: Preconditions | undefined;
  /**
   * Makes the new object from the present one, validated and ready to be stored; called again when the race for
   * the write was lost. A `resourceVersion` in it makes the update conditional.
   */
  readonly change: (old: StoredObject) => Promise<Mutable<KubernetesObject>>;
}

export interface DeleteCall extends WriteCall {
  readonly admit?: ((old: KubernetesObject) => Promise<void>) | undefined;
}

export interface StoredList {
  readonly items: readonly StoredObject[];
  readonly resourceVersion: string;
  readonly continue: string | undefined;
  readonly remainingItemCount: number | undefined;
}

/** Attempts of a write that always loses the race before its client is told. */
const maxAttempts = 100;
const maxNameAttempts = 8;
/** A hundred thousand objects take seconds, and a store that is away may come back: a start is worth waiting for. */
const loadWithinMs = 5 * 60_000;
const maxRecentWrites = 1_000;

/** One kind on the key-value store: every write a transaction, every read from the watch cache. */
export class ResourceStore {
  #declaration: KindDeclaration;
  readonly strategy: Strategy;
  readonly cache: WatchCache<StoredObject>;
  readonly prefix: string;
  readonly indexNames: ReadonlySet<string>;
  readonly #store: KeyValueStore;
  readonly #options: ResourceStoreOptions;
  #format: StoredFormat;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #soleWriter: boolean;
  readonly #recent = new RecentWrites();
  readonly #unreadable: UnreadableObjects;

  constructor(options: ResourceStoreOptions) {
    const { declaration, strategy, store, clock } = options;
    this.#declaration = declaration;
    this.#options = options;
    this.strategy = strategy;
    this.prefix = `/registry/${declaration.group === '' ? 'core' : declaration.group}/${declaration.plural}/`;
    this.#unreadable = new UnreadableObjects(declaration, this.prefix);
    this.indexNames = new Set(Object.keys(strategy.indexes ?? {}));
    this.#store = store;
    this.#clock = clock;
    this.#random = options.random;
    this.#soleWriter = options.soleWriter;
    this.#format = formatOf(options);
    this.cache = new WatchCache<StoredObject>({
      store,
      prefix: this.prefix,
      clock,
      decode: (entry) => this.#decode(entry),
      indexes: this.#indexes(),
      labelsOf: ({ labels }) => labels,
      onError: options.onError,
    });
  }

  get declaration(): KindDeclaration {
    return this.#declaration;
  }

  /** A custom kind has another schema, or is stored in another version. What is stored stays as it is. */
  redeclare(declaration: KindDeclaration): void {
    this.#declaration = declaration;
    if (apiVersionOf(declaration) !== this.#format.apiVersion)
      this.#format = formatOf({ ...this.#options, declaration });
  }

  /** Keeps the watch cache up to date until `signal` aborts. */
  run(signal: AbortSignal): Promise<void> {
    return this.cache.run(signal);
  }

  keyOf(namespace: string | undefined, name: string): string {
    return namespace === undefined ? `${this.prefix}${name}` : `${this.prefix}${namespace}/${name}`;
  }

  async get(
    namespace: string | undefined,
    name: string,
    options: GetOptions = {},
    signal?: AbortSignal,
  ): Promise<StoredObject> {
    const key = this.keyOf(namespace, name);
    const freshness = getFreshness(options.resourceVersion);
    const found =
      freshness.kind === 'latest'
        ? await this.#newest(key, signal)
        : await this.#read(key, freshness, signal);
    if (found === undefined) throw await this.#missing(key, name, signal);
    return found;
  }

  async list(
    namespace: string | undefined,
    options: ListOptions = {},
    signal?: AbortSignal,
    declaration = this.declaration,
  ): Promise<StoredList> {
    const selection = this.select(options, declaration);
    const prefix = this.prefixOf(namespace);
    const plan = planList(options, this.prefix);
    if (plan.startAfter?.startsWith(prefix) === false)
      return this.list(namespace, { ...options, continue: '' }, signal, declaration);
    try {
      return await this.#list(prefix, plan, selection, signal);
    } catch (error) {
      if (error instanceof StorageError && error.reason === 'compacted') throw this.#expiredList(plan);
      throw fromStorage(error);
    }
  }

  /** `declaration` says which fields there are to select by: versions of a custom kind may differ in that. */
  select(
    selectors: { labelSelector?: string | undefined; fieldSelector?: string | undefined },
    declaration = this.declaration,
  ): Selection {
    return selectionOf(declaration, this.indexNames, selectors);
  }

  prefixOf(namespace: string | undefined): string {
    return namespace === undefined ? this.prefix : `${this.prefix}${namespace}/`;
  }

  async create(object: Mutable<KubernetesObject>, call: CreateCall = {}): Promise<StoredObject> {
    const { generateName } = object.metadata;
    const generated = object.metadata.name === undefined && generateName !== undefined;
    fillNewMetadata(object, this.declaration, this.#clock, this.#random);
    this.#emptyStatus(object);
    this.strategy.prepareForCreate?.(object, { clock: this.#clock, subresource: '' });
    const ready = (await call.admit?.(object)) ?? object;
    for (let attempt = 1; ; attempt++) {
      const created = await this.#insert(ready, call);
      if (created !== undefined) return created;
      if (!generated || attempt === maxNameAttempts)
        throw alreadyExists(this.declaration, ready.metadata.name ?? '');
      ready.metadata.name = generatedName(generateName, this.#random);
    }
  }

  async update(namespace: string | undefined, name: string, call: UpdateCall): Promise<StoredObject> {
    const key = this.keyOf(namespace, name);
    let { old, live } = await this.#beforeWrite(key, call.signal);
    for (let attempt = 1; ; attempt++) {
      if (old === undefined) throw await this.#missing(key, name, call.signal);
      let object: Mutable<KubernetesObject>;
      try {
        checkPreconditions(this.declaration, old.object, call.preconditions ?? {});
        object = await call.change(old);
        this.#checkRevision(object, old);
      } catch (error) {
        // A refusal on the ground of an old copy may be wrong: look at the store itself once.
        if (live || !(error instanceof StatusError)) throw error;
        live = true;
        const fresh = await this.#readStore(key, call.signal);
        if (fresh?.revision === old.revision) throw error;
        old = fresh;
        continue;
      }
      const outcome = await this.#replace(key, old, object, call);
      if (outcome.kind === 'done') return outcome.stored;
      live = true;
      old = outcome.current;
      if (old === undefined || attempt >= maxAttempts)
        throw conflict(this.declaration, name, modifiedMeanwhile);
    }
  }

  async delete(
    namespace: string | undefined,
    name: string,
    options: DeleteOptions = {},
    call: DeleteCall = {},
  ): Promise<DeleteResult> {
    const key = this.keyOf(namespace, name);
    let { old, live } = await this.#beforeWrite(key, call.signal);
    for (let attempt = 1; ; attempt++) {
      if (old === undefined) throw await this.#missing(key, name, call.signal);
      try {
        checkPreconditions(this.declaration, old.object, options.preconditions ?? {});
        await call.admit?.(old.object);
      } catch (error) {
        if (live || !(error instanceof StatusError)) throw error;
        live = true;
        old = await this.#readStore(key, call.signal);
        continue;
      }
      const step = deletionStep(old.object, options, this.strategy, { clock: this.#clock, subresource: '' });
      if (step.kind === 'wait') return { object: old, gone: false };
      const outcome =
        step.kind === 'remove'
          ? await this.#remove(key, old, call)
          : await this.#replace(key, old, step.object, call);
      if (outcome.kind === 'done') return { object: outcome.stored, gone: step.kind === 'remove' };
      live = true;
      old = outcome.current;
      if (attempt >= maxAttempts) throw conflict(this.declaration, name, modifiedMeanwhile);
    }
  }

  /** Resolves when all there is was read once. */
  async loaded(signal?: AbortSignal): Promise<void> {
    try {
      await this.cache.waitFor(0, { signal, timeoutMs: loadWithinMs });
    } catch (error) {
      throw fromStorage(error);
    }
  }

  /** Throws where a list would leave out something that is there and cannot be read, and names it. */
  async checkReadable(namespace: string | undefined, signal?: AbortSignal): Promise<void> {
    for (const key of this.#unreadable.below(this.prefixOf(namespace)))
      await this.#checkReadable(key, signal);
  }

  /** Resolves when the cache is as fresh as asked. */
  async waitUntil(freshness: Freshness, signal?: AbortSignal): Promise<void> {
    try {
      switch (freshness.kind) {
        case 'latest':
          if (!this.#soleWriter) await this.cache.waitForCurrent({ signal });
          else await this.cache.waitFor(this.#recent.revision, { signal });
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
    const current = await this.#store.revision(signal === undefined ? {} : { signal });
    if (revision > current) throw tooLargeResourceVersion(revision, current);
    await this.cache.waitFor(Math.min(revision, current), { signal });
  }

  async #list(
    prefix: string,
    plan: ListPlan,
    selection: Selection,
    signal: AbortSignal | undefined,
  ): Promise<StoredList> {
    await this.waitUntil(plan.freshness, signal);
    const page = await this.cache.list({
      prefix,
      startAfter: plan.startAfter,
      limit: plan.limit,
      labels: selection.labels,
      filter: selection.filter,
      index: selection.index,
      revision: plan.freshness.kind === 'exactly' ? plan.freshness.revision : undefined,
      signal,
    });
    const last = page.items.at(-1);
    const more = page.remaining > 0 && last !== undefined;
    return {
      items: page.items.map((item) => item.object),
      resourceVersion: String(page.revision),
      continue: more
        ? encodeContinue({ revision: page.revision, startAfter: last.key }, this.prefix)
        : undefined,
      // How many of the rest match a selector is not known without looking at them.
      remainingItemCount:
        more && selection.filter === undefined && selection.labels === undefined ? page.remaining : undefined,
    };
  }

  /** The token expired: the client may start over, or go on with what is there now (apiserver/pkg/storage/etcd3/errors.go). */
  #expiredList({ token }: ListPlan): StatusError {
    if (token === undefined) return gone('The provided resource version is too old.');
    const text =
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';
    const goOn = encodeContinue({ revision: -1, startAfter: token.startAfter }, this.prefix);
    return new StatusError('Expired', text, { continue: goOn });
  }

  async #read(
    key: string,
    freshness: Freshness,
    signal: AbortSignal | undefined,
  ): Promise<StoredObject | undefined> {
    await this.waitUntil(freshness, signal);
    return this.#known(key);
  }

  /** The newest state of a key, one's own writes included. */
  async #newest(key: string, signal: AbortSignal | undefined): Promise<StoredObject | undefined> {
    if (!this.#soleWriter) return this.#readStore(key, signal);
    if (!this.cache.ready) await this.waitUntil({ kind: 'any' }, signal);
    return this.#known(key);
  }

  /** What a write starts from. `live`: it was certainly the newest, so a refusal on its ground stands. */
  async #beforeWrite(
    key: string,
    signal: AbortSignal | undefined,
  ): Promise<{ old: StoredObject | undefined; live: boolean }> {
    if (!this.cache.ready) await this.waitUntil({ kind: 'any' }, signal);
    const known = this.#known(key);
    if (this.#soleWriter || known !== undefined) return { old: known, live: this.#soleWriter };
    return { old: await this.#readStore(key, signal), live: true };
  }

  #known(key: string): StoredObject | undefined {
    const written = this.#recent.find(key, this.cache.revision);
    return written === undefined ? this.cache.get(key)?.object : written.stored;
  }

  /** The store is asked again, because it may have been mended or removed behind our back. */
  async #checkReadable(key: string, signal: AbortSignal | undefined): Promise<void> {
    if ((await this.#readStore(key, signal)) === undefined) this.#unreadable.delete(key);
  }

  /** NotFound; throws where there is something that cannot be read. */
  async #missing(key: string, name: string, signal: AbortSignal | undefined): Promise<StatusError> {
    if (this.#unreadable.has(key)) await this.#checkReadable(key, signal);
    return notFound(this.declaration, name);
  }

  async #readStore(key: string, signal: AbortSignal | undefined): Promise<StoredObject | undefined> {
    try {
      const entry = await this.#store.get(key, signal === undefined ? {} : { signal });
      return entry === undefined ? undefined : this.#decode(entry);
    } catch (error) {
      throw fromStorage(error);
    }
  }

  #emptyStatus(object: Mutable<KubernetesObject>): void {
    const { declaration, strategy } = this;
    if (declaration.subresources?.['status'] === undefined || strategy.createsStatus === true) return;
    // Whether a custom kind has one is a matter of the version it is asked for in.
    if (declaration.custom !== undefined) return;
    (object as { status?: unknown }).status = emptyMember(declaration.schema, 'status');
  }

  #checkRevision(object: KubernetesObject, old: StoredObject): void {
    const { resourceVersion } = object.metadata;
    if (resourceVersion === undefined || resourceVersion === '') {
      if (this.declaration.unconditionalUpdate) return;
      throw new StatusError(
        'Invalid',
        `${this.declaration.plural} ${JSON.stringify(object.metadata.name)} is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update`,
        {
          target: { group: this.declaration.group, kind: this.declaration.kind, name: object.metadata.name },
          causes: [
            {
              reason: 'FieldValueInvalid',
              message: 'Invalid value: 0: must be specified for an update',
              field: 'metadata.resourceVersion',
            },
          ],
        },
      );
    }
    if (resourceVersion !== old.resourceVersion)
      throw conflict(this.declaration, old.object.metadata.name ?? '', modifiedMeanwhile);
  }

  async #insert(object: Mutable<KubernetesObject>, call: WriteCall): Promise<StoredObject | undefined> {
    const key = this.keyOf(object.metadata.namespace, object.metadata.name ?? '');
    const format = this.#format.of(object.apiVersion);
    const value = format.encode(object);
    if (call.dryRun === true) {
      const present = await this.#newest(key, call.signal);
      return present === undefined ? new StoredObject(format, value, 0, object) : undefined;
    }
    const outcome = await this.#transact(key, 0, { kind: 'put', key, value }, object, call);
    return outcome.kind === 'done' ? outcome.stored : undefined;
  }

  async #replace(
    key: string,
    old: StoredObject,
    object: Mutable<KubernetesObject>,
    call: WriteCall,
  ): Promise<WriteOutcome> {
    if (isDeletedBy(object, old.object, this.strategy)) return this.#remove(key, old, call);
    const value = this.#format.of(object.apiVersion).encode(object);
    if (value.length === old.value.length && (value.equals(old.value) || this.#sameMeaning(object, old)))
      return { kind: 'done', stored: old };
    if (call.dryRun === true) return { kind: 'done', stored: this.#stored(value, old.revision, object) };
    return this.#transact(key, old.revision, { kind: 'put', key, value }, object, call);
  }

  /** Members in another order make other bytes, of the same length. */
  #sameMeaning(object: KubernetesObject, old: StoredObject): boolean {
    const { resourceVersion: _a, ...metadata } = object.metadata;
    const { resourceVersion: _b, ...oldMetadata } = old.object.metadata;
    return deepEqual({ ...object, metadata }, { ...old.object, metadata: oldMetadata });
  }

  async #remove(key: string, old: StoredObject, call: WriteCall): Promise<WriteOutcome> {
    if (call.dryRun === true) return { kind: 'done', stored: old };
    return this.#transact(key, old.revision, { kind: 'delete', key }, old.object, call, old);
  }

  async #transact(
    key: string,
    modRevision: Revision,
    write: Write,
    object: KubernetesObject,
    { signal }: WriteCall,
    removed?: StoredObject,
  ): Promise<WriteOutcome> {
    if (write.kind === 'put') this.#recent.sending(key, write.value, object);
    try {
      const outcome = await this.#store.transact(
        [{ key, modRevision }],
        [write],
        signal === undefined ? {} : { signal },
      );
      if (!outcome.committed) {
        const current = outcome.current[0];
        return { kind: 'lost', current: current === undefined ? undefined : this.#decode(current) };
      }
      const { revision } = outcome;
      if (write.kind === 'delete') {
        this.#committed(key, revision, undefined);
        return { kind: 'done', stored: (removed as StoredObject).at(revision) };
      }
      const stored = this.#stored(write.value, revision, object);
      this.#committed(key, revision, stored);
      return { kind: 'done', stored };
    } catch (error) {
      throw fromStorage(error);
    } finally {
      this.#recent.answered(key);
    }
  }

  #committed(key: string, revision: Revision, stored: StoredObject | undefined): void {
    this.#recent.committed(key, revision, stored);
    if (this.#recent.size > maxRecentWrites) this.#recent.sweep(this.cache.revision);
  }

  #decode(entry: KeyValue): StoredObject {
    const object = this.#recent.objectFor(entry);
    if (object !== undefined) return this.#stored(entry.value, entry.modRevision, object);
    if (entry.unreadable !== undefined) throw this.#unreadable.add(entry.key, entry.unreadable);
    this.#unreadable.delete(entry.key);
    return this.#format.decode(entry.value, entry.modRevision);
  }

  #stored(value: Buffer, revision: Revision, object: KubernetesObject): StoredObject {
    const { metadata } = object as Mutable<KubernetesObject>;
    const resourceVersion = String(revision);
    if (metadata.resourceVersion !== resourceVersion) metadata.resourceVersion = resourceVersion;
    return new StoredObject(this.#format.of(object.apiVersion), value, revision, object);
  }

  #indexes(): Record<string, (stored: StoredObject) => readonly string[]> {
    return Object.fromEntries(
      Object.entries(this.strategy.indexes ?? {}).map(([name, values]) => [
        name,
        (stored: StoredObject) => values(stored.object),
      ]),
    );
  }
}

function formatOf({ declaration, freeze }: ResourceStoreOptions): StoredFormat {
  const anyVersion = declaration.custom !== undefined;
  return new StoredFormat(apiVersionOf(declaration), declaration.kind, freeze, { anyVersion });
}

type WriteOutcome =
  | { readonly kind: 'done'; readonly stored: StoredObject }
  | { readonly kind: 'lost'; readonly current: StoredObject | undefined };
