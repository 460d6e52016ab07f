import type { KubernetesObject } from '../api/object.ts';
import type { Resource } from '../api/resource.ts';
import {
  SharedInformer,
  type Informer,
  type InformerDependencies,
  type InformerSelection,
} from './informer.ts';
import { untilAborted } from '../machinery/signals.ts';

/** One informer a collection, shared by all in the process who ask for it. */
export interface InformerFactory {
  /** Starts with the factory, or at once when that already runs. */
  informer<T extends KubernetesObject>(resource: Resource<T>, selection?: InformerSelection): Informer<T>;
  /** Ends the informers of a resource that is no longer served. Who asks again gets a new one. */
  forget(resource: Pick<Resource<unknown>, 'group' | 'version' | 'plural'>): void;
  /** Runs every informer, present and future, until the signal aborts; resolves when all have ended. */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves when every informer asked for so far has its first list. */
  synced(signal: AbortSignal): Promise<void>;
}

export function createInformerFactory(dependencies: InformerDependencies): InformerFactory {
  return new SharedInformerFactory(dependencies);
}

interface Shared {
  readonly informer: SharedInformer<KubernetesObject>;
  readonly stop: AbortController;
}

class SharedInformerFactory implements InformerFactory {
  readonly #dependencies: InformerDependencies;
  readonly #informers = new Map<string, Shared>();
  readonly #running = new Map<Shared, Promise<void>>();
  #signal: AbortSignal | undefined;

  constructor(dependencies: InformerDependencies) {
    this.#dependencies = dependencies;
  }

  informer<T extends KubernetesObject>(
    resource: Resource<T>,
    selection: InformerSelection = {},
  ): Informer<T> {
    const { group, version, plural } = resource;
    const { namespace, labelSelector, fieldSelector } = selection;
    const key = JSON.stringify([group, version, plural, namespace, labelSelector, fieldSelector]);
    const existing = this.#informers.get(key);
    // The key names the resource, so the type is the one the resource carries.
    if (existing !== undefined) return existing.informer as unknown as Informer<T>;
    const informer = new SharedInformer(resource, selection, this.#dependencies);
    const shared = {
      informer: informer as unknown as SharedInformer<KubernetesObject>,
      stop: new AbortController(),
    };
    this.#informers.set(key, shared);
    this.#start(shared);
    return informer;
  }

  forget({ group, version, plural }: Pick<Resource<unknown>, 'group' | 'version' | 'plural'>): void {
    for (const [key, { informer, stop }] of this.#informers) {
      const { resource } = informer;
      if (resource.group !== group || resource.version !== version || resource.plural !== plural) continue;
      stop.abort();
      this.#informers.delete(key);
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    if (this.#signal !== undefined) throw new Error('Cannot run an informer factory twice');
    this.#signal = signal;
    for (const shared of this.#informers.values()) this.#start(shared);
    await untilAborted(signal);
    for (const { stop } of this.#running.keys()) stop.abort(signal.reason);
    await Promise.all(this.#running.values());
  }

  async synced(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#informers.values()].map(({ informer }) => informer.synced(signal)));
  }

  #start(shared: Shared): void {
    const { informer, stop } = shared;
    if (this.#signal === undefined) return;
    if (this.#signal.aborted) stop.abort(this.#signal.reason);
    const running = informer.run(stop.signal).finally(() => this.#running.delete(shared));
    this.#running.set(shared, running);
  }
}
