import { isNotFound } from '../../api/errors.ts';
import type { IPAddress } from '../../api/generated/networking-v1.ts';
import { ipaddresses, services } from '../../api/generated/resources.ts';
import { keyOf } from '../../api/object.ts';
import { parseTimestamp } from '../../machinery/timestamp.ts';
import { Controller, type Requeue } from '../runtime/controller.ts';
import type { ControllerDependencies } from '../runtime/dependencies.ts';

/** An address is taken before its Service is stored; one that waits longer belongs to nobody. */
const graceMs = 60_000;

/** Frees the addresses of Services that are gone (upstream: servicecidrs and the allocator's repair loop). */
export function createServiceAddressController(dependencies: ControllerDependencies): Controller {
  const { client, clock, informers, onError } = dependencies;
  const addressInformer = informers.informer(ipaddresses);
  const serviceInformer = informers.informer(services);
  /** Addresses of Services that were seen to go. */
  const orphaned = new Set<string>();
  const controller = new Controller({
    name: 'service-addresses',
    clock,
    workers: 1,
    reconcile,
    onError,
  });
  addressInformer.addHandler({
    onAdd: (address) => controller.queue.add(keyOf(address)),
    onDelete: (address) => orphaned.delete(keyOf(address)),
  });
  const abandon = (addresses: readonly string[] | undefined) => {
    for (const address of addresses ?? []) {
      orphaned.add(address);
      controller.queue.add(address);
    }
  };
  serviceInformer.addHandler({
    onUpdate: (service, old) =>
      abandon(old.spec.clusterIPs?.filter((address) => service.spec.clusterIPs?.includes(address) !== true)),
    onDelete: (service) => abandon(service.spec.clusterIPs),
  });
  return controller;

  async function reconcile(name: string, signal: AbortSignal): Promise<Requeue | void> {
    const address = addressInformer.lister.getByKey(name);
    if (address === undefined) {
      orphaned.delete(name);
      return;
    }
    const { parentRef } = address.spec;
    if (parentRef?.resource !== 'services' || isUsed(address)) return;
    const leftMs = (parseTimestamp(address.metadata.creationTimestamp) ?? 0) + graceMs - clock.now();
    if (leftMs > 0 && !orphaned.has(name)) return { requeueAfterMs: leftMs };
    const { uid = '' } = address.metadata;
    try {
      await client.delete(ipaddresses, { name }, { preconditions: { uid }, signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    orphaned.delete(name);
  }

  function isUsed({ metadata, spec }: IPAddress): boolean {
    const { parentRef } = spec;
    if (parentRef === undefined) return false;
    const service = serviceInformer.lister.get({
      namespace: parentRef.namespace ?? '',
      name: parentRef.name,
    });
    return service?.spec.clusterIPs?.includes(metadata.name ?? '') === true;
  }
}
