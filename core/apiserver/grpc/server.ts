import { setMaxListeners } from 'node:events';
import {
  Server,
  ServerCredentials,
  type ServerOptions,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { HealthImplementation } from 'grpc-health-check';
import type { Discovery } from '../../api/discovery.ts';
import type { ContainerStreams } from '../../api/streams.ts';
import type { Verbs } from '../../api/verbs.ts';
import { sleep, systemClock, type Clock } from '../../machinery/clock.ts';
import { mastersOnly, type Authorizer } from '../handlers/authorize.ts';
import { RequestPipeline } from '../requests/pipeline.ts';
import type { SessionHub } from '../streaming/session-hub.ts';
import { agentsService } from './agents.ts';
import type { Identify } from './caller.ts';
import { containersService } from './containers.ts';
import { discoveryService } from './discovery.ts';
import type { MethodContext, ServedMethod } from './methods.ts';
import { objectsService } from './objects.ts';

export interface GrpcServerOptions {
  readonly verbs: Verbs;
  readonly discovery: Discovery;
  /** Absent: the services Containers and Agents are not served. */
  readonly streaming?: GrpcStreaming;
  /** "127.0.0.1:7443", port 0 for any, or "unix:/path". */
  readonly listen: string;
  /** Absent: plain text. */
  readonly tls?: GrpcServerTls;
  /** Who calls. There is no default: that nobody was asked for must not make anybody the administrator. */
  readonly identify: Identify;
  /** What calls pass before they are served; unless given, only masters act as somebody else. */
  readonly pipeline?: RequestPipeline;
  /** Says who may read what is served; unless given, only masters. */
  readonly authorizer?: Authorizer;
  /** Errors that are the server's fault, with the method they happened in. */
  readonly onError?: (error: unknown, path: string) => void;
  readonly clock?: Clock;
}

export interface GrpcStreaming {
  readonly containers: ContainerStreams;
  readonly agents: Pick<SessionHub, 'serve'>;
}

export interface GrpcServerTls {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** With them, clients may show certificates that these authorities signed. */
  readonly clientCa?: Buffer;
}

/** The gRPC front end: the verbs, discovery, health (grpc.health.v1) and reflection. */
export interface GrpcServer {
  /** Binds and serves; resolves to the address, such as "127.0.0.1:7443". */
  start(): Promise<string>;
  /** Shows and believes this from the next connection on; those that are open stay. Only for a server that asks for certificates. */
  useTls(tls: Required<GrpcServerTls>): void;
  /**
   * Refuses new calls, ends watches, gives calls that are under way `graceMs` to finish, then cuts them. Health says
   * NOT_SERVING from the first moment.
   */
  stop(graceMs: number): Promise<void>;
}

const limits: ServerOptions = {
  'grpc.max_receive_message_length': 8 * 1024 * 1024,
  'grpc.max_send_message_length': 64 * 1024 * 1024,
  'grpc.max_concurrent_streams': 2_000,
  // Megabytes a connection may hold: streams are bounded each, so this stops only what goes around them.
  'grpc-node.max_session_memory': 512,
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
};

export function createGrpcServer(options: GrpcServerOptions): GrpcServer {
  const { verbs, discovery, streaming, listen, tls, clock = systemClock, authorizer = mastersOnly } = options;
  const stopping = new AbortController();
  // Every watch that is open listens: many listeners are no leak here.
  setMaxListeners(0, stopping.signal);
  const context: MethodContext = {
    identify: options.identify,
    pipeline: options.pipeline ?? new RequestPipeline({ authorizer }),
    stopping: stopping.signal,
    onError: options.onError ?? (() => {}),
  };
  const server = new Server(limits);
  addService(server, objectsService(verbs, context));
  addService(server, discoveryService(discovery, authorizer, context));
  if (streaming !== undefined) {
    addService(server, containersService(streaming.containers, context));
    addService(server, agentsService(streaming.agents, context));
  }
  let health: HealthImplementation | undefined;
  const credentials = credentialsOf(tls);

  return {
    async start() {
      health = await addStandardServices(server);
      const port = await bind(server, listen, credentials);
      health.setStatus('', 'SERVING');
      return listen.startsWith('unix:') ? listen : listen.replace(/:\d+$/, `:${port}`);
    },
    useTls(next) {
      if (credentials instanceof CertificateOrToken) credentials.use(next);
    },
    async stop(graceMs) {
      health?.setStatus('', 'NOT_SERVING');
      stopping.abort();
      const finished = new Promise<void>((resolve) => {
        server.tryShutdown(() => resolve());
      });
      const grace = new AbortController();
      await Promise.race([finished, sleep(clock, graceMs, grace.signal)]);
      grace.abort();
      server.forceShutdown();
    },
  };
}

function addService(server: Server, methods: readonly ServedMethod[]): void {
  const byPath = methods.map((method) => [method.definition.path, method] as const);
  const definitions = byPath.map(([path, { definition }]) => [path, definition]);
  const handlers = byPath.map(([path, { handler }]) => [path, handler]);
  server.addService(
    Object.fromEntries(definitions) as Record<string, ServedMethod['definition']>,
    Object.fromEntries(handlers) as UntypedServiceImplementation,
  );
}

/** Loaded only now: they bring a parser of .proto files that clients and tests of one service do without. */
async function addStandardServices(server: Server): Promise<HealthImplementation> {
  const [{ HealthImplementation }, { addReflection }] = await Promise.all([
    import('grpc-health-check'),
    import('./reflection.ts'),
  ]);
  const health = new HealthImplementation({ '': 'NOT_SERVING' });
  health.addToServer(server);
  addReflection(server);
  return health;
}

function bind(server: Server, listen: string, credentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(listen, credentials, (error, port) => {
      if (error === null) resolve(port);
      else reject(new Error(`Cannot listen on "${listen}" for gRPC: ${error.message}`, { cause: error }));
    });
  });
}

function credentialsOf(tls: GrpcServerTls | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const { cert, key, clientCa } = tls;
  if (clientCa === undefined)
    return ServerCredentials.createSsl(null, [{ cert_chain: cert, private_key: key }], false);
  return new CertificateOrToken({ cert, key, clientCa });
}

/** Asks for a certificate without insisting on it: whoever shows none may still show a token. */
class CertificateOrToken extends ServerCredentials {
  constructor({ cert, key, clientCa: ca }: Required<GrpcServerTls>) {
    super({ requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.2' }, { cert, key, ca });
  }

  use({ cert, key, clientCa: ca }: Required<GrpcServerTls>): void {
    this.updateSecureContextOptions({ cert, key, ca, minVersion: 'TLSv1.2' });
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}
