import type { ReplicaSet, ReplicaSetCondition, ReplicaSetStatus } from '../../api/generated/apps-v1.ts';
import type { Pod } from '../../api/generated/core-v1.ts';
import { omitZeros } from '../runtime/omit-zeros.ts';
import { availableInMs, isReady } from '../runtime/pods.ts';

/** What went wrong when Pods were made or removed; undefined when nothing did. */
export interface ReplicaFailure {
  readonly reason: 'FailedCreate' | 'FailedDelete';
  readonly message: string;
}

export interface Observed {
  /** Those that count as replicas. */
  readonly active: readonly Pod[];
  readonly terminating: number;
  readonly failure: ReplicaFailure | undefined;
  /** The failure of an earlier try stays while nothing was tried. */
  readonly tried: boolean;
}

/** The status of a ReplicaSet as its Pods are now (upstream: replica_set_utils.go, calculateStatus). */
export function replicaSetStatus(set: ReplicaSet, observed: Observed, nowMs: number): ReplicaSetStatus {
  const { active, terminating } = observed;
  const wanted = Object.entries(set.spec.template?.metadata?.labels ?? {});
  const minReadySeconds = set.spec.minReadySeconds ?? 0;
  const conditions = conditionsOf(set, observed, nowMs);
  const status: ReplicaSetStatus = {
    replicas: active.length,
    fullyLabeledReplicas: active.filter(({ metadata }) =>
      wanted.every(([key, value]) => metadata.labels?.[key] === value),
    ).length,
    readyReplicas: active.filter(isReady).length,
    availableReplicas: active.filter((pod) => availableInMs(pod, minReadySeconds, nowMs) === 0).length,
    terminatingReplicas: terminating,
    observedGeneration: set.metadata.generation ?? 0,
    ...(conditions.length === 0 ? {} : { conditions }),
  };
  return omitZeros(status, 'replicas', 'terminatingReplicas');
}

/** Milliseconds until the next Ready Pod becomes available, if any is waiting for that. */
export function nextAvailabilityMs(set: ReplicaSet, pods: readonly Pod[], nowMs: number): number | undefined {
  const minReadySeconds = set.spec.minReadySeconds ?? 0;
  let nextMs: number | undefined;
  for (const pod of pods) {
    const inMs = availableInMs(pod, minReadySeconds, nowMs);
    if (inMs !== undefined && inMs > 0) nextMs = Math.min(inMs, nextMs ?? Infinity);
  }
  return nextMs;
}

function conditionsOf(set: ReplicaSet, observed: Observed, nowMs: number): readonly ReplicaSetCondition[] {
  const old = set.status.conditions ?? [];
  if (!observed.tried) return old;
  const current = old.find(({ type }) => type === 'ReplicaFailure');
  const others = old.filter((condition) => condition !== current);
  const { failure } = observed;
  if (failure === undefined) return others;
  if (current?.status === 'True' && current.reason === failure.reason) return old;
  const lastTransitionTime = new Date(nowMs).toISOString().replace(/\.\d+Z$/, 'Z');
  return [...others, { type: 'ReplicaFailure', status: 'True', lastTransitionTime, ...failure }];
}
