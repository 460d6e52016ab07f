import { isConflict, isNotFound } from '../../api/errors.ts';
import type { Namespace } from '../../api/generated/core-v1.ts';
import { events, namespaces, pods } from '../../api/generated/resources.ts';
import { keyOf, type KubernetesObject } from '../../api/object.ts';
import { isSameResource, type Resource } from '../../api/resource.ts';
import { resourcesOf, storedVersion } from '../../api/scheme.ts';
import type { KindDeclaration, Scheme } from '../../api/scheme.ts';
import type { Client } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import type { Clock } from '../../machinery/clock.ts';
import { followKinds, isCollectable, resourceOf } from '../runtime/all-kinds.ts';
import { Controller, type Requeue } from '../runtime/controller.ts';
import type { ControllerDependencies } from '../runtime/dependencies.ts';
import type { RemoteKinds } from '../runtime/remote-kinds.ts';
import { discoveryFailure, terminatingStatus, type Remains } from './conditions.ts';
import { emptying, Findings } from './content.ts';

const finalizer = 'kubernetes';

/** What is left is looked at again after this long at the latest, should an event be missed. */
const maxWaitMs = 15_000;

/**
 * Empties namespaces that are being deleted, then lets them go (upstream: pkg/controller/namespace). Pods go first
 * and all of them, so that nothing runs any more when what protected it, a NetworkPolicy say, is deleted (KEP-5080).
 */
export function createNamespaceController(dependencies: ControllerDependencies): Controller {
  return new Namespaces(dependencies).controller;
}

class Namespaces {
  readonly controller: Controller;
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #scheme: Scheme;
  readonly #namespaces: Informer<Namespace>;
  readonly #informers: ControllerDependencies['informers'];
  readonly #remoteKinds: RemoteKinds | undefined;

  constructor({ client, clock, scheme, informers, remoteKinds, onError }: ControllerDependencies) {
    this.#client = client;
    this.#clock = clock;
    this.#scheme = scheme;
    this.#informers = informers;
    this.#remoteKinds = remoteKinds;
    this.#namespaces = informers.informer(namespaces);
    this.controller = new Controller({
      name: 'namespace',
      clock,
      deadlineMs: 10 * 60_000,
      reconcile: (name, signal) => this.#reconcile(name, signal),
      onError,
    });
    this.#namespaces.addHandler({
      onAdd: (namespace) => this.#enqueue(namespace),
      onUpdate: (namespace) => this.#enqueue(namespace),
    });
    remoteKinds?.onChange(() => {
      for (const namespace of this.#namespaces.lister.list()) this.#enqueue(namespace);
    });
    followKinds(scheme, informers, isEmptied, { onServed: (resource) => this.#watch(resource) });
  }

  #enqueue(namespace: Namespace): void {
    if (namespace.metadata.deletionTimestamp !== undefined) this.controller.queue.add(keyOf(namespace));
  }

  /** The last object of a kind to go is what a terminating namespace waits for. */
  #watch(resource: Resource<KubernetesObject>): void {
    const informer = this.#informers.informer(resource);
    const inNamespace = informer.index('namespace', ({ metadata }) => [metadata.namespace ?? '']);
    informer.addHandler({
      onDelete: ({ metadata: { namespace = '' } }) => {
        if (inNamespace.count(namespace) > 0) return;
        const owner = this.#namespaces.lister.getByKey(namespace);
        if (owner !== undefined) this.#enqueue(owner);
      },
    });
  }

  async #reconcile(name: string, signal: AbortSignal): Promise<Requeue | void> {
    const namespace = this.#namespaces.lister.getByKey(name);
    if (namespace?.metadata.deletionTimestamp === undefined) return;
    if (namespace.spec.finalizers?.includes(finalizer) !== true) return;
    const remains = await this.#empty(name, signal);
    const updated = await this.#writeStatus(namespace, remains, signal);
    if (updated === undefined) return;
    const { failures, unknown } = remains;
    if (failures.length + unknown.length > 0) {
      const why = [...failures, ...(unknown.length === 0 ? [] : [discoveryFailure(unknown)])];
      throw new Error(`Cannot empty namespace "${name}": ${why.join('; ')}`);
    }
    if (remains.counts.size > 0) return { requeueAfterMs: maxWaitMs };
    await this.#finalize(updated, signal);
  }

  /** Deletes what is there and says what is left then. */
  async #empty(namespace: string, signal: AbortSignal): Promise<Remains> {
    const remains = new Findings();
    const here = emptying(this.#client, namespace, remains, signal);
    await here(pods);
    if (remains.counts.size > 0 || remains.failures.length > 0) return remains;
    for (const { group, plural } of resourcesOf(this.#scheme.all())) {
      const kind = storedVersion(this.#scheme.versionsOf(group, plural).filter(isEmptied));
      if (kind !== undefined && !isSameResource(kind, pods)) await here(resourceOf(kind));
    }
    if (this.#remoteKinds === undefined) return remains;
    const { resources, unknown } = this.#remoteKinds.discover();
    remains.unknown.push(...unknown);
    const there = emptying(this.#remoteKinds.client, namespace, remains, signal);
    for (const resource of resources) {
      const { namespaced, verbs } = resource;
      const isDeletable =
        verbs.includes('delete') && ['deletecollection', 'list'].some((verb) => verbs.includes(verb));
      if (namespaced && isDeletable) await there(resource, verbs);
    }
    return remains;
  }

  /** Resolves to undefined when the namespace is gone, or is not the one that was to go. */
  async #writeStatus(
    namespace: Namespace,
    remains: Remains,
    signal: AbortSignal,
  ): Promise<Namespace | undefined> {
    const { name = '', uid } = namespace.metadata;
    let current = namespace;
    for (;;) {
      const status = terminatingStatus(current.status, remains, this.#clock.now());
      if (status === current.status) return current;
      try {
        return await this.#client.updateStatus(namespaces, { ...current, status }, { signal });
      } catch (error) {
        if (isNotFound(error)) return undefined;
        if (!isConflict(error)) throw error;
        current = await this.#client.get(namespaces, { name }, { signal });
        if (current.metadata.uid !== uid) return undefined;
      }
    }
  }

  async #finalize(namespace: Namespace, signal: AbortSignal): Promise<void> {
    const finalizers = (namespace.spec.finalizers ?? []).filter((name) => name !== finalizer);
    try {
      await this.#client.updateSubresource(
        namespaces,
        { ...namespace, spec: { ...namespace.spec, finalizers } },
        'finalize',
        { signal },
      );
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

/** Events go too, although nothing waits for them elsewhere. */
function isEmptied(kind: KindDeclaration): boolean {
  return kind.namespaced && (isSameResource(kind, events) || isCollectable(kind));
}
