import type { Pod } from '../../api/generated/core-v1.ts';
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../api/generated/policy-v1.ts';
import { parseTimestamp, timestamp } from '../../machinery/timestamp.ts';
import { isReady, isTerminal } from '../runtime/pods.ts';

/** An eviction that was allowed and did not show in this time did not happen (upstream: DeletionTimeout). */
const evictionTimeoutMs = 120_000;

/** How many Pods there are meant to be, and how many of them must be healthy. */
export interface Expected {
  readonly expectedPods: number;
  readonly desiredHealthy: number;
}

/** `wanted` is the size of what the Pods belong to; only percentages and `maxUnavailable` need it. */
export function expectedOf({ spec }: PodDisruptionBudget, matching: number, wanted: () => number): Expected {
  const { minAvailable, maxUnavailable } = spec;
  if (maxUnavailable !== undefined) {
    const expectedPods = wanted();
    return {
      expectedPods,
      desiredHealthy: Math.max(0, expectedPods - scaledUp(maxUnavailable, expectedPods)),
    };
  }
  if (typeof minAvailable === 'string') {
    const expectedPods = wanted();
    return { expectedPods, desiredHealthy: scaledUp(minAvailable, expectedPods) };
  }
  return { expectedPods: matching, desiredHealthy: minAvailable ?? 0 };
}

/** The status as the Pods are now (pkg/controller/disruption: updatePdbStatus). */
export function budgetStatus(
  { metadata, status }: PodDisruptionBudget,
  pods: readonly Pod[],
  { expectedPods, desiredHealthy }: Expected,
  nowMs: number,
): { readonly status: PodDisruptionBudgetStatus; readonly recheckMs: number | undefined } {
  const { disruptedPods, recheckMs } = pendingEvictions(status.disruptedPods ?? {}, pods, nowMs);
  const currentHealthy = pods.filter(
    (pod) =>
      pod.metadata.deletionTimestamp === undefined &&
      disruptedPods[pod.metadata.name ?? ''] === undefined &&
      isReady(pod),
  ).length;
  const surplus = currentHealthy - desiredHealthy;
  const disruptionsAllowed = expectedPods <= 0 || surplus <= 0 ? 0 : surplus;
  const allowed = disruptionsAllowed > 0;
  const before = status.conditions?.find(({ type }) => type === 'DisruptionAllowed');
  const value = allowed ? 'True' : 'False';
  const { generation } = metadata;
  const condition = {
    type: 'DisruptionAllowed',
    status: value,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    lastTransitionTime:
      before?.status === value && before.lastTransitionTime !== undefined
        ? before.lastTransitionTime
        : timestamp(nowMs),
    reason: allowed ? 'SufficientPods' : 'InsufficientPods',
    message: '',
  } as const;
  return {
    status: {
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      ...(Object.keys(disruptedPods).length === 0 ? {} : { disruptedPods }),
      disruptionsAllowed,
      currentHealthy,
      desiredHealthy,
      expectedPods,
      conditions: [
        ...(status.conditions ?? []).filter(({ type }) => type !== 'DisruptionAllowed'),
        condition,
      ],
    },
    recheckMs,
  };
}

/** Evictions that were allowed and whose Pods do not show it yet. */
function pendingEvictions(
  disrupted: Readonly<Record<string, string>>,
  pods: readonly Pod[],
  nowMs: number,
): { readonly disruptedPods: Readonly<Record<string, string>>; readonly recheckMs: number | undefined } {
  const living = new Set(
    pods
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map(({ metadata }) => metadata.name),
  );
  const leftMs = (since: string) => (parseTimestamp(since) ?? 0) + evictionTimeoutMs - nowMs;
  const pending = Object.entries(disrupted).filter(([name, since]) => living.has(name) && leftMs(since) > 0);
  const waits = pending.map(([, since]) => leftMs(since));
  return {
    disruptedPods: Object.fromEntries(pending),
    recheckMs: waits.length === 0 ? undefined : Math.min(...waits),
  };
}

/** Pods of a finished kind are nobody's replicas. */
export function counts(pod: Pod): boolean {
  return !isTerminal(pod);
}

/** Percentages are rounded up, towards more disruption for `maxUnavailable` and less for `minAvailable`, as upstream. */
function scaledUp(value: number | string, total: number): number {
  return typeof value === 'number' ? value : Math.ceil((Number.parseInt(value, 10) * total) / 100);
}
