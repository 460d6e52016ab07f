import type {
  Deployment,
  DeploymentCondition,
  DeploymentStatus,
  ReplicaSet,
} from '../../api/generated/apps-v1.ts';
import { timestamp } from '../../machinery/timestamp.ts';
import { omitZeros } from '../runtime/omit-zeros.ts';
import { desiredReplicas, maxUnavailable } from './arithmetic.ts';
import { replicasOf, sum, type ReplicaSets } from './replica-sets.ts';

type ConditionType = 'Available' | 'Progressing' | 'ReplicaFailure';

/** A condition as it shall be, without its times. */
export interface ConditionChange {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

/** A deadline of 2^31 - 1 seconds means none, as upstream. */
export function hasProgressDeadline(deployment: Deployment): boolean {
  const seconds = deployment.spec.progressDeadlineSeconds;
  return seconds !== undefined && seconds !== 2 ** 31 - 1;
}

export function conditionOf(status: DeploymentStatus, type: ConditionType): DeploymentCondition | undefined {
  return status.conditions?.find((condition) => condition.type === type);
}

/** Nothing changes while status and reason stay the same, so that a message cannot make a status restless. */
export function withCondition(
  status: DeploymentStatus,
  change: ConditionChange,
  nowMs: number,
): DeploymentStatus {
  const current = conditionOf(status, change.type);
  if (current?.status === change.status && current.reason === change.reason) return status;
  const now = timestamp(nowMs);
  const lastTransitionTime = current?.status === change.status ? (current.lastTransitionTime ?? now) : now;
  const condition = { ...change, lastUpdateTime: now, lastTransitionTime };
  const others = (status.conditions ?? []).filter(({ type }) => type !== change.type);
  return { ...status, conditions: [...others, condition] };
}

function withoutCondition(status: DeploymentStatus, type: ConditionType): DeploymentStatus {
  if (conditionOf(status, type) === undefined) return status;
  return { ...status, conditions: (status.conditions ?? []).filter((condition) => condition.type !== type) };
}

/** Counts and availability as the ReplicaSets report them (upstream: sync.go, calculateStatus). */
export function deploymentStatus(
  deployment: Deployment,
  { newest, old }: ReplicaSets,
  nowMs: number,
): DeploymentStatus {
  const all = newest === undefined ? old : [...old, newest];
  const available = sum(all, (set) => set.status.availableReplicas ?? 0);
  const { collisionCount, conditions } = deployment.status;
  const counts: DeploymentStatus = {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: sum(all, (set) => set.status.replicas),
    updatedReplicas: newest?.status.replicas ?? 0,
    readyReplicas: sum(all, (set) => set.status.readyReplicas ?? 0),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, sum(all, replicasOf) - available),
    terminatingReplicas: sum(all, (set) => set.status.terminatingReplicas ?? 0),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    ...(conditions === undefined ? {} : { conditions }),
  };
  const enough = available >= desiredReplicas(deployment) - maxUnavailable(deployment);
  const availability: ConditionChange = enough
    ? {
        type: 'Available',
        status: 'True',
        reason: 'MinimumReplicasAvailable',
        message: 'Deployment has minimum availability.',
      }
    : {
        type: 'Available',
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      };
  return withCondition(omitZeros(counts, 'terminatingReplicas'), availability, nowMs);
}

/** All Pods are of the newest template and available, and no old one is left. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const desired = desiredReplicas(deployment);
  return (
    (status.updatedReplicas ?? 0) === desired &&
    (status.replicas ?? 0) === desired &&
    (status.availableReplicas ?? 0) === desired &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

/** The status of a rollout under way, with what is known of its progress (upstream: progress.go, syncRolloutStatus). */
export function rolloutStatus(deployment: Deployment, sets: ReplicaSets, nowMs: number): DeploymentStatus {
  let status = deploymentStatus(deployment, sets, nowMs);
  if (!hasProgressDeadline(deployment)) status = withoutCondition(status, 'Progressing');
  else if (!isSettled(deployment.status, status))
    status = withProgress(deployment, sets.newest, status, nowMs);
  const failure = failureOf(sets);
  return failure === undefined
    ? withoutCondition(status, 'ReplicaFailure')
    : withCondition(status, failure, nowMs);
}

