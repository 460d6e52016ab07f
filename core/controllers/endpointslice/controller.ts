import { isNotFound, StatusError } from '../../api/errors.ts';
import type { Node, Pod, Service } from '../../api/generated/core-v1.ts';
import type { EndpointPort, EndpointSlice } from '../../api/generated/discovery-v1.ts';
import { endpointslices, nodes, pods, services } from '../../api/generated/resources.ts';
import { keyOf, parseKey } from '../../api/object.ts';
import type { Client } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import type { Index } from '../../client/lister.ts';
import type { IpFamily } from '../../machinery/ip.ts';
import { deepEqual } from '../../machinery/json.ts';
import { selectorFromLabels } from '../../machinery/label-selector.ts';
import { Controller } from '../runtime/controller.ts';
import type { ControllerDependencies } from '../runtime/dependencies.ts';
import { Expectations } from '../runtime/expectations.ts';
import { controllerReference } from '../runtime/owner-references.ts';
import { planSlices, portsKey } from './plan.ts';
import type { EndpointGroup } from './plan.ts';
import { endpointFacts, endpointOf, portsOf } from './pod-endpoints.ts';

const serviceNameLabel = 'kubernetes.io/service-name';
const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
const managedBy = 'endpointslice-controller.k8s.io';
const headlessLabel = 'service.kubernetes.io/headless';

/** Says which Pods stand behind a Service, in slices (upstream: pkg/controller/endpointslice, KEP-752). */
export function createEndpointSliceController(dependencies: ControllerDependencies): Controller {
  return new EndpointSlices(dependencies).controller;
}

class EndpointSlices {
  readonly controller: Controller;
  readonly #client: Client;
  readonly #services: Informer<Service>;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #slicesByService: Index<EndpointSlice>;
  readonly #expectations: Expectations;

