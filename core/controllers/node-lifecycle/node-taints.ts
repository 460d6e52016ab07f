import type { Node, Taint } from '../../api/generated/core-v1.ts';
import { timestamp } from '../../machinery/timestamp.ts';

const notReadyTaint = 'node.kubernetes.io/not-ready';
const unreachableTaint = 'node.kubernetes.io/unreachable';
const unschedulableTaint = 'node.kubernetes.io/unschedulable';

/** The taint that a condition's status asks for (upstream: nodeConditionToTaintKeyStatusMap). */
const conditionTaints: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Ready: { False: notReadyTaint, Unknown: unreachableTaint },
  MemoryPressure: { True: 'node.kubernetes.io/memory-pressure' },
  DiskPressure: { True: 'node.kubernetes.io/disk-pressure' },
  NetworkUnavailable: { True: 'node.kubernetes.io/network-unavailable' },
  PIDPressure: { True: 'node.kubernetes.io/pid-pressure' },
};

const managed: ReadonlySet<string> = new Set([
  unschedulableTaint,
  ...Object.values(conditionTaints).flatMap((byStatus) => Object.values(byStatus)),
]);

/** What is said of a node's Ready condition. */
export type Readiness = 'True' | 'False' | 'Unknown';

export function readinessOf({ status }: Node): Readiness {
  const ready = status.conditions?.find(({ type }) => type === 'Ready')?.status;
  return ready === 'True' || ready === 'False' ? ready : 'Unknown';
}

/**
 * The taints the node shall have: those of others as they are, and of ours NoSchedule ones by its conditions at once,
 * and NoExecute ones where `evict` says so; 'keep' leaves these as they are.
 */
export function desiredTaints(node: Node, evict: boolean | 'keep', nowMs: number): readonly Taint[] {
  const { taints = [] } = node.spec;
  const wanted = new Set<string>();
  for (const { type, status } of node.status.conditions ?? []) {
    const key = conditionTaints[type]?.[status];
    if (key !== undefined) wanted.add(`${key} NoSchedule`);
  }
  if (node.spec.unschedulable === true) wanted.add(`${unschedulableTaint} NoSchedule`);
  const evicting = evictionTaint(readinessOf(node));
  if (evict === true && evicting !== undefined) wanted.add(`${evicting} NoExecute`);
  const kept = taints.filter(({ key, effect }) => {
    if (!managed.has(key)) return true;
    if (effect === 'NoSchedule') return wanted.has(`${key} NoSchedule`);
    if (effect !== 'NoExecute') return true;
    // A node that was not ready and is now unreachable has its taint exchanged whatever the zone's rate.
    return evict === 'keep' ? key === evicting : wanted.has(`${key} NoExecute`);
  });
  const present = new Set(kept.map(({ key, effect }) => `${key} ${effect}`));
  if (evict === 'keep' && evicting !== undefined && taints.some(isEviction))
    wanted.add(`${evicting} NoExecute`);
  const added = [...wanted]
    .filter((taint) => !present.has(taint))
    .map((taint): Taint => {
      const [key = '', effect] = taint.split(' ');
      return { key, effect: effect as Taint['effect'], timeAdded: timestamp(nowMs) };
    });
  return kept.length === taints.length && added.length === 0 ? taints : [...kept, ...added];
}

/** Whether the node bears the mark by which Pods are evicted from it. */
export function isMarkedForEviction({ spec }: Node): boolean {
  return spec.taints?.some(isEviction) ?? false;
}

function isEviction({ key, effect }: Taint): boolean {
  return effect === 'NoExecute' && (key === notReadyTaint || key === unreachableTaint);
}

function evictionTaint(readiness: Readiness): string | undefined {
  return conditionTaints['Ready']?.[readiness];
}
