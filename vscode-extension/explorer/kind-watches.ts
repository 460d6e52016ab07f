import type { KubernetesObject } from '../../core/api/object.ts';
import type { Informer, InformerHandler } from '../../core/client/informer.ts';
import type { ServedResource } from '../../core/client/resource-index.ts';
import type { OpenCluster } from '../session/cluster-session.ts';

/** The first list of a kind takes at most this long before the tree says that it did not come. */
const firstListTimeoutMs = 30_000;

export type Change =
  | { readonly type: 'added' | 'deleted'; readonly object: KubernetesObject }
  | { readonly type: 'updated'; readonly object: KubernetesObject; readonly previous: KubernetesObject };

/** The kinds the tree looks at, each watched once and from the first look on. */
export class KindWatches {
  readonly #cluster: OpenCluster;
  readonly #onChange: (resource: ServedResource, change: Change) => void;
  readonly #watches = new Map<string, Promise<Informer<KubernetesObject>>>();
  readonly #synced = new Map<string, Informer<KubernetesObject>>();
  readonly #ends: (() => void)[] = [];

  constructor(cluster: OpenCluster, onChange: (resource: ServedResource, change: Change) => void) {
    this.#cluster = cluster;
    this.#onChange = onChange;
  }

  /** Resolves with the objects once they are there. Rejects with why they may not be seen. */
  get(resource: ServedResource, namespace: string | undefined): Promise<Informer<KubernetesObject>> {
    const key = keyOf(resource, namespace);
    const existing = this.#watches.get(key);
    if (existing !== undefined) return existing;
    const watch = this.#start(resource, namespace);
    this.#watches.set(key, watch);
    watch.then(
      (informer) => this.#synced.set(key, informer),
      () => this.#watches.delete(key),
    );
    return watch;
  }

  /** The objects, if they are there already. */
  peek(resource: ServedResource, namespace: string | undefined): Informer<KubernetesObject> | undefined {
    return this.#synced.get(keyOf(resource, namespace));
  }

  close(): void {
    for (const end of this.#ends) end();
  }

  async #start(resource: ServedResource, namespace: string | undefined): Promise<Informer<KubernetesObject>> {
    const { cluster, informers } = this.#cluster;
    const signal = AbortSignal.any([this.#cluster.signal, AbortSignal.timeout(firstListTimeoutMs)]);
    const place = namespace === undefined || !resource.namespaced ? {} : { namespace };
    // An informer goes on trying; this tells at once who may not look.
    await cluster.client.list(resource, { ...place, limit: 1, signal });
    const informer = informers.informer(resource, place);
    await informer.synced(signal);
    const handler: InformerHandler<KubernetesObject> = {
      onAdd: (object) => this.#onChange(resource, { type: 'added', object }),
      onUpdate: (object, previous) => this.#onChange(resource, { type: 'updated', object, previous }),
      onDelete: (object) => this.#onChange(resource, { type: 'deleted', object }),
    };
    this.#ends.push(informer.addHandler(handler));
    return informer;
  }
}

function keyOf(
  { group, version, plural, namespaced }: ServedResource,
  namespace: string | undefined,
): string {
  return JSON.stringify([group, version, plural, namespaced ? namespace : undefined]);
}
