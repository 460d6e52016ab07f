import {
  alreadyExists,
  conflict,
  generatedNameTaken,
  invalid,
  modifiedMeanwhile,
  StatusError,
} from '../api/errors.ts';
import { invalidValue } from '../api/validation/field-errors.ts';
import { FieldPath } from '../api/validation/field-path.ts';
import type { KubernetesObject, Mutable } from '../api/object.ts';
import type { KindDeclaration } from '../api/scheme.ts';
import { emptyMember } from '../api/validation/normalize.ts';
import type { DeleteOptions, DeleteResult, GetOptions, ListOptions } from '../api/verbs.ts';
import type { Clock } from '../machinery/clock.ts';
import type { Random } from '../machinery/random.ts';
import type { WatchCache } from '../storage/watch-cache/cache.ts';
import { Commits } from './commits.ts';
import { deletionStep } from './deletion.ts';
import { getFreshness, planList } from './list-options.ts';
import type { Freshness } from './list-options.ts';
import { listPage } from './listing.ts';
import type { StoredList } from './listing.ts';
import { checkPreconditions, checkRevision, fillNewMetadata, generatedName } from './metadata.ts';
import { selectionOf } from './selection.ts';
import type { Selection } from './selection.ts';
import { StoredKind } from './stored-kind.ts';
import type { StoredKindOptions } from './stored-kind.ts';
import type { StoredObject } from './stored-object.ts';
import type { Strategy } from './strategy.ts';
import type { CreateCall, DeleteCall, UpdateCall, WriteCall } from './write-calls.ts';

export interface ResourceStoreOptions extends StoredKindOptions {
  readonly random: Random;
}

/** Attempts of a write that always loses the race before its client is told. */
const maxAttempts = 100;
const maxNameAttempts = 8;

/** One kind on the key-value store: every write a transaction, every read from the watch cache. */
export class ResourceStore {
  readonly strategy: Strategy;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #indexNames: ReadonlySet<string>;
  readonly #kind: StoredKind;
  readonly #commits: Commits;

  constructor(options: ResourceStoreOptions) {
    const { strategy, clock, random, store } = options;
    this.strategy = strategy;
    this.#clock = clock;
    this.#random = random;
    this.#indexNames = new Set(Object.keys(strategy.indexes ?? {}));
    this.#kind = new StoredKind(options);
    this.#commits = new Commits(this.#kind, strategy, store);
  }

  get declaration(): KindDeclaration {
    return this.#kind.declaration;
  }

  get cache(): WatchCache<StoredObject> {
    return this.#kind.cache;
  }

  /** A custom kind has another schema, or is stored in another version. What is stored stays as it is. */
  redeclare(declaration: KindDeclaration): void {
    this.#kind.redeclare(declaration);
  }

  /** Keeps the watch cache up to date until `signal` aborts. */
  run(signal: AbortSignal): Promise<void> {
    return this.cache.run(signal);
  }

  keyOf(namespace: string | undefined, name: string): string {
    return `${this.prefixOf(namespace)}${name}`;
  }

  prefixOf(namespace: string | undefined): string {
    return this.#kind.prefixOf(namespace);
  }

  async get(
    namespace: string | undefined,
    name: string,
    options: GetOptions = {},
    signal?: AbortSignal,
  ): Promise<StoredObject> {
    const key = this.keyOf(namespace, name);
    const found = await this.#kind.read(key, getFreshness(options.resourceVersion), signal);
    if (found === undefined) throw await this.#kind.missing(key, name, signal);
    return found;
  }

  /** As `get`, where that needs no waiting; undefined otherwise, and where there is none. */
  getNow(namespace: string | undefined, name: string): StoredObject | undefined {
    return this.#kind.newestNow(this.keyOf(namespace, name));
  }

  /** As `list` of everything, where that is little and needs no waiting; undefined otherwise. */
  listNow(namespace: string | undefined): StoredList | undefined {
    const items = this.#kind.fewNow(this.prefixOf(namespace));
    if (items === undefined) return undefined;
    return {
      items: items.map(({ object }) => object),
      resourceVersion: String(this.cache.revision),
      continue: undefined,
      remainingItemCount: undefined,
    };
  }

