import { isConflict, isNotFound } from '../../api/errors.ts';
import type { Namespace } from '../../api/generated/core-v1.ts';
import { namespaces, pods } from '../../api/generated/resources.ts';
import { keyOf, type KubernetesObject } from '../../api/object.ts';
import { qualifiedResource, type Resource } from '../../api/resource.ts';
import type { KindDeclaration, Scheme } from '../../api/scheme.ts';
import type { Client } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import type { Clock } from '../../machinery/clock.ts';
import { collectableKinds, followKinds, resourceOf } from '../runtime/all-kinds.ts';
import { Controller, type Requeue } from '../runtime/controller.ts';
import type { ControllerDependencies } from '../runtime/dependencies.ts';
import { terminatingStatus, type Remains } from './conditions.ts';

const finalizer = 'kubernetes';
const pageSize = 500;

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

  constructor({ client, clock, scheme, informers, onError }: ControllerDependencies) {
    this.#client = client;
    this.#clock = clock;
    this.#scheme = scheme;
    this.#informers = informers;
    this.#namespaces = informers.informer(namespaces);
    this.controller = new Controller({
      name: 'namespace',
      clock,
      deadlineMs: 10 * 60_000,
      reconcile: (name, signal) => this.#reconcile(name, signal),
      ...(onError === undefined ? {} : { onError }),
    });
    this.#namespaces.addHandler({
      onAdd: (namespace) => this.#enqueue(namespace),
      onUpdate: (namespace) => this.#enqueue(namespace),
    });
    followKinds(scheme, informers, namespacedKinds, { onServed: (resource) => this.#watch(resource) });
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
    if (remains.failures.length > 0) {
      throw new Error(`Cannot empty namespace "${name}": ${remains.failures.join('; ')}`);
    }
    if (remains.counts.size > 0) return { requeueAfterMs: maxWaitMs };
    await this.#finalize(updated, signal);
  }

  /** Deletes what is there and says what is left then. */
  async #empty(namespace: string, signal: AbortSignal): Promise<Remains> {
    const remains = {
      counts: new Map<string, number>(),
      finalizers: new Map<string, number>(),
      failures: [],
    };
    await this.#emptyOf(pods, namespace, remains, signal);
    if (remains.counts.size > 0 || remains.failures.length > 0) return remains;
    for (const resource of namespacedKinds(this.#scheme).map(resourceOf)) {
      if (resource.plural !== 'pods') await this.#emptyOf(resource, namespace, remains, signal);
    }
    return remains;
  }

  async #emptyOf<T extends KubernetesObject>(
    resource: Resource<T>,
    namespace: string,
    remains: { counts: Map<string, number>; finalizers: Map<string, number>; failures: string[] },
    signal: AbortSignal,
  ): Promise<void> {
    try {
      await this.#deleteAll(resource, namespace, signal);
      const { items, remainingItemCount = 0 } = await this.#client.list(resource, {
        namespace,
        limit: pageSize,
        signal,
      });
      if (items.length === 0) return;
      remains.counts.set(`${resource.plural}.${resource.group}`, items.length + remainingItemCount);
      for (const name of items.flatMap(({ metadata }) => metadata.finalizers ?? [])) {
        remains.finalizers.set(name, (remains.finalizers.get(name) ?? 0) + 1);
      }
    } catch (error) {
      signal.throwIfAborted();
      remains.failures.push(
        `${qualifiedResource(resource)}: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  /** A page at a time: neither a list nor a burst of deletes ever holds a whole large namespace. */
  async #deleteAll<T extends KubernetesObject>(
    resource: Resource<T>,
    namespace: string,
    signal: AbortSignal,
  ): Promise<void> {
    let next: string | undefined;
    do {
      const page = await this.#client.deleteCollection(
        resource,
        { namespace, limit: pageSize, ...(next === undefined ? {} : { continue: next }) },
        { propagationPolicy: 'Background', signal },
      );
      next = page.continue;
    } while (next !== undefined && next !== '');
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
function namespacedKinds(scheme: Scheme): readonly KindDeclaration[] {
  const events = scheme.byResource('', 'v1', 'events');
  const kinds = collectableKinds(scheme).filter(({ namespaced }) => namespaced);
  return events === undefined ? kinds : [...kinds, events];
}
