import type { Container, Pod, PodStatus } from '../../core/api/generated/core-v1.ts';
import { Quantity, quantityToNumber } from '../../core/machinery/quantity.ts';

export type QosClass = NonNullable<PodStatus['qosClass']>;

const counted = ['cpu', 'memory'] as const;

/**
 * Guaranteed: every container limits both CPU and memory and requests just that. BestEffort: nothing is requested or
 * limited at all. Burstable: the rest (upstream: pkg/apis/core/helper/qos).
 */
export function qosClassOf(pod: Pod): QosClass {
  // Set once at creation and immutable.
  if (pod.status.qosClass !== undefined) return pod.status.qosClass;
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const asking = pod.spec.resources === undefined ? containers : [{ resources: pod.spec.resources }];
  if (asking.every(asksForNothing)) return 'BestEffort';
  return asking.every(isGuaranteed) ? 'Guaranteed' : 'Burstable';
}

function asksForNothing({ resources }: Pick<Container, 'resources'>): boolean {
  return counted.every(
    (name) => !isPositive(resources?.requests?.[name]) && !isPositive(resources?.limits?.[name]),
  );
}

function isGuaranteed({ resources }: Pick<Container, 'resources'>): boolean {
  return counted.every((name) => {
    const limit = resources?.limits?.[name];
    const request = resources?.requests?.[name] ?? limit;
    if (limit === undefined || request === undefined || !isPositive(limit)) return false;
    return Quantity.parse(request).equals(Quantity.parse(limit));
  });
}

function isPositive(quantity: string | undefined): boolean {
  return quantity !== undefined && quantityToNumber(quantity) > 0;
}
