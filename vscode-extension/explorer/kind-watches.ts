import type { KubernetesObject } from '../../core/api/object.ts';
import type { Informer, InformerHandler } from '../../core/client/informer.ts';
import type { ServedResource } from '../../core/client/resource-index.ts';
import type { OpenCluster } from '../session/cluster-session.ts';

/** The first list of a kind takes at most this long before the tree says that it did not come. */
const firstListTimeoutMs = 30_000;
/** Objects that are there to be shown while the others are on their way. */
const pageSize = 500;

/** The first objects of a kind, as the server orders them. */
export interface FirstPage {
  readonly objects: readonly KubernetesObject[];
  /** How many there are besides. */
  readonly remaining: number;
}

interface Watch {
  readonly resource: ServedResource;
  readonly ending: AbortController;
  readonly first: Promise<FirstPage>;
  readonly all: Promise<Informer<KubernetesObject>>;
}

export type Change =
  | { readonly type: 'added' | 'deleted'; readonly object: KubernetesObject }
  | { readonly type: 'updated'; readonly object: KubernetesObject; readonly previous: KubernetesObject };

/** The kinds the tree looks at, each watched once and from the first look on. */
export class KindWatches {
  readonly #cluster: OpenCluster;
  readonly #onChange: (resource: ServedResource, change: Change) => void;
  readonly #watches = new Map<string, Watch>();
  readonly #synced = new Map<string, Informer<KubernetesObject>>();
  #isClosed = false;

  constructor(cluster: OpenCluster, onChange: (resource: ServedResource, change: Change) => void) {
    this.#cluster = cluster;
    this.#onChange = onChange;
  }

  /** Resolves with the objects once they are there. Rejects with why they may not be seen. */
  get(resource: ServedResource, namespace: string | undefined): Promise<Informer<KubernetesObject>> {
    return this.#watch(resource, namespace).all;
  }

  /** What can be shown before everything is there. Rejects as `get` does. */
  firstPage(resource: ServedResource, namespace: string | undefined): Promise<FirstPage> {
    return this.#watch(resource, namespace).first;
  }

  /** The objects, if they are there already. */
  peek(resource: ServedResource, namespace: string | undefined): Informer<KubernetesObject> | undefined {
    return this.#synced.get(keyOf(resource, namespace));
  }

  /** Forgets the kinds that are not served any more, so that one that comes again is looked at anew. */
  keepOnly(served: readonly ServedResource[]): void {
    const kept = new Set(served.map((resource) => keyOf(resource, undefined)));
    for (const [key, { resource, ending }] of this.#watches) {
      if (kept.has(keyOf(resource, undefined))) continue;
      ending.abort(new Error(`${resource.plural} are not served any more`));
      this.#watches.delete(key);
      this.#synced.delete(key);
      this.#cluster.informers.forget(resource);
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const { ending } of this.#watches.values()) ending.abort(overlooked());
  }

  #watch(resource: ServedResource, namespace: string | undefined): Watch {
    const key = keyOf(resource, namespace);
    const existing = this.#watches.get(key);
    if (existing !== undefined) return existing;
    const place = namespace === undefined || !resource.namespaced ? {} : { namespace };
    const ending = new AbortController();
    if (this.#isClosed) ending.abort(overlooked());
    const signal = AbortSignal.any([
      this.#cluster.signal,
      ending.signal,
      AbortSignal.timeout(firstListTimeoutMs),
    ]);
    const first = this.#list(resource, place, signal);
    const all = this.#start(resource, place, first, signal, ending.signal);
    const watch = { resource, ending, first, all };
    this.#watches.set(key, watch);
    all.then(
      (informer) => {
        if (this.#watches.get(key) === watch) this.#synced.set(key, informer);
      },
      () => {
        if (this.#watches.get(key) === watch) this.#watches.delete(key);
      },
    );
    return watch;
  }

  /** An informer goes on trying; this tells at once who may not look, and what there is to see. */
  async #list(
    resource: ServedResource,
    place: { readonly namespace?: string },
    signal: AbortSignal,
  ): Promise<FirstPage> {
    const { client } = this.#cluster.cluster;
    const page = await client.list(resource, { ...place, limit: pageSize, signal });
    // A server that does not count has at least one more.
    const remaining = page.continue === undefined ? 0 : (page.remainingItemCount ?? 1);
    return { objects: page.items, remaining };
  }

  async #start(
    resource: ServedResource,
    place: { readonly namespace?: string },
    first: Promise<FirstPage>,
    signal: AbortSignal,
    ending: AbortSignal,
  ): Promise<Informer<KubernetesObject>> {
    await first;
    const informer = this.#cluster.informers.informer(resource, place);
    await informer.synced(signal);
    const handler: InformerHandler<KubernetesObject> = {
      onAdd: (object) => this.#onChange(resource, { type: 'added', object }),
      onUpdate: (object, previous) => this.#onChange(resource, { type: 'updated', object, previous }),
      onDelete: (object) => this.#onChange(resource, { type: 'deleted', object }),
    };
    signal.throwIfAborted();
    const end = informer.addHandler(handler);
    ending.addEventListener('abort', end, { once: true });
    return informer;
  }
}

function overlooked(): Error {
  return new Error('Nobody looks at these kinds any more');
}

function keyOf(
  { group, version, plural, namespaced }: ServedResource,
  namespace: string | undefined,
): string {
  return JSON.stringify([group, version, plural, namespaced ? namespace : undefined]);
}
