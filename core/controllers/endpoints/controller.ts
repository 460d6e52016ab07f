import { isAlreadyExists, isNotFound } from '../../api/errors.ts';
import type { Endpoints, Pod, Service } from '../../api/generated/core-v1.ts';
import { endpoints, pods, services } from '../../api/generated/resources.ts';
import { keyOf, parseKey } from '../../api/object.ts';
import type { New } from '../../api/object.ts';
import { deepEqual } from '../../machinery/json.ts';
import { selectorFromLabels } from '../../machinery/label-selector.ts';
import { isTerminatingNamespace } from '../endpointslice/controller.ts';
import { endpointFacts } from '../endpointslice/pod-endpoints.ts';
import { Controller } from '../runtime/controller.ts';
import type { ControllerDependencies } from '../runtime/dependencies.ts';
import { overCapacity, subsetsOf } from './subsets.ts';

const managedByLabel = 'endpoints.kubernetes.io/managed-by';
const managedBy = 'endpoint-controller';
const headlessLabel = 'service.kubernetes.io/headless';

/** Keeps the older form of what stands behind a Service, for clients of it (upstream: pkg/controller/endpoint). */
export function createEndpointsController(dependencies: ControllerDependencies): Controller {
  const { client, clock, informers, onError } = dependencies;
  const serviceInformer = informers.informer(services);
  const podInformer = informers.informer(pods);
  serviceInformer.indexBy('namespace');
  podInformer.indexBy('namespace');
  const endpointsInformer = informers.informer(endpoints);
  const controller = new Controller({
    name: 'endpoints',
    clock,
    reconcile,
    onError,
  });
  const { queue } = controller;
  serviceInformer.addHandler({
    onAdd: (service) => queue.add(keyOf(service)),
    onUpdate: (service) => queue.add(keyOf(service)),
    onDelete: (service) => queue.add(keyOf(service)),
  });
  podInformer.addHandler({
    onAdd: enqueueServicesOf,
    onUpdate: (pod, previous) => {
      if (deepEqual(endpointFacts(pod), endpointFacts(previous))) return;
      enqueueServicesOf(pod);
      if (!deepEqual(pod.metadata.labels, previous.metadata.labels)) enqueueServicesOf(previous);
    },
    onDelete: enqueueServicesOf,
  });
  endpointsInformer.addHandler({
    onAdd: (object) => queue.add(keyOf(object)),
    onUpdate: (object) => queue.add(keyOf(object)),
    onDelete: (object) => queue.add(keyOf(object)),
  });
  return controller;

  async function reconcile(key: string, signal: AbortSignal): Promise<void> {
    const service = serviceInformer.lister.get(parseKey(key));
    const current = endpointsInformer.lister.get(parseKey(key));
    if (service === undefined) return removeLeftOver(current, signal);
    if (service.metadata.deletionTimestamp !== undefined) return;
    if (service.spec.type === 'ExternalName' || service.spec.selector === undefined) return;
    const wanted = endpointsFor(service);
    if (current === undefined) return create(wanted, signal);
    if (
      deepEqual(current.subsets ?? [], wanted.subsets) &&
      deepEqual(current.metadata.labels, wanted.metadata.labels) &&
      current.metadata.annotations?.[overCapacity] === wanted.metadata.annotations?.[overCapacity]
    )
      return;
    const { [overCapacity]: _old, ...annotations } = current.metadata.annotations ?? {};
    const metadata = {
      ...current.metadata,
      labels: wanted.metadata.labels,
      annotations: { ...annotations, ...wanted.metadata.annotations },
    };
    await client.update(endpoints, { ...current, metadata, subsets: wanted.subsets }, { signal });
  }

  function endpointsFor(service: Service): New<Endpoints> {
    const { namespace = '', name, labels } = service.metadata;
    const selector = selectorFromLabels(service.spec.selector ?? {});
    const chosen = podInformer.lister.list(namespace, selector);
    const { subsets, truncated } = subsetsOf(service, chosen);
    const { [headlessLabel]: _set, ...given } = labels ?? {};
    const headless = service.spec.clusterIP === 'None' ? { [headlessLabel]: '' } : {};
    return {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: {
        namespace,
        name,
        labels: { ...given, ...headless, [managedByLabel]: managedBy },
        ...(truncated ? { annotations: { [overCapacity]: 'truncated' } } : {}),
      },
      subsets,
    };
  }

  async function create(wanted: New<Endpoints>, signal: AbortSignal): Promise<void> {
    try {
      await client.create(endpoints, wanted, { signal });
    } catch (error) {
      if (!isAlreadyExists(error) && !isTerminatingNamespace(error)) throw error;
    }
  }

  /** Those that somebody made by hand without a Service are theirs. */
  async function removeLeftOver(current: Endpoints | undefined, signal: AbortSignal): Promise<void> {
    if (current?.metadata.labels?.[managedByLabel] !== managedBy) return;
    const { namespace, name = '', uid = '' } = current.metadata;
    try {
      await client.delete(endpoints, { namespace, name }, { preconditions: { uid }, signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  function enqueueServicesOf({ metadata }: Pod): void {
    for (const service of serviceInformer.lister.list(metadata.namespace ?? '')) {
      const { selector } = service.spec;
      if (selector !== undefined && selectorFromLabels(selector).matches(metadata.labels))
        queue.add(keyOf(service));
    }
  }
}
