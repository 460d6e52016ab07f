import type { KubernetesObject } from '../../core/api/object.ts';
import { StatusError } from '../../core/api/errors.ts';
import type { Resource } from '../../core/api/resource.ts';
import type { Cluster } from '../../core/client/cluster.ts';

/** Whether we are let to list the kind there, by trying. Rejects when the cluster cannot be asked. */
export async function mayList(
  { client }: Cluster,
  resource: Resource<KubernetesObject>,
  place: { readonly namespace?: string },
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await client.list(resource, { ...place, limit: 1, signal });
    return true;
  } catch (error) {
    if (error instanceof StatusError && (error.reason === 'Forbidden' || error.reason === 'NotFound'))
      return false;
    throw error;
  }
}
