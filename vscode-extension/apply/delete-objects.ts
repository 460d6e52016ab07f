import { isNotFound } from '../../core/api/errors.ts';
import type { Client } from '../../core/client/client.ts';
import type { Manifest } from '../../core/client/manifests.ts';
import type { ResourceIndex } from '../../core/client/resource-index.ts';
import { findServed, nameOf, noSuchKind, placed, type PlacedObject } from './apply-plan.ts';

/** What became of an object that was to be deleted. */
export type Deleted =
  | { readonly planned: PlacedObject; readonly outcome: 'deleted' | 'absent' }
  | { readonly planned: PlacedObject; readonly outcome: 'failed'; readonly error: unknown };

/** The object that a manifest means. `namespace` is for those that name none. */
export function placedObject(manifest: Manifest, index: ResourceIndex, namespace: string): PlacedObject {
  const resource = findServed(index, manifest.object);
  const object = resource === undefined ? manifest.object : placed(resource, manifest.object, namespace);
  return { manifest, resource, name: nameOf(object) };
}

/**
 * Deletes objects, the last one first: what was made last depends on what was made first. One that cannot be deleted
 * holds up no other.
 */
export async function deletePlaced(
  client: Client,
  objects: readonly PlacedObject[],
  signal: AbortSignal,
): Promise<readonly Deleted[]> {
  const results: Deleted[] = [];
  for (const each of objects.toReversed()) results.push(await deleteOne(client, each, signal));
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
