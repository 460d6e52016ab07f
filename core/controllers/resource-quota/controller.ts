import type { Pod, ResourceQuota } from '../../api/generated/core-v1.ts';
import { pods, resourcequotas } from '../../api/generated/resources.ts';
import { keyOf, parseKey } from '../../api/object.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { sum } from '../../api/quota/pod-usage.ts';
import type { Amounts } from '../../api/quota/pod-usage.ts';
import { limitedBy, usageOf } from '../../api/quota/usage.ts';
import type { Resource } from '../../api/resource.ts';
import { qualifiedResource } from '../../api/resource.ts';
import type { Informer } from '../../client/informer.ts';
import { deepEqual } from '../../machinery/json.ts';
import { followKinds, isCollectable } from '../runtime/all-kinds.ts';
import { Controller, type Requeue } from '../runtime/controller.ts';
import type { ControllerDependencies } from '../runtime/dependencies.ts';
import { isTerminal } from '../runtime/pods.ts';

/** Upstream's --resource-quota-sync-period: what was counted for a write that then failed is found by then. */
const recountMs = 5 * 60_000;

/** Counts what is used of each quota: admission only ever adds (upstream: pkg/controller/resourcequota). */
export function createResourceQuotaController(dependencies: ControllerDependencies): Controller {
  const { client, clock, informers, scheme, onError } = dependencies;
  const quotas = informers.informer(resourcequotas);
  quotas.indexBy('namespace');
  const kinds = new Map<
    string,
    { readonly resource: Resource<KubernetesObject>; readonly informer: Informer<KubernetesObject> }
  >();
  const controller = new Controller({
    name: 'resource-quota',
    clock,
    reconcile,
    onError,
  });
  quotas.addHandler({
    onAdd: (quota) => controller.queue.add(keyOf(quota)),
    onUpdate: (quota, previous) => {
      if (!deepEqual(quota.spec, previous.spec)) controller.queue.add(keyOf(quota));
    },
  });
  informers.informer(pods).addHandler({
    onUpdate: (pod: Pod, previous: Pod) => {
      if (isTerminal(pod) && !isTerminal(previous)) freed(pod);
    },
  });
  // Whatever is deleted makes room in the quotas of its namespace.
  followKinds(scheme, informers, (kind) => kind.namespaced && isCollectable(kind), {
    onServed: (resource) => {
      const informer = informers.informer(resource);
      informer.indexBy('namespace');
      kinds.set(qualifiedResource(resource), { resource, informer });
      informer.addHandler({ onDelete: freed });
    },
    onWithdrawn: (resource) => kinds.delete(qualifiedResource(resource)),
  });
  return controller;

  function freed({ metadata }: KubernetesObject): void {
    for (const quota of quotas.lister.list(metadata.namespace ?? '')) controller.queue.add(keyOf(quota));
  }

  async function reconcile(key: string, signal: AbortSignal): Promise<Requeue | void> {
    const quota = quotas.lister.get(parseKey(key));
    if (quota === undefined) return;
    const { hard = {} } = quota.spec;
    const status = { hard, used: count(quota) };
    if (!deepEqual(status, { hard: quota.status.hard ?? {}, used: quota.status.used ?? {} }))
      await client.updateStatus(resourcequotas, { ...quota, status }, { signal });
    return { requeueAfterMs: recountMs };
  }

  function count(quota: ResourceQuota): Amounts {
    const { hard = {} } = quota.spec;
    const parts: Amounts[] = [Object.fromEntries(Object.keys(hard).map((name) => [name, '0']))];
    for (const { resource, informer } of kinds.values())
      for (const object of informer.lister.list(quota.metadata.namespace ?? ''))
        parts.push(limitedBy(quota, resource, object, usageOf(resource, object)));
    return sum(parts);
  }
}
