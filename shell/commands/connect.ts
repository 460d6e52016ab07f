import { connectCluster as connectAs, type Cluster } from '../../core/client/cluster.ts';
import type { ClusterContext } from '../../core/client/kubeconfig.ts';

/** Opens the connection of a context; the first call connects. */
export function connectCluster(context: ClusterContext): Cluster {
  return connectAs(context, 'wh');
}