  constructor({ client, clock, informers, onError }: ControllerDependencies) {
    this.#client = client;
    this.#services = informers.informer(services);
    this.#pods = informers.informer(pods);
    this.#nodes = informers.informer(nodes);
    this.#slices = informers.informer(endpointslices);
    this.#services.indexBy('namespace');
    this.#pods.indexBy('namespace');
    this.#slicesByService = this.#slices.index('managed-service', (slice) => {
      const owner = serviceOf(slice);
      return owner === undefined ? [] : [owner];
    });
    this.#expectations = new Expectations(clock);
    this.controller = new Controller({
      name: 'endpointslice',
      clock,
      reconcile: (key, signal) => this.#reconcile(key, signal),
      onError,
    });
    const { queue } = this.controller;
    this.#services.addHandler({
      onAdd: (service) => queue.add(keyOf(service)),
      onUpdate: (service) => queue.add(keyOf(service)),
      onDelete: (service) => this.#expectations.forget(keyOf(service)),
    });
    this.#pods.addHandler({
      onAdd: (pod) => this.#enqueueServicesOf(pod),
      onUpdate: (pod, previous) => {
        if (deepEqual(endpointFacts(pod), endpointFacts(previous))) return;
        this.#enqueueServicesOf(pod);
        if (!deepEqual(pod.metadata.labels, previous.metadata.labels)) this.#enqueueServicesOf(previous);
      },
      onDelete: (pod) => this.#enqueueServicesOf(pod),
    });
    this.#slices.addHandler({
      onAdd: (slice) => {
        const owner = serviceOf(slice);
        if (owner === undefined) return;
        this.#expectations.creationObserved(owner);
        queue.add(owner);
      },
      onUpdate: (slice) => this.#enqueueOwner(slice),
      onDelete: (slice) => this.#enqueueOwner(slice),
    });
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    const service = this.#services.lister.get(parseKey(key));
    if (service === undefined) return this.#expectations.forget(key);
    if (service.metadata.deletionTimestamp !== undefined) return;
    // Without a selector somebody else says what stands behind it.
    if (service.spec.type === 'ExternalName' || service.spec.selector === undefined) return;
    // Its own new slices are not all seen yet; when they are, it is called again.
    if (!this.#expectations.areSatisfied(key)) return;
    const present = this.#slicesOf(service);
    const plan = planSlices(this.#groups(service), present);
    const labels = labelsFor(service);
    const updated = new Map(plan.update.map(({ slice, endpoints }) => [slice, endpoints]));
    const removed = new Set(plan.remove);
    for (const slice of present) {
      if (removed.has(slice)) await this.#remove(slice, signal);
      else if (updated.has(slice) || !deepEqual(slice.metadata.labels, labels)) {
        const endpoints = updated.get(slice) ?? slice.endpoints ?? [];
        const next = { ...slice, metadata: { ...slice.metadata, labels }, endpoints };
        await this.#client.update(endpointslices, next, { signal });
      }
    }
    if (plan.create.length === 0) return;
    this.#expectations.expectCreations(key, plan.create.length);
    for (const [index, group] of plan.create.entries()) {
      try {
        await this.#create(service, labels, group, signal);
      } catch (error) {
        this.#expectations.creationObserved(key, plan.create.length - index);
        if (isTerminatingNamespace(error)) return;
        throw error;
      }
    }
  }

  async #create(
    service: Service,
    labels: Readonly<Record<string, string>>,
    { addressType, ports, endpoints }: EndpointGroup,
    signal: AbortSignal,
  ): Promise<void> {
    const { namespace, name = '' } = service.metadata;
    const slice: EndpointSlice = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        namespace,
        generateName: `${name}-`,
        labels,
        ownerReferences: [controllerReference(services, service)],
      },
      addressType,
      endpoints,
      ports,
    };
    await this.#client.create(endpointslices, slice, { signal });
  }

  async #remove({ metadata }: EndpointSlice, signal: AbortSignal): Promise<void> {
    const { namespace, name = '', uid = '' } = metadata;
    try {
      await this.#client.delete(endpointslices, { namespace, name }, { preconditions: { uid }, signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /** Every family has a group, though it be empty. */
  #groups(service: Service): readonly EndpointGroup[] {
    const { namespace = '' } = service.metadata;
    const selector = selectorFromLabels(service.spec.selector ?? {});
    const chosen = this.#pods.lister.list(namespace, selector);
    const nodeOf = (name: string) => this.#nodes.lister.getByKey(name);
    return (service.spec.ipFamilies ?? []).flatMap((family): readonly EndpointGroup[] => {
      const addressType = family as IpFamily;
      const groups = new Map<
        string,
        { ports: readonly EndpointPort[]; endpoints: EndpointGroup['endpoints'] }
      >();
      for (const pod of chosen) {
        const endpoint = endpointOf(pod, service, addressType, nodeOf);
        if (endpoint === undefined) continue;
        const ports = portsOf(pod, service);
        const { endpoints = [] } = groups.get(portsKey(ports)) ?? {};
        groups.set(portsKey(ports), { ports, endpoints: [...endpoints, endpoint] });
      }
      if (groups.size === 0) return [{ addressType, ports: [], endpoints: [] }];
      return [...groups.values()].map((group) => ({ addressType, ...group }));
    });
  }

  #slicesOf({ metadata }: Service): readonly EndpointSlice[] {
    return this.#slicesByService.get(`${metadata.namespace}/${metadata.name}`);
  }

  #enqueueOwner(slice: EndpointSlice): void {
    const owner = serviceOf(slice);
    if (owner !== undefined) this.controller.queue.add(owner);
  }

  #enqueueServicesOf({ metadata }: Pod): void {
    for (const service of this.#services.lister.list(metadata.namespace ?? '')) {
      const { selector } = service.spec;
      if (selector !== undefined && selectorFromLabels(selector).matches(metadata.labels))
        this.controller.queue.add(keyOf(service));
    }
  }
}

/** The key of the Service whose slice it is, where this controller looks after the slice. */
function serviceOf({ metadata }: EndpointSlice): string | undefined {
  const { namespace, labels = {} } = metadata;
  const name = labels[serviceNameLabel];
  return labels[managedByLabel] === managedBy && name !== undefined ? `${namespace}/${name}` : undefined;
}

function labelsFor({ metadata, spec }: Service): Readonly<Record<string, string>> {
  const { [headlessLabel]: _set, ...labels } = metadata.labels ?? {};
  return {
    ...labels,
    ...(spec.clusterIP === 'None' ? { [headlessLabel]: '' } : {}),
    [serviceNameLabel]: metadata.name ?? '',
    [managedByLabel]: managedBy,
  };
}

export function isTerminatingNamespace(error: unknown): boolean {
  return (
    error instanceof StatusError &&
    error.status.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating') === true
  );
}
