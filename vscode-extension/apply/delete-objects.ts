import { isNotFound } from '../../core/api/errors.ts';
import type { KubernetesObject } from '../../core/api/object.ts';
import type { Client } from '../../core/client/client.ts';
import type { Manifest } from '../../core/client/manifests.ts';
import type { ResourceIndex } from '../../core/client/resource-index.ts';
import { mapAtMost } from '../../core/machinery/map-at-most.ts';
import { inApplyOrder } from './apply-order.ts';
import { findServed, nameOf, noSuchKind, placed, type PlacedObject } from './apply-plan.ts';

/** Objects that are read at the same time. */
const readAtOnce = 4;

/** What became of an object that was to be deleted. */
export type Deleted =
  /** `left`: nobody tried, because it was cancelled before. */
  | { readonly planned: PlacedObject; readonly outcome: 'deleted' | 'absent' | 'left' }
  | { readonly planned: PlacedObject; readonly outcome: 'failed'; readonly error: unknown };

/** The object that a manifest means. `namespace` is for those that name none. */
export function placedObject(manifest: Manifest, index: ResourceIndex, namespace: string): PlacedObject {
  const resource = findServed(index, manifest.object);
  const object = resource === undefined ? manifest.object : placed(resource, manifest.object, namespace);
  return { manifest, resource, name: nameOf(object) };
}

/** What there is of the objects; those that are not there, or may not be read, are left out. */
export async function liveObjects(
  client: Client,
  objects: readonly PlacedObject[],
  signal: AbortSignal,
): Promise<readonly KubernetesObject[]> {
  const look = async ({ resource, name }: PlacedObject) => {
    try {
      return resource && (await client.get(resource, name, { signal }));
    } catch {
      signal.throwIfAborted();
      return undefined;
    }
  };
  const found = await mapAtMost(readAtOnce, objects, look, signal);
  return found.filter((object) => object !== undefined);
}

/**
 * Deletes objects, the last one first: what was made last depends on what was made first. One that cannot be deleted
 * holds up no other; once the signal has aborted, the rest is left. `onNext` hears of each one when
 * it is its turn.
 */
export async function deletePlaced(
  client: Client,
  objects: readonly PlacedObject[],
  signal: AbortSignal,
  onNext: (next: PlacedObject) => void = () => {},
): Promise<readonly Deleted[]> {
  const results: Deleted[] = [];
  for (const planned of inApplyOrder(objects).toReversed()) {
    if (signal.aborted) {
      results.push({ planned, outcome: 'left' });
      continue;
    }
    onNext(planned);
    results.push(await deleteOne(client, planned, signal));
  }
  return results;
}

async function deleteOne(client: Client, planned: PlacedObject, signal: AbortSignal): Promise<Deleted> {
  try {
    const resource = planned.resource ?? noSuchKind(planned.manifest.object);
    await client.delete(resource, planned.name, { propagationPolicy: 'Background', signal });
    return { planned, outcome: 'deleted' };
  } catch (error) {
    return isNotFound(error) ? { planned, outcome: 'absent' } : { planned, outcome: 'failed', error };
  }
}
