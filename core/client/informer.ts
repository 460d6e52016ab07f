import { isGone, isUnavailable } from '../api/errors.ts';
import { keyOf, type KubernetesObject } from '../api/object.ts';
import { qualifiedResource, type Resource } from '../api/resource.ts';
import { Backoff } from '../machinery/backoff.ts';
import { sleep, type Clock } from '../machinery/clock.ts';
import { deferred } from '../machinery/deferred.ts';
import type { Random } from '../machinery/random.ts';
import { loopTimeOf } from '../machinery/loop-time.ts';
import type { Handle, ObjectEvent, Source } from './client.ts';
import { ObjectCache, type Index, type IndexFunction, type Lister, type OwnIndex } from './lister.ts';

/**
 * Keeps a copy of a collection up to date and tells handlers of every change once, in order: list, then watch from
 * that revision; resume where a watch broke; list again, and report the difference, where that is no longer kept
 * (client-go's tools/cache/reflector.go, without its queue: handlers run at once and must be quick).
 */
export interface Informer<T extends KubernetesObject> {
  readonly resource: Resource<T>;
  readonly lister: Lister<T>;
  /** The first list was delivered to the handlers that were there. */
  readonly hasSynced: boolean;
  /** Resolves with the first list; rejects when the signal aborts first or the informer stops. */
  synced(signal?: AbortSignal): Promise<void>;
  /** Tells of what is known as additions, at once, then of changes. The returned function ends that. */
  addHandler(handler: InformerHandler<T>): () => void;
  /**
   * An index shared by all who use the same name; must be the same function every time. Asked for when its user is
   * made, it fills as objects come; after the first list it takes reading all of them in one turn.
   */
  index(name: string, valuesOf: IndexFunction<T>): Index<T>;
  /** The same for what the lister looks into, by whoever is going to ask it for a namespace or by owner. */
  indexBy(...names: readonly OwnIndex[]): void;
}

/**
 * What throws here is reported to the informer's `onError` and stops nobody else. Whoever wants to keep an object
 * keeps the lister's `handle`, which takes less room.
 */
export interface InformerHandler<T> {
  onAdd?(object: T): void;
  /** Both have the same uid: an object made anew under an old name is a deletion and an addition. */
  onUpdate?(object: T, previous: T): void;
  /** `last` is the final state, or the last one seen where the deletion itself was missed. */
  onDelete?(last: T): void;
}

export interface InformerSelection {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface InformerDependencies {
  readonly client: Source;
  readonly clock: Clock;
  readonly random: Random;
  /** Told of what went wrong and is being retried, and of handlers that throw. */
  readonly onError?: (error: unknown, doing: string) => void;
}

const backoffOptions = { initialMs: 100, maxMs: 10_000, jitter: 0.5 };

/** Objects of a list that are taken between two looks at the clock: each has to be parsed, and handlers are told. */
const takenTogether = 10;

/** Where the informer stands between two calls. */
type Position =
  /** Begin with a list at least as new as the revision; undefined asks the store itself. */
  | { readonly kind: 'list'; readonly notOlderThan: string | undefined }
  | { readonly kind: 'watch'; readonly from: string };

export class SharedInformer<T extends KubernetesObject> implements Informer<T> {
  readonly resource: Resource<T>;
  readonly #selection: InformerSelection;
  readonly #dependencies: InformerDependencies;
  readonly #cache = new ObjectCache<T>();
  readonly #handlers = new Set<InformerHandler<T>>();
  readonly #backoff: Backoff;
  readonly #sync = deferred();
  #hasSynced = false;

  constructor(resource: Resource<T>, selection: InformerSelection, dependencies: InformerDependencies) {
    this.resource = resource;
    this.#selection = selection;
    this.#dependencies = dependencies;
    this.#backoff = new Backoff({ ...backoffOptions, random: dependencies.random });
  }

  get lister(): Lister<T> {
    return this.#cache;
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  synced(signal?: AbortSignal): Promise<void> {
    if (signal === undefined || this.#hasSynced) return this.#sync.promise;
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(signal.reason as Error);
      if (signal.aborted) onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      this.#sync.promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
    });
  }

