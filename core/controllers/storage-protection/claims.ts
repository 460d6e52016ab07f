import type { PersistentVolumeClaim, Pod } from '../../api/generated/core-v1.ts';
import { persistentvolumeclaims, pods } from '../../api/generated/resources.ts';
import { keyOf, parseKey } from '../../api/object.ts';
import { Controller } from '../runtime/controller.ts';
import type { ControllerDependencies } from '../runtime/dependencies.ts';
import { release } from './release.ts';

const finalizer = 'kubernetes.io/pvc-protection';

/** Lets a deleted claim go when no Pod on a node uses it any more (upstream: pvcprotection). */
export function createClaimProtectionController(dependencies: ControllerDependencies): Controller {
  const { client, clock, informers, onError } = dependencies;
  const claims = informers.informer(persistentvolumeclaims);
  const users = informers.informer(pods);
  const byClaim = users.index('claim', claimsOf);
  const controller = new Controller({
    name: 'claim-protection',
    clock,
    workers: 2,
    reconcile,
    onError,
  });
  const claimSeen = (claim: PersistentVolumeClaim) => {
    if (isHeld(claim)) controller.queue.add(keyOf(claim));
  };
  claims.addHandler({ onAdd: claimSeen, onUpdate: claimSeen });
  const podSeen = (pod: Pod) => {
    for (const key of claimsOf(pod)) controller.queue.add(key);
  };
  users.addHandler({ onUpdate: podSeen, onDelete: podSeen });
  return controller;

  async function reconcile(key: string, signal: AbortSignal): Promise<void> {
    const claim = claims.lister.getByKey(key);
    if (claim === undefined || !isHeld(claim)) return;
    if (byClaim.get(key).length > 0) return;
    // A Pod may have been placed a moment ago: only the API knows.
    const { namespace } = parseKey(key);
    const { items } = await client.list(pods, { namespace, signal });
    if (items.some((pod) => claimsOf(pod).includes(key))) return;
    await release(client, persistentvolumeclaims, claim, finalizer, signal);
  }
}

/** Keys of the claims that a Pod uses, once it is on a node: a kubelet starts nothing on a claim that is on its way out. */
function claimsOf({ metadata, spec, status }: Pod): readonly string[] {
  if (spec.nodeName === undefined) return [];
  const over = status.phase === 'Succeeded' || status.phase === 'Failed';
  return (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    const claim =
      persistentVolumeClaim?.claimName ??
      (ephemeral === undefined || over ? undefined : `${metadata.name}-${name}`);
    return claim === undefined ? [] : [`${metadata.namespace}/${claim}`];
  });
}

function isHeld({ metadata }: PersistentVolumeClaim): boolean {
  return metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(finalizer) === true;
}