/** Milliseconds until the progress deadline must be looked at; undefined when nothing is awaited. */
export function progressCheckInMs(
  deployment: Deployment,
  status: DeploymentStatus,
  nowMs: number,
): number | undefined {
  const condition = conditionOf(status, 'Progressing');
  if (!hasProgressDeadline(deployment) || condition === undefined) return undefined;
  if (isComplete(deployment, status) || condition.reason === 'ProgressDeadlineExceeded') return undefined;
  if (condition.reason === 'NewReplicaSetAvailable') return undefined;
  const deadlineMs = (deployment.spec.progressDeadlineSeconds ?? 0) * 1000;
  // Times have whole seconds: one more, so that the check does not come just before its time.
  return Math.max(0, updatedMs(condition) + deadlineMs - nowMs) + 1000;
}

/** A rollout that was complete stays so when a Pod is lost later: that is for the ReplicaSet to mend. */
function isSettled(before: DeploymentStatus, status: DeploymentStatus): boolean {
  return (
    status.replicas === status.updatedReplicas &&
    conditionOf(before, 'Progressing')?.reason === 'NewReplicaSetAvailable'
  );
}

function withProgress(
  deployment: Deployment,
  newest: ReplicaSet | undefined,
  status: DeploymentStatus,
  nowMs: number,
): DeploymentStatus {
  const what =
    newest === undefined
      ? `Deployment "${deployment.metadata.name}"`
      : `ReplicaSet "${newest.metadata.name}"`;
  const progressing = { type: 'Progressing', status: 'True' } as const;
  if (isComplete(deployment, status)) {
    const message = `${what} has successfully progressed.`;
    return withCondition(status, { ...progressing, reason: 'NewReplicaSetAvailable', message }, nowMs);
  }
  if (hasProgressed(deployment.status, status)) {
    const current = conditionOf(status, 'Progressing');
    const message = `${what} is progressing.`;
    const renewed = withCondition(
      withoutCondition(status, 'Progressing'),
      { ...progressing, reason: 'ReplicaSetUpdated', message },
      nowMs,
    );
    return current?.status === 'True' ? keepTransition(renewed, current) : renewed;
  }
  if (hasTimedOut(deployment, status, nowMs)) {
    const message = `${what} has timed out progressing.`;
    const change = { ...progressing, status: 'False', reason: 'ProgressDeadlineExceeded', message } as const;
    return withCondition(status, change, nowMs);
  }
  return status;
}

function keepTransition(status: DeploymentStatus, previous: DeploymentCondition): DeploymentStatus {
  const conditions = (status.conditions ?? []).map((condition) =>
    condition.type === previous.type
      ? { ...condition, lastTransitionTime: previous.lastTransitionTime }
      : condition,
  );
  return { ...status, conditions };
}

function hasProgressed(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const oldOf = (status: DeploymentStatus) => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    oldOf(after) < oldOf(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

function hasTimedOut(deployment: Deployment, status: DeploymentStatus, nowMs: number): boolean {
  const condition = conditionOf(status, 'Progressing');
  if (condition === undefined || condition.reason === 'NewReplicaSetAvailable') return false;
  if (condition.reason === 'ProgressDeadlineExceeded') return true;
  const deadlineMs = (deployment.spec.progressDeadlineSeconds ?? 0) * 1000;
  return updatedMs(condition) + deadlineMs < nowMs;
}

/** The newest set's failure counts before those of the old ones. */
function failureOf({ newest, old }: ReplicaSets): ConditionChange | undefined {
  for (const set of newest === undefined ? old : [newest, ...old]) {
    const condition = set.status.conditions?.find(({ type }) => type === 'ReplicaFailure');
    if (condition === undefined) continue;
    const { reason = '', message = '' } = condition;
    return { type: 'ReplicaFailure', status: condition.status as 'True', reason, message };
  }
  return undefined;
}

function updatedMs(condition: DeploymentCondition): number {
  return Date.parse(condition.lastUpdateTime ?? '') || 0;
}
