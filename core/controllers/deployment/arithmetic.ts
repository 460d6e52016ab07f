import type { Deployment, ReplicaSet } from '../../api/generated/apps-v1.ts';
import { maxReplicasAnnotation, numberIn } from './annotations.ts';
import {
  activeSets,
  bySizeNewestFirst,
  bySizeOldestFirst,
  oldestFirst,
  replicasOf,
  sum,
} from './replica-sets.ts';

/** A size to give to a ReplicaSet. */
export interface Resize {
  readonly set: ReplicaSet;
  readonly replicas: number;
}

export function desiredReplicas(deployment: Deployment): number {
  return deployment.spec.replicas ?? 1;
}

export function isRolling(deployment: Deployment): boolean {
  return deployment.spec.strategy?.type !== 'Recreate';
}

/** How far a rolling update may exceed the desired size, and how much of it may be missing, in Pods. */
export function fenceposts(deployment: Deployment): { maxSurge: number; maxUnavailable: number } {
  if (!isRolling(deployment)) return { maxSurge: 0, maxUnavailable: 0 };
  const { maxSurge = '25%', maxUnavailable = '25%' } = deployment.spec.strategy?.rollingUpdate ?? {};
  const replicas = desiredReplicas(deployment);
  const surge = scaled(maxSurge, replicas, Math.ceil);
  const unavailable = scaled(maxUnavailable, replicas, Math.floor);
  // With neither, an update could not take a single step.
  return { maxSurge: surge, maxUnavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

export function maxSurge(deployment: Deployment): number {
  return fenceposts(deployment).maxSurge;
}

/** Never more than there are to be. */
export function maxUnavailable(deployment: Deployment): number {
  return Math.min(fenceposts(deployment).maxUnavailable, desiredReplicas(deployment));
}

/** The size of the newest ReplicaSet's next step: as large as the surge allows (NewRSNewReplicas). */
export function newSetReplicas(deployment: Deployment, all: readonly ReplicaSet[], current: number): number {
  const desired = desiredReplicas(deployment);
  if (!isRolling(deployment)) return desired;
  const total = sum(all, replicasOf);
  const room = desired + maxSurge(deployment) - total;
  return room <= 0 ? current : current + Math.min(room, desired - current);
}

/** The next step of a rolling update's newest ReplicaSet; undefined when it has its size. */
export function resizeNewSet(
  deployment: Deployment,
  all: readonly ReplicaSet[],
  newest: ReplicaSet,
): Resize | undefined {
  const current = replicasOf(newest);
  const desired = desiredReplicas(deployment);
  const replicas = current > desired ? desired : newSetReplicas(deployment, all, current);
  return replicas === current ? undefined : { set: newest, replicas };
}

/**
 * The next step of a rolling update's old ReplicaSets: first their Pods that are no use anyway, then as many as
 * stay dispensable (reconcileOldReplicaSets).
 */
export function resizeOldSets(
  deployment: Deployment,
  newest: ReplicaSet,
  old: readonly ReplicaSet[],
): readonly Resize[] {
  const minAvailable = desiredReplicas(deployment) - maxUnavailable(deployment);
  const newUnavailable = replicasOf(newest) - availableOf(newest);
  const removable = sum(old, replicasOf) + replicasOf(newest) - minAvailable - newUnavailable;
  if (removable <= 0) return [];
  const sizes = new Map(old.map((set) => [set, replicasOf(set)]));
  const oldest = [...old].sort(oldestFirst);

  let unhealthyLeft = removable;
  for (const set of oldest) {
    const size = sizes.get(set) ?? 0;
    const removed = Math.max(0, Math.min(unhealthyLeft, size - availableOf(set)));
    sizes.set(set, size - removed);
    unhealthyLeft -= removed;
  }

  let dispensable = Math.max(0, sum([...old, newest], availableOf) - minAvailable);
  for (const set of oldest) {
    const size = sizes.get(set) ?? 0;
    const removed = Math.min(dispensable, size);
    sizes.set(set, size - removed);
    dispensable -= removed;
  }
  return oldest.flatMap((set) => {
    const replicas = sizes.get(set) ?? 0;
    return replicas === replicasOf(set) ? [] : [{ set, replicas }];
  });
}

/**
 * Spreads a change of the Deployment's size over the ReplicaSets of a rollout under way, in proportion to their
 * sizes; what rounding leaves goes to the largest (scale in deployment/sync.go). Names every active set, resized
 * or not: their annotations record the new size.
 */
export function resizeProportionally(deployment: Deployment, sets: readonly ReplicaSet[]): readonly Resize[] {
  const desired = desiredReplicas(deployment);
  const active = [...activeSets(sets)];
  const allowed = desired > 0 ? desired + maxSurge(deployment) : 0;
  const toAdd = allowed - sum(active, replicasOf);
  active.sort(toAdd > 0 ? bySizeNewestFirst : bySizeOldestFirst);
  let added = 0;
  const sizes = active.map((set) => {
    const share = proportion(deployment, set, toAdd, added);
    added += share;
    return replicasOf(set) + share;
  });
  const leftover = toAdd - added;
  return active.map((set, index) => {
    const size = sizes[index] ?? 0;
    return { set, replicas: index === 0 ? Math.max(0, size + leftover) : size };
  });
}

function proportion(deployment: Deployment, set: ReplicaSet, toAdd: number, added: number): number {
  if (replicasOf(set) === 0 || toAdd === 0 || toAdd === added) return 0;
  const share = fraction(deployment, set);
  const left = toAdd - added;
  return toAdd > 0 ? Math.min(share, left) : Math.max(share, left);
}

/** By how much the set grows or shrinks when it keeps its part of the whole. */
function fraction(deployment: Deployment, set: ReplicaSet): number {
  const size = replicasOf(set);
  const desired = desiredReplicas(deployment);
  if (desired === 0) return -size;
  const before = numberIn(set, maxReplicasAnnotation) || (deployment.status.replicas ?? 0);
  if (before === 0) return 0;
  return Math.round((size * (desired + maxSurge(deployment))) / before) - size;
}

/** A number, or a share of `total` such as "25%". */
function scaled(value: number | string, total: number, round: (value: number) => number): number {
  if (typeof value === 'number') return value;
  const match = /^(\d{1,9})%$/.exec(value);
  if (match === null)
    throw new Error(`Cannot scale ${JSON.stringify(value)}: it is neither a number nor a percentage`);
  return round((Number(match[1]) * total) / 100);
}

function availableOf(set: ReplicaSet): number {
  return set.status.availableReplicas ?? 0;
}
