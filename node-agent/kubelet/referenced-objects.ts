import type { ConfigMap, Container, Pod, Secret } from '../../core/api/generated/core-v1.ts';
import { configmaps, secrets } from '../../core/api/generated/resources.ts';
import type { KubernetesObject } from '../../core/api/object.ts';
import type { Resource } from '../../core/api/resource.ts';
import { SharedInformer, type InformerDependencies } from '../../core/client/informer.ts';
import { escapeFieldValue } from '../../core/machinery/field-selector.ts';
import { linkSignals } from '../../core/machinery/signals.ts';
import type { ConfigSource } from './environment.ts';

type Kind = 'configmap' | 'secret';

/** An object that a Pod names. */
export interface ObjectReference {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
}

interface Watched {
  readonly informer: SharedInformer<ConfigMap> | SharedInformer<Secret>;
  readonly stop: AbortController;
  /** UIDs of the Pods that name it. */
  readonly users: Set<string>;
}

const firstListDeadlineMs = 30_000;

/**
 * The ConfigMaps and Secrets that this node's Pods name, each watched by itself while a Pod needs it: a node may
 * read no others (upstream: pkg/kubelet/util/manager/watch_based_manager.go).
 */
export class ReferencedObjects implements ConfigSource {
  readonly #dependencies: InformerDependencies;
  readonly #watched = new Map<string, Watched>();
  readonly #onChange: (podUid: string) => void;
  #signal: AbortSignal = AbortSignal.abort(new Error('referenced objects are not watched yet'));

  /** `onChange` hears of every Pod whose objects changed. */
  constructor(dependencies: InformerDependencies, onChange: (podUid: string) => void) {
    this.#dependencies = dependencies;
    this.#onChange = onChange;
  }

  start(signal: AbortSignal): void {
    this.#signal = signal;
  }

  get size(): number {
    return this.#watched.size;
  }

  /** Watches what the Pod names until `release`. Idempotent. */
  retain(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    for (const reference of referencesOf(pod)) this.#watch(reference).users.add(uid);
  }

  release(podUid: string): void {
    for (const [key, watched] of this.#watched) {
      if (!watched.users.delete(podUid) || watched.users.size > 0) continue;
      watched.stop.abort();
      this.#watched.delete(key);
    }
  }

  configMap(namespace: string, name: string): Promise<ConfigMap | undefined> {
    return this.#read<ConfigMap>({ kind: 'configmap', namespace, name });
  }

  secret(namespace: string, name: string): Promise<Secret | undefined> {
    return this.#read<Secret>({ kind: 'secret', namespace, name });
  }

  async #read<T extends KubernetesObject>(reference: ObjectReference): Promise<T | undefined> {
    const { informer } = this.#watch(reference);
    const { namespace, name } = reference;
    if (!informer.hasSynced) {
      using linked = linkSignals(this.#signal, AbortSignal.timeout(firstListDeadlineMs));
      await informer.synced(linked.signal);
    }
    return informer.lister.get({ namespace, name }) as T | undefined;
  }

  #watch(reference: ObjectReference): Watched {
    const { kind, namespace, name } = reference;
    const key = `${kind}/${namespace}/${name}`;
    const existing = this.#watched.get(key);
    if (existing !== undefined) return existing;
    const users = new Set<string>();
    const tell = () => {
      for (const uid of users) this.#onChange(uid);
    };
    const stop = new AbortController();
    const informer =
      kind === 'configmap'
        ? this.#informer(configmaps, namespace, name, tell)
        : this.#informer(secrets, namespace, name, tell);
    const watched: Watched = { informer, stop, users };
    this.#watched.set(key, watched);
    const linked = linkSignals(this.#signal, stop.signal);
    void informer.run(linked.signal).finally(() => linked[Symbol.dispose]());
    return watched;
  }

  #informer<T extends KubernetesObject>(
    resource: Resource<T>,
    namespace: string,
    name: string,
    tell: () => void,
  ): SharedInformer<T> {
    const fieldSelector = `metadata.name=${escapeFieldValue(name)}`;
    const informer = new SharedInformer(resource, { namespace, fieldSelector }, this.#dependencies);
    informer.addHandler({
      onAdd: () => informer.hasSynced && tell(),
      onUpdate: tell,
      onDelete: tell,
    });
    return informer;
  }
}

/** Everything in a Pod's spec that names a ConfigMap or Secret. */
export function referencesOf(pod: Pod): ObjectReference[] {
  const namespace = pod.metadata.namespace ?? '';
  const found = new Map<string, ObjectReference>();
  const add = (kind: Kind, name: string | undefined) => {
    if (name !== undefined && name !== '') found.set(`${kind}/${name}`, { kind, namespace, name });
  };
  const {
    initContainers = [],
    containers,
    ephemeralContainers = [],
    volumes = [],
    imagePullSecrets = [],
  } = pod.spec;
  for (const container of [...initContainers, ...containers, ...ephemeralContainers])
    addFromContainer(container, add);
  for (const { name } of imagePullSecrets) add('secret', name);
  for (const { configMap, secret, projected } of volumes) {
    add('configmap', configMap?.name);
    add('secret', secret?.secretName);
    for (const source of projected?.sources ?? []) {
      add('configmap', source.configMap?.name);
      add('secret', source.secret?.name);
    }
  }
  return [...found.values()];
}

function addFromContainer(
  { env = [], envFrom = [] }: Pick<Container, 'env' | 'envFrom'>,
  add: (kind: Kind, name: string | undefined) => void,
): void {
  for (const { configMapRef, secretRef } of envFrom) {
    add('configmap', configMapRef?.name);
    add('secret', secretRef?.name);
  }
  for (const { valueFrom } of env) {
    add('configmap', valueFrom?.configMapKeyRef?.name);
    add('secret', valueFrom?.secretKeyRef?.name);
  }
}
