import type { ReplicaSet } from '../../api/generated/apps-v1.ts';
import type { Pod } from '../../api/generated/core-v1.ts';
import { controllerOf } from '../runtime/owner-references.ts';
import { isTerminal } from '../runtime/pods.ts';
import {
  desiredReplicas,
  isRolling,
  resizeNewSet,
  resizeOldSets,
  resizeProportionally,
  type Resize,
} from './arithmetic.ts';
import {
  activeOrLatest,
  activeSets,
  isSaturated,
  replicasOf,
  setsToDelete,
  tellApart,
} from './replica-sets.ts';
import type { ReplicaSets } from './replica-sets.ts';
import type { Rollout } from './rollout.ts';
import { deploymentStatus, isComplete, rolloutStatus } from './status.ts';

/** Replaces old Pods by new ones a few at a time. One step a call; the change it makes brings the next call. */
export async function rollOut(rollout: Rollout, sets: readonly ReplicaSet[]): Promise<void> {
  const known = await rollout.syncNewest(tellApart(rollout.deployment, sets), true);
  const { newest, old } = known;
  if (newest === undefined) return;
  const steps = nextSteps(rollout, newest, old);
  for (const step of steps) await rollout.resize(step);
  if (steps.length === 0) await cleanUp(rollout, known);
  await rollout.writeStatus(rolloutStatus(rollout.deployment, known, rollout.nowMs));
}

/** Stops all old Pods before the first new one is made. */
export async function recreate(
  rollout: Rollout,
  sets: readonly ReplicaSet[],
  pods: Iterable<Pod>,
): Promise<void> {
  let known = await rollout.syncNewest(tellApart(rollout.deployment, sets), false);
  const active = activeSets(known.old);
  if (active.length > 0) {
    for (const set of active) await rollout.resize({ set, replicas: 0 });
  } else if (!hasOldPods(known, pods)) {
    known = await rollout.syncNewest(known, true);
    const { newest } = known;
    if (newest !== undefined) {
      await rollout.resize({ set: newest, replicas: desiredReplicas(rollout.deployment) });
    }
    await cleanUp(rollout, known);
  }
  await rollout.writeStatus(rolloutStatus(rollout.deployment, known, rollout.nowMs));
}

/** Follows a change of size, without taking a rollout further: while paused, and before a rollout goes on. */
export async function scale(rollout: Rollout, sets: readonly ReplicaSet[]): Promise<void> {
  const { deployment } = rollout;
  const known = await rollout.syncNewest(tellApart(deployment, sets), false);
  for (const step of scalingSteps(rollout, known)) await rollout.resize(step);
  if (deployment.spec.paused === true) await deleteSurplus(rollout, known);
  await rollout.writeStatus(deploymentStatus(rollout.deployment, known, rollout.nowMs));
}

/** A Deployment that is being deleted only reports. */
export async function reportOnly(rollout: Rollout, sets: readonly ReplicaSet[]): Promise<void> {
  const known = tellApart(rollout.deployment, sets);
  await rollout.writeStatus(deploymentStatus(rollout.deployment, known, rollout.nowMs));
}

function nextSteps(rollout: Rollout, newest: ReplicaSet, old: readonly ReplicaSet[]): readonly Resize[] {
  const { deployment } = rollout;
  const up = resizeNewSet(deployment, [...old, newest], newest);
  return up === undefined ? resizeOldSets(deployment, newest, activeSets(old)) : [up];
}

function scalingSteps(rollout: Rollout, known: ReplicaSets): readonly Resize[] {
  const { deployment } = rollout;
  const only = activeOrLatest(known);
  if (only !== undefined) {
    const desired = desiredReplicas(deployment);
    // The size may be right and what is recorded of it wrong: resize() compares both.
    return [{ set: only, replicas: desired }];
  }
  if (isSaturated(deployment, known.newest)) {
    return activeSets(known.old).map((set) => ({ set, replicas: 0 }));
  }
  if (!isRolling(deployment)) return [];
  const { newest, old } = known;
  return resizeProportionally(deployment, newest === undefined ? old : [...old, newest]);
}

/** Old ReplicaSets are deleted only when the rollout is done: until then one may be wanted back. */
async function cleanUp(rollout: Rollout, known: ReplicaSets): Promise<void> {
  const status = deploymentStatus(rollout.deployment, known, rollout.nowMs);
  if (isComplete(rollout.deployment, status)) await deleteSurplus(rollout, known);
}

async function deleteSurplus(rollout: Rollout, { old }: ReplicaSets): Promise<void> {
  for (const set of setsToDelete(rollout.deployment, old)) await rollout.delete(set);
}

/** Whether a Pod of an old template may still run, be it only terminating. */
function hasOldPods({ newest, old }: ReplicaSets, pods: Iterable<Pod>): boolean {
  if (old.some((set) => set.status.replicas > 0 || replicasOf(set) > 0)) return true;
  for (const pod of pods) {
    if (newest !== undefined && controllerOf(pod)?.uid === newest.metadata.uid) continue;
    if (!isTerminal(pod)) return true;
  }
  return false;
}
