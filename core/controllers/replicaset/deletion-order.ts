import type { Pod } from '../../api/generated/core-v1.ts';
import { isActive, isReady, readySinceMs } from '../runtime/pods.ts';

const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost';

interface Ranked {
  readonly pod: Pod;
  readonly ready: boolean;
  readonly cost: number;
  /** Pods of the same owner on the same node. */
  readonly neighbours: number;
  readonly readyAgeRank: number | undefined;
  readonly restarts: number;
  readonly ageRank: number;
}

/**
 * The `count` Pods that are missed least, of those that are active. `related` are all Pods of the same owner, so
 * that of two on one node one goes first. The order is upstream's (controller_utils.go, ActivePodsWithRanks):
 * unassigned before assigned, pending before running, not Ready before Ready, cheaper by annotation, doubled up on
 * a node, Ready for a shorter time, more restarts, younger. Ages count by powers of two, so that among Pods of
 * about the same age chance decides, in the form of the UID.
 */
export function podsToDelete(
  pods: readonly Pod[],
  related: readonly Pod[],
  count: number,
  nowMs: number,
): readonly Pod[] {
  if (count >= pods.length) return pods;
  const neighbours = countByNode(related);
  const ranked = pods.map((pod) => rank(pod, neighbours, nowMs));
  ranked.sort(compare);
  return ranked.slice(0, count).map(({ pod }) => pod);
}

function rank(pod: Pod, neighbours: ReadonlyMap<string, number>, nowMs: number): Ranked {
  const sinceMs = readySinceMs(pod);
  return {
    pod,
    ready: isReady(pod),
    cost: deletionCost(pod),
    neighbours: neighbours.get(pod.spec.nodeName ?? '') ?? 0,
    readyAgeRank: sinceMs === undefined ? undefined : ageRank(nowMs - sinceMs),
    restarts: restartsOf(pod),
    ageRank: ageRank(nowMs - Date.parse(pod.metadata.creationTimestamp ?? '')),
  };
}

function compare(a: Ranked, b: Ranked): number {
  return (
    Number(isAssigned(a.pod)) - Number(isAssigned(b.pod)) ||
    phaseRank(a.pod) - phaseRank(b.pod) ||
    Number(a.ready) - Number(b.ready) ||
    a.cost - b.cost ||
    b.neighbours - a.neighbours ||
    (a.readyAgeRank ?? 0) - (b.readyAgeRank ?? 0) ||
    b.restarts - a.restarts ||
    a.ageRank - b.ageRank ||
    (uidOf(a.pod) < uidOf(b.pod) ? -1 : 1)
  );
}

function countByNode(pods: readonly Pod[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const pod of pods) {
    const { nodeName } = pod.spec;
    if (nodeName && isActive(pod)) counts.set(nodeName, (counts.get(nodeName) ?? 0) + 1);
  }
  return counts;
}

function isAssigned(pod: Pod): boolean {
  return pod.spec.nodeName !== undefined && pod.spec.nodeName !== '';
}

function phaseRank(pod: Pod): number {
  if (pod.status.phase === 'Running') return 2;
  return pod.status.phase === 'Unknown' ? 1 : 0;
}

/** What is no integer counts as 0, the default. */
function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.[deletionCostAnnotation];
  return text !== undefined && /^(0|-?[1-9]\d{0,9})$/.test(text) ? Number(text) : 0;
}

function restartsOf(pod: Pod): number {
  const sidecars = new Set(
    (pod.spec.initContainers ?? []).flatMap(({ name, restartPolicy }) =>
      restartPolicy === 'Always' ? [name] : [],
    ),
  );
  const inits = (pod.status.initContainerStatuses ?? []).filter(({ name }) => sidecars.has(name));
  return Math.max(
    0,
    ...[...(pod.status.containerStatuses ?? []), ...inits].map(({ restartCount }) => restartCount),
  );
}

/** Upstream takes the logarithm of the age in nanoseconds. */
function ageRank(ageMs: number): number {
  return ageMs <= 0 || Number.isNaN(ageMs) ? -1 : Math.trunc(Math.log2(ageMs * 1e6));
}

function uidOf(pod: Pod): string {
  return pod.metadata.uid ?? '';
}
