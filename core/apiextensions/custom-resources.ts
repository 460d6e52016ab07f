import { isEstablished } from '../api/custom/conditions.ts';
import { declarationOf, declarationsOf } from '../api/custom/declaration.ts';
import type { CustomKindOptions } from '../api/custom/declaration.ts';
import { isConflict, isGone, isNotFound } from '../api/errors.ts';
import type { CustomResourceDefinition } from '../api/generated/apiextensions-v1.ts';
import { customresourcedefinitions } from '../api/generated/resources.ts';
import type { Mutable } from '../api/object.ts';
import type { KindDeclaration, Scheme } from '../api/scheme.ts';
import type { WatchEvent } from '../api/verbs.ts';
import { sleep } from '../machinery/clock.ts';
import type { Clock } from '../machinery/clock.ts';
import { deferred } from '../machinery/deferred.ts';
import { deepEqual } from '../machinery/json.ts';
import { timestamp } from '../machinery/timestamp.ts';
import { WorkQueue } from '../machinery/work-queue.ts';
import { cleanupFinalizer } from '../registry/custom-resource-definition/strategy.ts';
import type { Registry } from '../registry/registry.ts';
import { watchStore } from '../registry/watching.ts';
import { deleteInstances, untilEmpty, withoutFinalizer, withTerminating } from './finalizer.ts';
import { namedStatus } from './naming.ts';
import { structuralStatus } from './structure.ts';

export interface CustomResourcesOptions {
  readonly scheme: Scheme;
  readonly registry: Registry;
  readonly clock: Clock;
  /** How objects of a definition change their version, and which rules they must keep. */
  readonly kindOptions: (definition: CustomResourceDefinition) => CustomKindOptions;
  readonly onError?: ((error: unknown) => void) | undefined;
}

interface Served {
  /** What decides how the kind is served; the rest of the definition may change without anything to do. */
  readonly basis: unknown;
  readonly declarations: readonly KindDeclaration[];
}

const watchAgainMs = 1_000;

/**
 * Serves what CustomResourceDefinitions declare: grants their names, adds their kinds to the scheme the moment they
 * are established, and takes them away with the objects when they are deleted. Every process does so for itself;
 * where several write a status, they write the same.
 */
export class CustomResources {
  readonly #options: CustomResourcesOptions;
  readonly #definitions = new Map<string, CustomResourceDefinition>();
  readonly #served = new Map<string, Served>();
  /** Definitions whose objects are being deleted. */
  readonly #finalizing = new Map<string, Promise<void>>();
  readonly #queue: WorkQueue;
  readonly #synced = deferred();

  constructor(options: CustomResourcesOptions) {
    this.#options = options;
    this.#queue = new WorkQueue({ clock: options.clock, backoff: { initialMs: 50, maxMs: 30_000 } });
  }

