import type { ServerVersion } from '../api/discovery.ts';
import type { ContainerStreams } from '../api/streams.ts';
import type { Verbs } from '../api/verbs.ts';
import type { Client } from './client.ts';
import type { ConnectionState } from './grpc/channel.ts';
import { connect } from './grpc/connection.ts';
import type { ClusterContext } from './kubeconfig.ts';
import { createClient } from './typed-client.ts';

/** A connected cluster, as programs for people use it. */
export interface Cluster {
  readonly verbs: Verbs;
  readonly client: Client;
  readonly containers: ContainerStreams;
  /** What the server serves (an apidiscovery.k8s.io/v2 APIGroupDiscoveryList). */
  discover(signal: AbortSignal): Promise<unknown>;
  /** The OpenAPI v3 document below a path such as "apis/apps/v1", parsed. */
  openApi(path: string, signal: AbortSignal): Promise<unknown>;
  version(signal: AbortSignal): Promise<ServerVersion>;
  readonly state: ConnectionState;
  /** Calls back when the connection is made or lost; the returned function ends that. */
  onStateChange(listener: (state: ConnectionState) => void): () => void;
  /** Begins to connect without a call. */
  connect(): void;
  close(): void;
}

/** Opens the connection of a context; the first call connects. `userAgent` names the program, as "wh". */
export function connectCluster(context: ClusterContext, userAgent: string): Cluster {
  const { endpoint, tls, token } = context;
  const connection = connect({ endpoint, tls, token, userAgent });
  const { verbs, containers, discovery } = connection;
  return {
    verbs,
    client: createClient(verbs),
    containers,
    discover: async (signal) => parsed(await discovery.resources({ signal })),
    openApi: async (path, signal) => parsed(await discovery.openApi({ signal }, path)),
    version: (signal) => discovery.version({ signal }),
    get state() {
      return connection.state;
    },
    onStateChange: (listener) => connection.onStateChange(listener),
    connect: () => connection.connect(),
    close: () => connection.close(),
  };
}

function parsed(json: Buffer): unknown {
  return JSON.parse(json.toString('utf8'));
}
