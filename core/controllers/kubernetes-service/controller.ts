import { StatusError, unlessThere } from '../../api/errors.ts';
import type { Service } from '../../api/generated/core-v1.ts';
import { servicecidrs, services } from '../../api/generated/resources.ts';
import { keyOf, type New } from '../../api/object.ts';
import { numberToIp, parseCidr } from '../../machinery/ip.ts';
import { Controller } from '../runtime/controller.ts';
import type { ControllerDependencies } from '../runtime/dependencies.ts';

const name = { namespace: 'default', name: 'kubernetes' };
const key = 'default/kubernetes';
const defaultCidr = 'kubernetes';

/**
 * Keeps the Service by which Pods find the API, at the first address of the cluster's own range (upstream:
 * pkg/controlplane/controller/kubernetesservice).
 */
export function createKubernetesServiceController(dependencies: ControllerDependencies): Controller {
  const { client, clock, informers, onError } = dependencies;
  const serviceInformer = informers.informer(services);
  const cidrInformer = informers.informer(servicecidrs);
  const controller = new Controller({
    name: 'kubernetes-service',
    clock,
    workers: 1,
    reconcile,
    onError,
  });
  cidrInformer.addHandler({
    onAdd: ({ metadata }) => {
      if (metadata.name === defaultCidr) controller.queue.add(key);
    },
  });
  serviceInformer.addHandler({
    onDelete: (service) => {
      if (keyOf(service) === key) controller.queue.add(key);
    },
  });
  return controller;

  async function reconcile(_key: string, signal: AbortSignal): Promise<void> {
    if (serviceInformer.lister.get(name) !== undefined) return;
    const [text = ''] = cidrInformer.lister.getByKey(defaultCidr)?.spec.cidrs ?? [];
    const range = parseCidr(text);
    if (range === undefined) return;
    const address = numberToIp(range.first + 1n, range.family);
    try {
      await create({ clusterIP: address }, signal);
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'Invalid') throw error;
      // Somebody took the address while the Service was away; another one is better than none.
      await create({}, signal);
    }
  }

  async function create(chosen: Partial<Service['spec']>, signal: AbortSignal): Promise<void> {
    const service: New<Service> = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...name, labels: { component: 'apiserver', provider: 'kubernetes' } },
      spec: {
        ...chosen,
        ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 6443 }],
        sessionAffinity: 'None',
        type: 'ClusterIP',
      },
    };
    await unlessThere(client.create(services, service, { signal }));
  }
}
