import type { PersistentVolume } from '../../api/generated/core-v1.ts';
import { persistentvolumes } from '../../api/generated/resources.ts';
import { keyOf } from '../../api/object.ts';
import { Controller } from '../runtime/controller.ts';
import type { ControllerDependencies } from '../runtime/dependencies.ts';
import { release } from './release.ts';

const finalizer = 'kubernetes.io/pv-protection';

/** Lets a deleted volume go when it is bound to no claim (upstream: pvprotection). */
export function createVolumeProtectionController(dependencies: ControllerDependencies): Controller {
  const { client, clock, informers, onError } = dependencies;
  const volumes = informers.informer(persistentvolumes);
  const controller = new Controller({
    name: 'volume-protection',
    clock,
    workers: 1,
    reconcile,
    onError,
  });
  const seen = (volume: PersistentVolume) => {
    if (mayGo(volume)) controller.queue.add(keyOf(volume));
  };
  volumes.addHandler({ onAdd: seen, onUpdate: seen });
  return controller;

  async function reconcile(name: string, signal: AbortSignal): Promise<void> {
    const volume = volumes.lister.getByKey(name);
    if (volume === undefined || !mayGo(volume)) return;
    await release(client, persistentvolumes, volume, finalizer, signal);
  }
}

function mayGo({ metadata, status }: PersistentVolume): boolean {
  return (
    metadata.deletionTimestamp !== undefined &&
    metadata.finalizers?.includes(finalizer) === true &&
    status.phase !== 'Bound'
  );
}
