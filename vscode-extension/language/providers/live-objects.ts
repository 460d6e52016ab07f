import type { KubernetesObject } from '../../../core/api/object.ts';
import type { Informer } from '../../../core/client/informer.ts';
import type { ResourceIndex, ServedResource } from '../../../core/client/resource-index.ts';
import { isObject, type JsonObject } from '../../../core/machinery/json.ts';
import type { ClusterSession, OpenCluster } from '../../session/cluster-session.ts';
import { mayList } from '../../session/may-list.ts';
import type { LiveObjects } from '../references/check-references.ts';
import type { ObjectId } from '../references/references.ts';

/** Kinds that change all the time and are referred to by nobody, or that there may be very many of. */
const notFollowed = new Set(['Pod', 'Event', 'Lease', 'EndpointSlice', 'ReplicaSet']);

interface Followed {
  /** Undefined until the cluster has let us list the kind; for good where it does not. */
  informer: Informer<KubernetesObject> | undefined;
  end: () => void;
}

/**
 * The names of the cluster's objects, of those kinds and namespaces only that somebody has asked about: from then on
 * they are watched, and whoever shows what depends on them is told of changes.
 */
export class ClusterObjects implements LiveObjects {
  readonly #session: ClusterSession;
  readonly #onChange: () => void;
  readonly #onError: (error: unknown) => void;
  readonly #followed = new Map<string, Followed>();
  #cluster: OpenCluster | undefined;
  #index: ResourceIndex | undefined;

  constructor(session: ClusterSession, onChange: () => void, onError: (error: unknown) => void) {
    this.#session = session;
    this.#onChange = onChange;
    this.#onError = onError;
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
    const followed: Followed = { informer: undefined, end: () => {} };
    this.#followed.set(key, followed);
    this.#follow(followed, cluster, resource, namespace).catch((error: unknown) => {
      if (!cluster.signal.aborted) this.#onError(error);
    });
    return undefined;
  }

  async #follow(
    followed: Followed,
    { cluster, informers, signal }: OpenCluster,
    resource: ServedResource,
    namespace: string | undefined,
  ): Promise<void> {
    const place = namespace === undefined ? {} : { namespace };
    // Who may not list would try to for ever.
    if (!(await mayList(cluster, resource, place, signal))) return;
    const informer = informers.informer<KubernetesObject>(resource, place);
    const changed = () => {
      if (informer.hasSynced) this.#onChange();
    };
    followed.informer = informer;
    followed.end = informer.addHandler({ onAdd: changed, onDelete: changed });
    await informer.synced(signal);
    this.#onChange();
  }

  /** What the cluster serves; undefined until it has said so, and told of when it has. */
  #resources(): ResourceIndex | undefined {
    const current = this.#session.current;
    if (current === undefined || this.#session.state.kind !== 'connected') return undefined;
    if (this.#cluster === current) return this.#index;
    this.reset();
    this.#cluster = current;
    current.resources().then(
      (index) => {
        if (this.#cluster !== current) return;
        this.#index = index;
        this.#onChange();
      },
      (error: unknown) => {
        if (this.#cluster === current) this.#cluster = undefined;
        if (!current.signal.aborted) this.#onError(error);
      },
    );
    return undefined;
  }
}
