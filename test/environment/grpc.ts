import { withRemotes } from '../../core/apiserver/aggregation/remote-verbs.ts';
import { createDiscovery } from '../../core/apiserver/discovery.ts';
import { createCallIdentity } from '../../core/apiserver/grpc/caller.ts';
import { createGrpcServer } from '../../core/apiserver/grpc/server.ts';
import type { GrpcServerOptions } from '../../core/apiserver/grpc/server.ts';
import { OpenApiDocuments } from '../../core/apiserver/openapi.ts';
import { connect } from '../../core/client/grpc/connection.ts';
import type { Connection, ConnectOptions } from '../../core/client/grpc/connection.ts';
import type { KeyPair } from '../../core/machinery/pki/make-certificate.ts';
import type { RestApi } from './rest.ts';

/** The gRPC front end beside the REST one, over the same API and the same pipeline. */
export interface GrpcApi extends AsyncDisposable {
  readonly endpoint: string;
  /** Connected as somebody, the administrator unless given, by a token, or as nobody for null; closed with the server. */
  connect(as?: KeyPair | string | null, actAs?: ConnectOptions['actAs']): Connection;
}

export async function serveGrpc(
  served: Pick<RestApi, 'api' | 'pki' | 'pipeline' | 'trust' | 'certificates' | 'aggregator'>,
  options: Partial<Pick<GrpcServerOptions, 'streaming'>> = {},
): Promise<GrpcApi> {
  const { api, pki, pipeline, trust, certificates, aggregator } = served;
  const { authenticator: tokens } = api.api;
  const openApi = new OpenApiDocuments(api.scheme);
  const version = { gitVersion: 'v1.36.0', wheelhouseVersion: '0.0.0', store: 'memory' } as const;
  const server = createGrpcServer({
    ...options,
    verbs: aggregator === undefined ? api.verbs : withRemotes(api.verbs, aggregator, api.api.authorizer),
    discovery: createDiscovery(api.scheme, openApi, version, aggregator),
    listen: '127.0.0.1:0',
    tls: { cert: pki.server.cert, key: pki.server.key, clientCa: trust.bundle },
    identify: createCallIdentity({ tokens, certificates }),
    pipeline,
    authorizer: api.api.authorizer,
  });
  const endpoint = await server.start();
  trust.onReplaced(() =>
    server.useTls({ cert: pki.server.cert, key: pki.server.key, clientCa: trust.bundle }),
  );
  const connections: Connection[] = [];
  return {
    endpoint,
    connect(as = pki.admin, actAs) {
      const connection = connect({
        endpoint,
        tls: { ca: pki.serverCa.cert, ...(typeof as === 'string' ? {} : as) },
        ...(typeof as === 'string' ? { token: as } : {}),
        actAs,
      });
      connections.push(connection);
      return connection;
    },
    async [Symbol.asyncDispose]() {
      for (const connection of connections) connection.close();
      await server.stop(1_000);
    },
  };
}
