import { connect } from '../../core/client/grpc/connection.ts';
import { createClient } from '../../core/client/typed-client.ts';
import type { ClusterContext } from '../cluster/kubeconfig.ts';
import type { Cluster } from './session.ts';

/** Opens the connection of a context; the first call connects. */
export function connectCluster(context: ClusterContext): Cluster {
  const connection = connect({
    endpoint: context.endpoint,
    tls: context.tls,
    token: context.token,
    userAgent: 'wh',
  });
  return {
    verbs: connection.verbs,
    client: createClient(connection.verbs),
    containers: connection.containers,
    onStateChange: (listener) => connection.onStateChange(listener),
    discover: async (signal) =>
      JSON.parse((await connection.discovery.resources({ signal })).toString('utf8')) as unknown,
    version: (signal) => connection.discovery.version({ signal }),
    close: () => connection.close(),
  };
}