  /** Resolves when all definitions that were there at the start are served. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  async run(signal: AbortSignal): Promise<void> {
    const onAbort = () => this.#queue.shutDown();
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    await Promise.all([this.#follow(signal), this.#work(signal)]);
    await Promise.all(this.#finalizing.values());
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { registry, clock, onError } = this.#options;
    const store = registry.storeFor(customresourcedefinitions);
    const { group, version, plural } = customresourcedefinitions;
    while (!signal.aborted) {
      try {
        const found = new Set<string>();
        let complete = false;
        const watch = watchStore(
          store,
          { signal },
          { group, version, resource: plural },
          { sendInitialEvents: true, allowBookmarks: true },
          clock,
        );
        for await (const events of watch) {
          this.#take(events);
          if (complete) continue;
          for (const event of events) {
            if (event.type !== 'BOOKMARK') found.add(event.object.object.metadata.name ?? '');
            else if (event.initialEventsEnd) complete = true;
          }
          if (!complete) continue;
          // What went while nobody watched.
          this.#forget([...this.#definitions.keys()].filter((name) => !found.has(name)));
          this.#synced.resolve();
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!isGone(error)) onError?.(error);
        await sleep(clock, watchAgainMs, signal).catch(() => undefined);
      }
    }
  }

  /** A batch of events makes one change of the scheme. */
  #take(events: readonly WatchEvent[]): void {
    const touched = new Set<string>();
    for (const event of events) {
      if (event.type === 'BOOKMARK') continue;
      const definition = event.object.object as CustomResourceDefinition;
      const { name = '' } = definition.metadata;
      touched.add(name);
      if (event.type === 'DELETED') this.#definitions.delete(name);
      else this.#definitions.set(name, definition);
    }
    this.#serve(touched);
    for (const name of touched) this.#enqueue(name);
  }

  #forget(names: readonly string[]): void {
    for (const name of names) this.#definitions.delete(name);
    this.#serve(names);
  }

  /** The definition, and when its names are free again whoever wanted them. */
  #enqueue(name: string): void {
    this.#queue.add(name);
    if (this.#definitions.has(name)) return;
    const group = name.slice(name.indexOf('.') + 1);
    for (const [other, { spec }] of this.#definitions) if (spec.group === group) this.#queue.add(other);
  }

  #serve(names: Iterable<string>): void {
    const { scheme, kindOptions } = this.#options;
    const old: KindDeclaration[] = [];
    const next: KindDeclaration[] = [];
    for (const name of names) {
      const definition = this.#definitions.get(name);
      const served = this.#served.get(name);
      const isServed = definition !== undefined && isEstablished(definition);
      const basis = isServed ? basisOf(definition) : undefined;
      if (deepEqual(basis, served?.basis)) continue;
      old.push(...(served?.declarations ?? []));
      this.#served.delete(name);
      if (!isServed) continue;
      const declarations = declarationsOf(definition, kindOptions(definition)).filter(
        (declaration) => !this.#isBuiltIn(declaration),
      );
      this.#served.set(name, { basis, declarations });
      next.push(...declarations);
    }
    if (old.length > 0 || next.length > 0) scheme.replace(old, next);
  }

  /** Group versions of the server itself are nobody else's. */
  #isBuiltIn({ group, version }: KindDeclaration): boolean {
    return this.#options.scheme
      .all()
      .some((kind) => kind.custom === undefined && kind.group === group && kind.version === version);
  }

  async #work(signal: AbortSignal): Promise<void> {
    for (;;) {
      const name = await this.#queue.get(signal);
      if (name === undefined) return;
      try {
        await this.#reconcile(name, signal);
        this.#queue.forget(name);
      } catch (error) {
        if (!signal.aborted) {
          if (!isConflict(error)) this.#options.onError?.(error);
          this.#queue.addRateLimited(name);
        }
      } finally {
        this.#queue.done(name);
      }
    }
  }

  async #reconcile(name: string, signal: AbortSignal): Promise<void> {
    const definition = this.#definitions.get(name);
    if (definition === undefined) return;
    const { deletionTimestamp, finalizers } = definition.metadata;
    if (deletionTimestamp === undefined) return await this.#name(name, signal);
    if (finalizers?.includes(cleanupFinalizer) === true) this.#beginFinalizing(name, signal);
  }

  /** Takes as long as the finalizers of the objects; other definitions do not wait for that. */
  #beginFinalizing(name: string, signal: AbortSignal): void {
    if (this.#finalizing.has(name)) return;
    const done = this.#finalize(name, signal)
      .catch((error: unknown) => {
        if (signal.aborted) return;
        if (!isConflict(error)) this.#options.onError?.(error);
        this.#queue.addRateLimited(name);
      })
      .finally(() => this.#finalizing.delete(name));
    this.#finalizing.set(name, done);
  }

  async #name(name: string, signal: AbortSignal): Promise<void> {
    const others = [...this.#definitions.values()];
    await this.#update(name, signal, (current) => {
      const sameGroup = others.filter(
        (other) => other.spec.group === current.spec.group && other.metadata.name !== name,
      );
      const now = timestamp(this.#options.clock.now());
      const status = structuralStatus(current, namedStatus(current, sameGroup, now), now);
      return status === current.status ? current : { ...current, status };
    });
  }

  async #finalize(name: string, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const tell = (reason: string, message: string, status: 'True' | 'False' = 'True') =>
      this.#update(name, signal, (current) => withTerminating(current, { status, reason, message }, clock));
    await tell('InstanceDeletionInProgress', 'CustomResource deletion is in progress');
    const definition = this.#definitions.get(name);
    const declaration = definition === undefined ? undefined : this.#declarationOf(definition);
    if (declaration === undefined) return;
    using borrowed = this.#options.registry.borrow(declaration);
    const { store } = borrowed;
    try {
      const { count } = await deleteInstances(store, signal);
      // Objects with finalizers take their time; the last to go lets the definition go.
      if (count > 0) await untilEmpty(store, clock, signal);
    } catch (error) {
      signal.throwIfAborted();
      const why = error instanceof Error ? error.message : String(error);
      await tell('InstanceDeletionFailed', `could not delete instances: ${why}`);
      throw error;
    }
    await this.#update(name, signal, (current) => {
      const condition = {
        status: 'False',
        reason: 'InstanceDeletionCompleted',
        message: 'removed all instances',
      } as const;
      return withoutFinalizer(withTerminating(current, condition, clock));
    });
  }

  /** Of the version that objects are kept in, served or not. */
  #declarationOf(definition: CustomResourceDefinition): KindDeclaration | undefined {
    const version = definition.spec.versions.find(({ storage }) => storage);
    if (version === undefined) return undefined;
    return declarationOf(definition, version, this.#options.kindOptions(definition));
  }

  /** Writes what `change` makes of the definition, below authorization and admission; nothing when that is the same. */
  async #update(
    name: string,
    signal: AbortSignal,
    change: (current: CustomResourceDefinition) => CustomResourceDefinition,
  ): Promise<void> {
    const store = this.#options.registry.storeFor(customresourcedefinitions);
    try {
      await store.update(undefined, name, {
        signal,
        change: async ({ object }) => {
          const changed = change(object as CustomResourceDefinition);
          return { ...changed, metadata: { ...changed.metadata } } as Mutable<CustomResourceDefinition>;
        },
      });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

function basisOf({ metadata, spec, status }: CustomResourceDefinition): unknown {
  const terminating = status.conditions?.some(
    ({ type, status: value }) => type === 'Terminating' && value === 'True',
  );
  return { uid: metadata.uid, spec, names: status.acceptedNames, terminating };
}
