import type { Deployment, ReplicaSet } from '../../api/generated/apps-v1.ts';
import type { Pod } from '../../api/generated/core-v1.ts';
import { deployments, pods, replicasets } from '../../api/generated/resources.ts';
import { keyOf, parseKey } from '../../api/object.ts';
import { referenceTo } from '../../client/events.ts';
import { LabelSelector, selectorFromObject } from '../../machinery/label-selector.ts';
import { claimChildren, refersTo } from '../runtime/claim.ts';
import { Controller, type Requeue } from '../runtime/controller.ts';
import type { ControllerDependencies } from '../runtime/dependencies.ts';
import { controllerOf } from '../runtime/owner-references.ts';
import { isScaled } from './replica-sets.ts';
import { Rollout } from './rollout.ts';
import { progressCheckInMs } from './status.ts';
import { recreate, reportOnly, rollOut, scale } from './strategies.ts';

/**
 * Keeps ReplicaSets such that each Deployment's Pods come to be of its template and number, old Pods giving way to
 * new ones as its strategy says (upstream: pkg/controller/deployment).
 */
export function createDeploymentController(dependencies: ControllerDependencies): Controller {
  const { client, clock, informers, eventsOf, onError } = dependencies;
  const events = eventsOf('deployment-controller');
  const deploymentInformer = informers.informer(deployments);
  const setInformer = informers.informer(replicasets);
  const podInformer = informers.informer(pods);
  deploymentInformer.indexBy('namespace');
  setInformer.indexBy('namespace');
  podInformer.indexBy('owner');

  const controller = new Controller({
    name: 'deployment',
    clock,
    reconcile,
    onError,
  });
  const { queue } = controller;

  deploymentInformer.addHandler({
    onAdd: (deployment) => queue.add(keyOf(deployment)),
    onUpdate: (deployment) => queue.add(keyOf(deployment)),
    onDelete: (deployment) => queue.add(keyOf(deployment)),
  });
  setInformer.addHandler({
    onAdd: enqueueOwners,
    onUpdate(set, previous) {
      if (controllerOf(previous)?.uid !== controllerOf(set)?.uid) enqueueOwners(previous);
      enqueueOwners(set);
    },
    onDelete: enqueueOwners,
  });
  podInformer.addHandler({
    // The last old Pod to go lets a Recreate go on; everything else arrives by the ReplicaSet's status.
    onDelete(pod) {
      const deployment = deploymentOf(pod);
      if (deployment?.spec.strategy?.type === 'Recreate') queue.add(keyOf(deployment));
    },
    onUpdate(pod) {
      if (pod.status.phase !== 'Succeeded' && pod.status.phase !== 'Failed') return;
      const deployment = deploymentOf(pod);
      if (deployment?.spec.strategy?.type === 'Recreate') queue.add(keyOf(deployment));
    },
  });
  return controller;

  async function reconcile(key: string, signal: AbortSignal): Promise<Requeue | void> {
    const deployment = deploymentInformer.lister.get(parseKey(key));
    if (deployment === undefined) return;
    const rollout = new Rollout({ client, clock, events }, deployment, signal);
    const selector = selectorFromObject(deployment.spec.selector);
    if (selector.isEverything) {
      const message = 'This deployment is selecting all pods. A non-empty selector is required.';
      events.event(referenceTo(deployments, deployment), 'Warning', 'SelectingAll', message);
      return;
    }
    const sets = await claimSets(deployment, selector, signal);
    if (deployment.metadata.deletionTimestamp !== undefined) return await reportOnly(rollout, sets);
    await rollout.notePause();
    if (deployment.spec.paused === true || isScaled(deployment, sets)) await scale(rollout, sets);
    else if (deployment.spec.strategy?.type === 'Recreate') await recreate(rollout, sets, podsOf(sets));
    else await rollOut(rollout, sets);
    const requeueAfterMs = progressCheckInMs(rollout.deployment, rollout.deployment.status, clock.now());
    return requeueAfterMs === undefined ? undefined : { requeueAfterMs };
  }

  function claimSets(
    deployment: Deployment,
    selector: LabelSelector,
    signal: AbortSignal,
  ): Promise<readonly ReplicaSet[]> {
    const candidates = setInformer.lister.list(deployment.metadata.namespace ?? '');
    return claimChildren({
      client,
      ownerResource: deployments,
      owner: deployment,
      selector,
      childResource: replicasets,
      candidates,
      signal,
    });
  }

  function* podsOf(sets: readonly ReplicaSet[]): Iterable<Pod> {
    for (const { metadata } of sets) yield* podInformer.lister.byOwner(metadata.uid ?? '');
  }

  /** The owner; for an orphan every Deployment that may adopt it. */
  function enqueueOwners(set: ReplicaSet): void {
    const reference = controllerOf(set);
    if (reference !== undefined) {
      const owner = ownerOf(set);
      if (owner !== undefined) queue.add(keyOf(owner));
      return;
    }
    if (set.metadata.deletionTimestamp !== undefined) return;
    for (const deployment of deploymentInformer.lister.list(set.metadata.namespace ?? '')) {
      const selector = selectorFromObject(deployment.spec.selector);
      if (!selector.isEverything && selector.matches(set.metadata.labels)) queue.add(keyOf(deployment));
    }
  }

  function ownerOf(set: ReplicaSet): Deployment | undefined {
    const reference = controllerOf(set);
    if (!refersTo(reference, deployments)) return undefined;
    const { namespace } = set.metadata;
    const owner = deploymentInformer.lister.get({ namespace, name: reference.name });
    return owner?.metadata.uid === reference.uid ? owner : undefined;
  }

  function deploymentOf(pod: Pod): Deployment | undefined {
    const reference = controllerOf(pod);
    if (!refersTo(reference, replicasets)) return undefined;
    const { namespace } = pod.metadata;
    const set = setInformer.lister.get({ namespace, name: reference.name });
    return set?.metadata.uid === reference.uid ? ownerOf(set) : undefined;
  }
}
