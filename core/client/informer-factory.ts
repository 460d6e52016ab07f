import type { KubernetesObject } from '../api/object.ts';
import type { Resource } from '../api/resource.ts';
import {
  SharedInformer,
  type Informer,
  type InformerDependencies,
  type InformerSelection,
} from './informer.ts';

/** One informer a collection, shared by all in the process who ask for it. */
export interface InformerFactory {
  /** Starts with the factory, or at once when that already runs. */
  informer<T extends KubernetesObject>(resource: Resource<T>, selection?: InformerSelection): Informer<T>;
  /** Runs every informer, present and future, until the signal aborts; resolves when all have ended. */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves when every informer asked for so far has its first list. */
  synced(signal: AbortSignal): Promise<void>;
}

export function createInformerFactory(dependencies: InformerDependencies): InformerFactory {
  return new SharedInformerFactory(dependencies);
}

class SharedInformerFactory implements InformerFactory {
  readonly #dependencies: InformerDependencies;
  readonly #informers = new Map<string, SharedInformer<KubernetesObject>>();
  readonly #running: Promise<void>[] = [];
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
    if (existing !== undefined) return existing as unknown as Informer<T>;
    const informer = new SharedInformer(resource, selection, this.#dependencies);
    this.#informers.set(key, informer as unknown as SharedInformer<KubernetesObject>);
    if (this.#signal !== undefined) this.#running.push(informer.run(this.#signal));
    return informer;
  }

  async run(signal: AbortSignal): Promise<void> {
    if (this.#signal !== undefined) throw new Error('Cannot run an informer factory twice');
    this.#signal = signal;
    for (const informer of this.#informers.values()) this.#running.push(informer.run(signal));
    await aborted(signal);
    await Promise.all(this.#running);
  }

  async synced(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.synced(signal)));
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
