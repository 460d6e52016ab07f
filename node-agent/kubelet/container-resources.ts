import type { Container, Pod, ResourceRequirements } from '../../core/api/generated/core-v1.ts';
import { Quantity, quantityToMilli, quantityToNumber } from '../../core/machinery/quantity.ts';
import type { ContainerResources } from '../runtime/runtime.ts';
import { qosClassOf } from './quality-of-service.ts';

const minShares = 2;
const maxShares = 262_144;
const quotaPeriodUs = 100_000;
const minQuotaUs = 1000;
const guaranteedOomScore = -997;
const bestEffortOomScore = 1000;
/** Priority from which a Pod is critical to the node (system-node-critical). */
const nodeCriticalPriority = 2_000_001_000;

/** Upstream's translation of requests and limits (pkg/kubelet/cm helpers_linux.go, pkg/kubelet/qos/policy.go). */
export function containerResources(
  pod: Pod,
  container: Container,
  node: { readonly memoryBytes: number; readonly pidsLimit: number | undefined },
): ContainerResources {
  const { limits = {}, requests = {} } = container.resources ?? {};
  const cpuLimit = limits['cpu'] === undefined ? undefined : quantityToMilli(limits['cpu']);
  const cpuRequest = requests['cpu'] === undefined ? cpuLimit : quantityToMilli(requests['cpu']);
  const memoryLimit = limits['memory'] === undefined ? 0 : Math.ceil(quantityToNumber(limits['memory']));
  return {
    cpuShares: cpuShares(cpuRequest ?? 0),
    cpuQuotaUs: cpuQuotaUs(cpuLimit ?? 0),
    memoryLimitBytes: memoryLimit === 0 ? undefined : memoryLimit,
    oomScoreAdj: oomScoreAdj(pod, container, node.memoryBytes),
    pidsLimit: node.pidsLimit,
  };
}

/**
 * The other way round: what a container has, as its Pod would say it. An amount that stands for what the kernel was
 * told is written as the Pod writes it. The kernel is not told of memory requests.
 */
export function actualResources(
  { requests, limits }: Pick<ResourceRequirements, 'requests' | 'limits'>,
  actual: Pick<ContainerResources, 'cpuShares' | 'cpuQuotaUs' | 'memoryLimitBytes'>,
): ResourceRequirements {
  const told = (quantity: string | undefined, same: (quantity: string) => boolean, otherwise: string) =>
    quantity !== undefined && same(quantity) ? quantity : otherwise;
  const cpu = (millicores: number) => `${Math.round(millicores)}m`;
  const { cpuQuotaUs: quotaUs, memoryLimitBytes } = actual;
  const actualRequests = {
    ...requests,
    ...(requests?.['cpu'] === undefined
      ? {}
      : {
          cpu: told(
            requests['cpu'],
            (quantity) => cpuShares(quantityToMilli(quantity)) === actual.cpuShares,
            cpu((actual.cpuShares * 1000) / 1024),
          ),
        }),
  };
  const actualLimits = {
    ...limits,
    ...(quotaUs === undefined
      ? {}
      : {
          cpu: told(
            limits?.['cpu'],
            (quantity) => cpuQuotaUs(quantityToMilli(quantity)) === quotaUs,
            cpu((quotaUs * 1000) / quotaPeriodUs),
          ),
        }),
    ...(memoryLimitBytes === undefined
      ? {}
      : {
          memory: told(
            limits?.['memory'],
            (quantity) => Math.ceil(quantityToNumber(quantity)) === memoryLimitBytes,
            Quantity.fromBytes(memoryLimitBytes).toString(),
          ),
        }),
  };
  return {
    ...(Object.keys(actualLimits).length === 0 ? {} : { limits: actualLimits }),
    ...(Object.keys(actualRequests).length === 0 ? {} : { requests: actualRequests }),
  };
}

export function cpuShares(millicores: number): number {
  return Math.min(maxShares, Math.max(minShares, Math.floor((millicores * 1024) / 1000)));
}

export function cpuQuotaUs(millicores: number): number | undefined {
  if (millicores === 0) return undefined;
  return Math.max(minQuotaUs, Math.floor((millicores * quotaPeriodUs) / 1000));
}

/** Whom the kernel kills first when memory runs out: those who asked for least. */
export function oomScoreAdj(pod: Pod, container: Container, nodeMemoryBytes: number): number {
  if ((pod.spec.priority ?? 0) >= nodeCriticalPriority) return guaranteedOomScore;
  const qos = qosClassOf(pod);
  if (qos === 'Guaranteed') return guaranteedOomScore;
  if (qos === 'BestEffort') return bestEffortOomScore;
  const request = container.resources?.requests?.['memory'] ?? container.resources?.limits?.['memory'] ?? '0';
  const score = 1000 - Math.floor((1000 * quantityToNumber(request)) / nodeMemoryBytes);
  if (score < 1000 + guaranteedOomScore) return 1000 + guaranteedOomScore;
  return score === bestEffortOomScore ? score - 1 : score;
}