  async list(
    namespace: string | undefined,
    options: ListOptions = {},
    signal?: AbortSignal,
    declaration = this.declaration,
  ): Promise<StoredList> {
    const selection = this.select(options, declaration);
    const prefix = this.prefixOf(namespace);
    const plan = planList(options, this.#kind.prefix);
    if (plan.startAfter?.startsWith(prefix) === false)
      return this.list(namespace, { ...options, continue: '' }, signal, declaration);
    return listPage(this.#kind, prefix, plan, selection, signal);
  }

  /** `declaration` says which fields there are to select by: versions of a custom kind may differ in that. */
  select(
    selectors: { labelSelector?: string | undefined; fieldSelector?: string | undefined },
    declaration = this.declaration,
  ): Selection {
    return selectionOf(declaration, this.#indexNames, selectors);
  }

  async create(object: Mutable<KubernetesObject>, call: CreateCall = {}): Promise<StoredObject> {
    const { generateName } = object.metadata;
    const generated = object.metadata.name === undefined && generateName !== undefined;
    fillNewMetadata(object, this.declaration, this.#clock, this.#random);
    this.#emptyStatus(object);
    this.strategy.prepareForCreate?.(object, { clock: this.#clock, subresource: '' });
    await call.admit?.(object);
    for (let attempt = 1; ; attempt++) {
      const ready = (await call.check?.(object)) ?? object;
      const { namespace, name = '' } = ready.metadata;
      const created = await this.#commits.insert(this.keyOf(namespace, name), ready, call);
      if (created !== undefined) return created;
      if (!generated) throw alreadyExists(this.declaration, name);
      if (attempt === maxNameAttempts) throw generatedNameTaken(this.declaration, name);
      object.metadata.name = generatedName(generateName, this.#random);
    }
  }

  async update(namespace: string | undefined, name: string, call: UpdateCall): Promise<StoredObject> {
    const key = this.keyOf(namespace, name);
    let { old, live } = await this.#kind.beforeWrite(key, call.signal);
    for (let attempt = 1; ; attempt++) {
      if (old === undefined) throw await this.#kind.missing(key, name, call.signal);
      let object: Mutable<KubernetesObject>;
      try {
        checkPreconditions(this.declaration, old.object, call.preconditions ?? {});
        object = await call.change(old);
        checkRevision(this.declaration, object, old);
      } catch (error) {
        // A refusal on the ground of an old copy may be wrong: look at the store itself once.
        if (live || !(error instanceof StatusError)) throw error;
        live = true;
        const fresh = await this.#kind.readStore(key, call.signal);
        if (fresh?.revision === old.revision) throw error;
        old = fresh;
        continue;
      }
      const outcome = await this.#commits.replace(key, old, object, call);
      if (outcome.kind === 'done') {
        if (live || outcome.stored !== old) return outcome.stored;
        // An old copy is as it is wished: that says nothing of what is stored.
        const fresh = await this.#kind.readStore(key, call.signal);
        if (fresh?.revision === old.revision) return old;
        old = fresh;
      } else {
        old = outcome.current;
      }
      live = true;
      if (attempt >= maxAttempts) throw conflict(this.declaration, name, modifiedMeanwhile);
    }
  }

  async delete(
    namespace: string | undefined,
    name: string,
    options: DeleteOptions = {},
    call: DeleteCall = {},
  ): Promise<DeleteResult> {
    const key = this.keyOf(namespace, name);
    let { old, live } = await this.#kind.beforeWrite(key, call.signal);
    for (let attempt = 1; ; attempt++) {
      if (old === undefined) throw await this.#kind.missing(key, name, call.signal);
      try {
        checkPreconditions(this.declaration, old.object, options.preconditions ?? {});
        await call.admit?.(old.object);
      } catch (error) {
        if (live || !(error instanceof StatusError)) throw error;
        live = true;
        old = await this.#kind.readStore(key, call.signal);
        continue;
      }
      const step = deletionStep(old.object, options, this.strategy, { clock: this.#clock, subresource: '' });
      if (step.kind === 'wait') {
        if (live) return { object: old, gone: false };
        // An old copy goes already: something else may be there by now.
        live = true;
        old = await this.#kind.readStore(key, call.signal);
        continue;
      }
      const outcome =
        step.kind === 'remove'
          ? await this.#commits.remove(key, old, call)
          : await this.#commits.replace(key, old, step.object, call);
      if (outcome.kind === 'done') return { object: outcome.stored, gone: step.kind === 'remove' };
      live = true;
      old = outcome.current;
      if (attempt >= maxAttempts) throw conflict(this.declaration, name, modifiedMeanwhile);
    }
  }

  /**
   * Removes what cannot be read: nobody can tell whether finalizers or preconditions would keep it. Throws Invalid
   * where it can be read, or nothing is there (generic/registry/corrupt_obj_deleter.go).
   */
  async deleteUnreadable(namespace: string | undefined, name: string, call: WriteCall): Promise<void> {
    const key = this.keyOf(namespace, name);
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      const revision = await this.#kind.unreadableAt(key, call.signal);
      if (revision === undefined) throw notUnreadable(this.declaration, name);
      if (await this.#commits.removeUnreadable(key, revision, call)) return;
    }
    throw conflict(this.declaration, name, modifiedMeanwhile);
  }

  /** Resolves when all there is was read once. */
  loaded(signal?: AbortSignal): Promise<void> {
    return this.#kind.loaded(signal);
  }

  /** Throws where a list would leave out something that is there and cannot be read, and names it. */
  checkReadable(namespace: string | undefined, signal?: AbortSignal): Promise<void> {
    return this.#kind.checkReadable(namespace, signal);
  }

  /** Resolves when the cache is as fresh as asked. */
  waitUntil(freshness: Freshness, signal?: AbortSignal): Promise<void> {
    return this.#kind.waitUntil(freshness, signal);
  }

  #emptyStatus(object: Mutable<KubernetesObject>): void {
    const { declaration, strategy } = this;
    if (declaration.subresources?.['status'] === undefined || strategy.createsStatus === true) return;
    // Whether a custom kind has one is a matter of the version it is asked for in.
    if (declaration.custom !== undefined) return;
    (object as { status?: unknown }).status = emptyMember(declaration.schema, 'status');
  }
}

function notUnreadable({ group, plural }: KindDeclaration, name: string): StatusError {
  return invalid({ group, kind: plural }, name, [
    invalidValue(
      FieldPath.root.child('ignoreStoreReadErrorWithClusterBreakingPotential'),
      true,
      'is exclusively used to delete corrupt object(s), try again by removing this option',
    ),
  ]);
}
