import { isConflict, isNotFound } from '../../api/errors.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import type { Client } from '../../client/client.ts';

/** Takes a finalizer off an object as it was seen; one that has just changed is seen again. */
export async function release<T extends KubernetesObject>(
  client: Client,
  resource: Resource<T>,
  object: T,
  finalizer: string,
  signal: AbortSignal,
): Promise<void> {
  const finalizers = object.metadata.finalizers?.filter((one) => one !== finalizer) ?? [];
  try {
    await client.update(resource, { ...object, metadata: { ...object.metadata, finalizers } }, { signal });
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}
