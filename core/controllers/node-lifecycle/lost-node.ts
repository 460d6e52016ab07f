import type { Node, NodeCondition, NodeStatus, Pod, PodStatus } from '../../api/generated/core-v1.ts';
import { timestamp } from '../../machinery/timestamp.ts';

/** The conditions that only the node itself can know. */
const reportedByNode = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'] as const;

/** The status of a node that is no longer heard of: nothing is known of it. Undefined when it says so already. */
export function unknownStatus({ status, metadata }: Node, nowMs: number): NodeStatus | undefined {
  const conditions = status.conditions ?? [];
  const lost = reportedByNode.flatMap((type): NodeCondition[] => {
    const current = conditions.find((condition) => condition.type === type);
    if (current === undefined) {
      return [
        {
          type,
          status: 'Unknown',
          reason: 'NodeStatusNeverUpdated',
          message: 'Kubelet never posted node status.',
          lastHeartbeatTime: metadata.creationTimestamp,
          lastTransitionTime: timestamp(nowMs),
        },
      ];
    }
    if (current.status === 'Unknown') return [];
    return [
      {
        ...current,
        status: 'Unknown',
        reason: 'NodeStatusUnknown',
        message: 'Kubelet stopped posting node status.',
        lastTransitionTime: timestamp(nowMs),
      },
    ];
  });
  if (lost.length === 0) return undefined;
  const types = new Set(lost.map(({ type }) => type));
  return { ...status, conditions: [...conditions.filter(({ type }) => !types.has(type)), ...lost] };
}

/** The status of a Pod on such a node: no traffic is sent to it. Undefined when it is not Ready anyway. */
export function notReadyStatus({ status }: Pod, nowMs: number): PodStatus | undefined {
  const { conditions = [] } = status;
  if (!conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True'))
    return undefined;
  return {
    ...status,
    conditions: conditions.map((condition) =>
      condition.type === 'Ready'
        ? { ...condition, status: 'False', lastTransitionTime: timestamp(nowMs) }
        : condition,
    ),
  };
}
