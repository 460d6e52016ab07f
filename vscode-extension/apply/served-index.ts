import type { Manifest } from '../../core/client/manifests.ts';
import type { ResourceIndex } from '../../core/client/resource-index.ts';
import { unlessAborted } from '../../core/machinery/signals.ts';
import type { OpenCluster } from '../session/cluster-session.ts';
import { findServed } from './apply-plan.ts';

/**
 * What the cluster serves; asked for anew where a kind is missing, which may have come meanwhile. Others may wait for
 * the same answer, so the signal ends the waiting and not the question.
 */
export async function servedIndex(
  cluster: Pick<OpenCluster, 'resources'>,
  manifests: readonly Manifest[],
  signal: AbortSignal,
): Promise<ResourceIndex> {
  const known = await unlessAborted(cluster.resources(), signal);
  return manifests.every(({ object }) => findServed(known, object) !== undefined)
    ? known
    : unlessAborted(cluster.resources({ fresh: true }), signal);
}
