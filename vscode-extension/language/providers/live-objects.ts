import type { KubernetesObject } from '../../../core/api/object.ts';
import type { Informer } from '../../../core/client/informer.ts';
import type { ResourceIndex, ServedResource } from '../../../core/client/resource-index.ts';
import type { Clock } from '../../../core/machinery/clock.ts';
import { isObject, type JsonObject } from '../../../core/machinery/json.ts';
import type { ClusterSession, OpenCluster } from '../../session/cluster-session.ts';
import { mayList } from '../../session/may-list.ts';
import type { LiveObjects } from '../references/check-references.ts';
import type { ObjectId } from '../references/references.ts';

/** Kinds that change all the time and are referred to by nobody, or that there may be very many of. */
const notFollowed = new Set(['Pod', 'Event', 'Lease', 'EndpointSlice', 'ReplicaSet']);

/** How long to wait before a kind whose list failed is asked for again. */
const retryMs = 10_000;

interface Followed {
  /** Undefined until the cluster has let us list the kind; for good where it does not. */
  informer: Informer<KubernetesObject> | undefined;
  /** Ends what asks for the kind, now or later. */
  end: () => void;
}

export interface ClusterObjectsDependencies {
  readonly session: Pick<ClusterSession, 'current' | 'state'>;
  readonly clock: Clock;
  /** What was asked about may have another answer by now. */
  readonly onChange: () => void;
  readonly onError: (error: unknown) => void;
}

/**
 * The names of the cluster's objects, of those kinds and namespaces only that somebody has asked about: from then on
 * they are watched, and whoever shows what depends on them is told of changes.
 */
export class ClusterObjects implements LiveObjects {
  readonly #dependencies: ClusterObjectsDependencies;
  readonly #followed = new Map<string, Followed>();
  #cluster: OpenCluster | undefined;
  #index: ResourceIndex | undefined;

  constructor(dependencies: ClusterObjectsDependencies) {
    this.#dependencies = dependencies;
  }

  namesOf(kind: Omit<ObjectId, 'name'>): ReadonlySet<string> | undefined {
    const informer = this.#informerOf(kind);
    if (informer?.hasSynced !== true) return undefined;
    return new Set(informer.lister.list().map(({ metadata }) => metadata.name ?? ''));
  }

  keysOf({ name, ...kind }: ObjectId): readonly string[] | undefined {
    const informer = this.#informerOf(kind);
    const { namespace } = kind;
    const object = informer?.lister.get(namespace === undefined ? { name } : { namespace, name });
    if (object === undefined) return undefined;
    const { data, binaryData } = object as unknown as { data?: JsonObject; binaryData?: JsonObject };
    return [data, binaryData].flatMap((map) => (isObject(map) ? Object.keys(map) : []));
  }

  /** The open cluster serves other kinds than before. */
  kindsChanged(served: ResourceIndex): void {
    if (this.#index !== undefined) this.#index = served;
  }

  /** Forgets everything; the next question begins anew. */
  reset(): void {
    for (const { end } of this.#followed.values()) end();
    this.#followed.clear();
    this.#index = undefined;
    this.#cluster = undefined;
  }

  #informerOf({ group, kind, namespace }: Omit<ObjectId, 'name'>): Informer<KubernetesObject> | undefined {
    if (notFollowed.has(kind)) return undefined;
    const index = this.#resources();
    const cluster = this.#cluster;
    const resource = index?.all.find((served) => served.group === group && served.kind === kind);
    if (resource === undefined || cluster === undefined || !resource.verbs.includes('watch'))
      return undefined;
    const key = JSON.stringify([group, kind, namespace]);
    const known = this.#followed.get(key);
    if (known !== undefined) return known.informer;
    const ending = new AbortController();
    const followed: Followed = { informer: undefined, end: () => ending.abort() };
    this.#followed.set(key, followed);
    const signal = AbortSignal.any([cluster.signal, ending.signal]);
    this.#follow(followed, cluster, resource, namespace, signal).catch((error: unknown) => {
      if (signal.aborted) return;
      const { clock, onChange, onError } = this.#dependencies;
      ending.abort();
      followed.informer = undefined;
      // Who asks meanwhile is not answered; who still wants to know then asks again.
      followed.end = clock.after(retryMs, () => {
        this.#followed.delete(key);
        onChange();
      });
      onError(error);
    });
    return undefined;
  }

  async #follow(
    followed: Followed,
    { cluster, informers }: OpenCluster,
    resource: ServedResource,
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { onChange } = this.#dependencies;
    const place = namespace === undefined ? {} : { namespace };
    // Who may not list would try to for ever.
    if (!(await mayList(cluster, resource, place, signal)) || signal.aborted) return;
    const informer = informers.informer<KubernetesObject>(resource, place);
    const changed = () => {
      if (informer.hasSynced) onChange();
    };
    followed.informer = informer;
    const end = informer.addHandler({ onAdd: changed, onDelete: changed });
    signal.addEventListener('abort', end, { once: true });
    await informer.synced(signal);
    onChange();
  }

  /** What the cluster serves; undefined until it has said so, and told of when it has. */
  #resources(): ResourceIndex | undefined {
    const { session, onChange, onError } = this.#dependencies;
    const { current } = session;
    if (current === undefined || session.state.kind !== 'connected') return undefined;
    if (this.#cluster === current) return this.#index;
    this.reset();
    this.#cluster = current;
    current.resources().then(
      (index) => {
        if (this.#cluster !== current) return;
        this.#index = index;
        onChange();
      },
      (error: unknown) => {
        if (this.#cluster === current) this.#cluster = undefined;
        if (!current.signal.aborted) onError(error);
      },
    );
    return undefined;
  }
}