  addHandler(handler: InformerHandler<T>): () => void {
    this.#handlers.add(handler);
    for (const object of this.#cache.values()) this.#guard(() => handler.onAdd?.(object));
    return () => this.#handlers.delete(handler);
  }

  index(name: string, valuesOf: IndexFunction<T>): Index<T> {
    return this.#cache.index(name, valuesOf);
  }

  indexBy(...names: readonly OwnIndex[]): void {
    for (const name of names) this.#cache.ownIndex(name);
  }

  /** Runs until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    // Any state will do to begin with, as fast as it comes ("0"): the watch brings it up to date.
    let position: Position = { kind: 'list', notOlderThan: '0' };
    while (!signal.aborted) {
      const doing = position.kind === 'list' ? 'list' : 'watch';
      try {
        position =
          position.kind === 'list'
            ? await this.#list(position.notOlderThan, signal)
            : await this.#watch(position.from, (from) => (position = { kind: 'watch', from }), signal);
      } catch (error) {
        if (signal.aborted) break;
        this.#report(error, `${doing} ${qualifiedResource(this.resource)}`);
        position = afterFailure(position, error);
        await sleep(this.#dependencies.clock, this.#backoff.nextMs(), signal).catch(() => {});
      }
    }
    this.#sync.reject(new Error(`The informer of ${qualifiedResource(this.resource)} was stopped`));
  }

  async #list(notOlderThan: string | undefined, signal: AbortSignal): Promise<Position> {
    const list = await this.#dependencies.client.listHandles(this.resource, {
      ...this.#selection,
      ...(notOlderThan === undefined ? {} : { resourceVersion: notOlderThan }),
      signal,
    });
    await this.#replace(list.items);
    this.#backoff.reset();
    this.#hasSynced = true;
    this.#sync.resolve();
    return { kind: 'watch', from: list.resourceVersion };
  }

  /** Resolves when the server ends the watch, as it may at any time. `reached` hears of every revision applied. */
  async #watch(from: string, reached: (revision: string) => void, signal: AbortSignal): Promise<Position> {
    const { client, clock } = this.#dependencies;
    const options = { ...this.#selection, resourceVersion: from, allowBookmarks: true, signal };
    const startedMs = clock.monotonicMs();
    let last = from;
    for await (const batch of client.watchHandles(this.resource, options)) {
      // Nothing between the events of a batch may wait: a revision counts as reached only when applied.
      for (const event of batch) last = this.#apply(event) ?? last;
      reached(last);
      this.#backoff.reset();
    }
    // A server that ends every watch at once must not make this spin.
    if (!signal.aborted && last === from && clock.monotonicMs() - startedMs < 1_000) {
      await sleep(clock, this.#backoff.nextMs(), signal).catch(() => {});
    }
    return { kind: 'watch', from: last };
  }

  #apply(event: ObjectEvent<Handle<T>>): string | undefined {
    if (event.type === 'BOOKMARK') return event.resourceVersion;
    if (event.type === 'DELETED') this.#deleted(keyOf(event.object.object), event.object);
    else this.#changed(event.object);
    return event.object.resourceVersion;
  }

  async #replace(items: readonly Handle<T>[]): Promise<void> {
    // None at first; to look for each of 100,000 keys in what came would take most of a tenth of a second.
    const missing = new Set(this.#cache.keys());
    const time = loopTimeOf(this.#dependencies.clock);
    for (const [index, handle] of items.entries()) {
      if (index % takenTogether === 0) await time.turn();
      missing.delete(this.#changed(handle));
    }
    for (const key of missing) this.#deleted(key);
  }

  /** Returns the key. */
  #changed(handle: Handle<T>): string {
    const { object } = handle;
    const key = keyOf(object);
    const known = this.#cache.handle(key);
    if (known !== undefined && known.resourceVersion === handle.resourceVersion) return key;
    const previous = known?.object;
    if (previous !== undefined && previous.metadata.uid !== object.metadata.uid) {
      this.#deleted(key);
      return this.#changed(handle);
    }
    this.#cache.set(handle, object, previous);
    this.#notify((handler) =>
      previous === undefined ? handler.onAdd?.(object) : handler.onUpdate?.(object, previous),
    );
    return key;
  }

  /** `last` where it is known; what is cached otherwise. */
  #deleted(key: string, last = this.#cache.handle(key)): void {
    const known = this.#cache.handle(key)?.object;
    if (known === undefined || last === undefined) return;
    const { object } = last;
    this.#cache.delete(key, known);
    this.#notify((handler) => handler.onDelete?.(object));
  }

  #notify(tell: (handler: InformerHandler<T>) => void): void {
    for (const handler of this.#handlers) this.#guard(() => tell(handler));
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#report(error, `handle a change of ${qualifiedResource(this.resource)}`);
    }
  }

  #report(error: unknown, doing: string): void {
    this.#dependencies.onError?.(error, doing);
  }
}

/**
 * A watch goes on from where it was unless the server no longer has that; then, and after a refused list, the
 * store itself is asked: revisions known here may be from before its restore.
 */
function afterFailure(position: Position, error: unknown): Position {
  if (position.kind === 'list') {
    return isUnavailable(error) ? position : { kind: 'list', notOlderThan: undefined };
  }
  return isGone(error) ? { kind: 'list', notOlderThan: position.from } : position;
}
