import { Quantity } from '../../machinery/quantity.ts';
import type { PersistentVolumeClaim, Pod, ResourceQuota, Service } from '../generated/core-v1.ts';
import type { KubernetesObject } from '../object.ts';
import { qualifiedResource } from '../resource.ts';
import { podUsage } from './pod-usage.ts';
import type { Amounts } from './pod-usage.ts';
import { scopesMatch } from './scopes.ts';

interface Kind {
  readonly group: string;
  readonly plural: string;
}

/** Kinds that quotas may name without "count/". */
const countedByName: ReadonlySet<string> = new Set([
  'configmaps',
  'persistentvolumeclaims',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'services',
]);

/** What an object takes of its namespace's quotas, by the names they use (pkg/quota/v1/evaluator/core). */
export function usageOf(kind: Kind, object: KubernetesObject): Amounts {
  const counted = { [`count/${qualifiedResource(kind)}`]: '1' };
  if (kind.group !== '') return counted;
  const named = countedByName.has(kind.plural) ? { ...counted, [kind.plural]: '1' } : counted;
  switch (kind.plural) {
    case 'pods':
      return { ...named, ...podAmounts(object as Pod) };
    case 'services':
      return { ...named, ...serviceAmounts(object as Service) };
    case 'persistentvolumeclaims':
      return { ...named, ...claimAmounts(object as PersistentVolumeClaim) };
    default:
      return named;
  }
}

/** Of these amounts, those that the quota limits; none where the object is outside of its scopes. */
export function limitedBy(
  quota: ResourceQuota,
  kind: Kind,
  object: KubernetesObject,
  usage: Amounts,
): Amounts {
  const { hard = {} } = quota.spec;
  const names = Object.keys(usage).filter((name) => hard[name] !== undefined);
  if (names.length === 0 || !scopesMatch(quota, kind, object)) return {};
  return Object.fromEntries(names.map((name) => [name, usage[name] as string]));
}

/** What `now` takes more than `before`. */
export function increase(now: Amounts, before: Amounts): Amounts {
  const more: Record<string, string> = {};
  for (const [name, amount] of Object.entries(now)) {
    const difference = Quantity.parse(amount).nanos - Quantity.parse(before[name] ?? '0').nanos;
    if (difference > 0n)
      more[name] = Quantity.fromNanos(difference, Quantity.parse(amount).format).toString();
  }
  return more;
}

/** Finished Pods hold nothing any more. */
function podAmounts(pod: Pod): Amounts {
  if (pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed') return {};
  const { requests, limits } = podUsage(pod);
  const amounts: Record<string, string> = { pods: '1' };
  for (const [name, amount] of Object.entries(requests)) {
    amounts[`requests.${name}`] = amount;
    if (['cpu', 'memory', 'ephemeral-storage'].includes(name)) amounts[name] = amount;
  }
  for (const [name, amount] of Object.entries(limits))
    if (['cpu', 'memory', 'ephemeral-storage'].includes(name)) amounts[`limits.${name}`] = amount;
  return amounts;
}

function serviceAmounts({ spec }: Service): Amounts {
  const { type, ports = [], allocateLoadBalancerNodePorts } = spec;
  const given =
    type === 'LoadBalancer' && allocateLoadBalancerNodePorts === false
      ? ports.filter(({ nodePort }) => nodePort !== undefined)
      : ports;
  const open = type === 'NodePort' || type === 'LoadBalancer' ? given.length : 0;
  return {
    'services.nodeports': String(open),
    'services.loadbalancers': type === 'LoadBalancer' ? '1' : '0',
  };
}

function claimAmounts({ spec }: PersistentVolumeClaim): Amounts {
  const storage = spec.resources?.requests?.['storage'];
  const { storageClassName } = spec;
  const amounts: Record<string, string> = {};
  if (storage !== undefined) amounts['requests.storage'] = storage;
  if (storageClassName === undefined || storageClassName === '') return amounts;
  const prefix = `${storageClassName}.storageclass.storage.k8s.io`;
  amounts[`${prefix}/persistentvolumeclaims`] = '1';
  if (storage !== undefined) amounts[`${prefix}/requests.storage`] = storage;
  return amounts;
}
