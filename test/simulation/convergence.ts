import { expect } from 'vitest';
import { deployments, pods, replicasets } from '../../core/api/generated/resources.ts';
import { controllerOf } from '../../core/controllers/runtime/owner-references.ts';
import { isReadyPod, type ControlPlane } from './control-plane.ts';

/** What must be so when nothing more happens: every wish is fulfilled, and nothing is left that nobody wished for. */
export async function expectConverged(plane: ControlPlane): Promise<void> {
  const wished = await plane.list(deployments, 'default');
  const sets = await plane.list(replicasets, 'default');
  const running = await plane.list(pods, 'default');
  const setOf = new Map(sets.map((set) => [set.metadata.uid, set]));
  for (const set of sets) {
    const owner = wished.find(({ metadata }) => metadata.uid === controllerOf(set)?.uid);
    expect(owner, `owner of ReplicaSet ${set.metadata.name}`).toBeDefined();
  }
  for (const pod of running) {
    expect(setOf.has(controllerOf(pod)?.uid), `owner of Pod ${pod.metadata.name} exists`).toBe(true);
  }
  for (const { metadata, spec, status } of wished) {
    expect(metadata.deletionTimestamp, `deletion of ${metadata.name}`).toBeUndefined();
    const mine = running.filter((pod) => {
      const set = setOf.get(controllerOf(pod)?.uid);
      return set !== undefined && controllerOf(set)?.uid === metadata.uid;
    });
    const image = spec.template.spec?.containers[0]?.image;
    const replicas = spec.replicas ?? 1;
    expect(
      mine.map((pod) => (isReadyPod(pod) ? pod.spec.containers[0]?.image : 'not ready')),
      `Pods of ${metadata.name}`,
    ).toEqual(Array(replicas).fill(image));
    expect(status.observedGeneration, `generation of ${metadata.name}`).toBe(metadata.generation);
    const { replicas: all = 0, updatedReplicas = 0, availableReplicas = 0, unavailableReplicas = 0 } = status;
    expect(
      { all, updatedReplicas, availableReplicas, unavailableReplicas },
      `status of ${metadata.name}`,
    ).toEqual({
      all: replicas,
      updatedReplicas: replicas,
      availableReplicas: replicas,
      unavailableReplicas: 0,
    });
  }
}
