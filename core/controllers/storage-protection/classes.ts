import type { PersistentVolume, PersistentVolumeClaim } from '../../api/generated/core-v1.ts';
import {
  persistentvolumeclaims,
  persistentvolumes,
  volumeattributesclasses,
} from '../../api/generated/resources.ts';
import type { VolumeAttributesClass } from '../../api/generated/storage-v1.ts';
import { keyOf } from '../../api/object.ts';
import { Controller } from '../runtime/controller.ts';
import type { ControllerDependencies } from '../runtime/dependencies.ts';
import { release } from './release.ts';

const finalizer = 'kubernetes.io/vac-protection';

/** Lets a deleted class of volume attributes go when no claim and no volume has it (upstream: vacprotection, KEP-3751). */
export function createClassProtectionController(dependencies: ControllerDependencies): Controller {
  const { client, clock, informers, onError } = dependencies;
  const classes = informers.informer(volumeattributesclasses);
  const claims = informers.informer(persistentvolumeclaims);
  const volumes = informers.informer(persistentvolumes);
  const claimsByClass = claims.index('volumeAttributesClass', classesOfClaim);
  const volumesByClass = volumes.index('volumeAttributesClass', classesOfVolume);
  const controller = new Controller({
    name: 'volume-attributes-class-protection',
    clock,
    workers: 1,
    reconcile,
    onError,
  });
  const classSeen = (seen: VolumeAttributesClass) => {
    if (isHeld(seen)) controller.queue.add(keyOf(seen));
  };
  classes.addHandler({ onAdd: classSeen, onUpdate: classSeen });
  const claimLeft = (claim: PersistentVolumeClaim) => {
    for (const name of classesOfClaim(claim)) controller.queue.add(name);
  };
  claims.addHandler({ onUpdate: (_, old) => claimLeft(old), onDelete: claimLeft });
  const volumeLeft = (volume: PersistentVolume) => {
    for (const name of classesOfVolume(volume)) controller.queue.add(name);
  };
  volumes.addHandler({ onUpdate: (_, old) => volumeLeft(old), onDelete: volumeLeft });
  return controller;

  async function reconcile(name: string, signal: AbortSignal): Promise<void> {
    const known = classes.lister.getByKey(name);
    if (known === undefined || !isHeld(known)) return;
    if (claimsByClass.get(name).length > 0 || volumesByClass.get(name).length > 0) return;
    // It may have been taken a moment ago: only the API knows.
    const [{ items: allClaims }, { items: allVolumes }] = await Promise.all([
      client.list(persistentvolumeclaims, { signal }),
      client.list(persistentvolumes, { signal }),
    ]);
    if (allClaims.some((claim) => classesOfClaim(claim).includes(name))) return;
    if (allVolumes.some((volume) => classesOfVolume(volume).includes(name))) return;
    await release(client, volumeattributesclasses, known, finalizer, signal);
  }
}

/** Those that it wants, has, and is on its way to. */
function classesOfClaim({ spec, status }: PersistentVolumeClaim): readonly string[] {
  const names = [
    spec.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ];
  return [...new Set(names.filter((name) => name !== undefined && name !== ''))] as readonly string[];
}

function classesOfVolume({
  spec: { volumeAttributesClassName: name = '' },
}: PersistentVolume): readonly string[] {
  return name === '' ? [] : [name];
}

function isHeld({ metadata }: VolumeAttributesClass): boolean {
  return metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(finalizer) === true;
}
