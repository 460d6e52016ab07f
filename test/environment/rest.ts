import { setMaxListeners } from 'node:events';
import { Agent, request as httpsRequest } from 'node:https';
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { StatusError } from '../../core/api/errors.ts';
import type { Status } from '../../core/api/generated/meta-v1.ts';
import { createDiscovery } from '../../core/apiserver/discovery.ts';
import { OpenApiDocuments } from '../../core/apiserver/openapi.ts';
import type { Aggregator } from '../../core/apiserver/aggregation/aggregator.ts';
import type { ClientCertificates } from '../../core/apiserver/authn/client-certificate.ts';
import type { ClientTrust } from '../../core/apiserver/authn/client-trust.ts';
import { TrustPublisher } from '../../core/apiserver/authn/published-trust.ts';
import { clientIdentity } from '../../core/cmd/client-identity.ts';
import type { RequestHeaderOptions } from '../../core/cmd/request-header-options.ts';
import { createAggregation } from '../../core/apiserver/aggregation/create.ts';
import type { Auditor } from '../../core/apiserver/audit/auditor.ts';
import { createFairness } from '../../core/apiserver/fairness/create.ts';
import { createRequestIdentity } from '../../core/apiserver/authn/request-identity.ts';
import type { ServedStreams } from '../../core/apiserver/streaming/container-streams.ts';
import type { HealthCheck } from '../../core/apiserver/rest/health.ts';
import { RequestMetrics } from '../../core/apiserver/rest/request-metrics.ts';
import { RequestPipeline } from '../../core/apiserver/requests/pipeline.ts';
import { createRestServer } from '../../core/apiserver/rest/server.ts';
import { LiveAuthority } from '../../core/machinery/pki/live-authority.ts';
import type { KeyPair } from '../../core/machinery/pki/make-certificate.ts';
import { makePair } from '../../core/machinery/pki/make-certificate.ts';
import type { Clock } from '../../core/machinery/clock.ts';
import { systemClock } from '../../core/machinery/clock.ts';
import type { TestApi, TestApiOptions } from './api.ts';
import { createTestApi } from './api.ts';

export interface RestRequest {
  readonly body?: string | Buffer | undefined;
  readonly contentType?: string | undefined;
  readonly accept?: string | undefined;
  readonly headers?: OutgoingHttpHeaders | undefined;
  /** Another caller than the administrator; nobody for null. */
  readonly as?: KeyPair | null | undefined;
}

export interface RestAnswer {
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
  /** The body, parsed: a Status, or whatever was asked for. */
  json(): Status & Readonly<Record<string, unknown>>;
}

/** The API over HTTPS, as a client of another process sees it. */
export interface RestApi extends AsyncDisposable {
  readonly api: TestApi;
  /** What the server has reported as its own failures; what is left at the end fails the test. */
  readonly errors: unknown[];
  /** host:port */
  readonly address: string;
  /** By which certificates and streams end: the API's where one was given, and else today's. */
  readonly identityClock: Clock;
  readonly pki: {
    readonly serverCa: KeyPair;
    readonly clientCa: KeyPair;
    readonly server: KeyPair;
    readonly admin: KeyPair;
    readonly frontProxyCa: KeyPair;
    readonly frontProxyClient: KeyPair;
  };
  /** Of clients and of proxies; they may be replaced, and all of the server follows. */
  readonly authorities: Readonly<Record<'clientCa' | 'frontProxyCa', LiveAuthority>>;
  /** Whose certificates it believes, and for what. */
  readonly trust: ClientTrust;
  readonly certificates: ClientCertificates;
  /** What its requests pass; for another front end beside it. */
  readonly pipeline: RequestPipeline;
  /** Undefined unless wanted. */
  readonly aggregator: Aggregator | undefined;
  /** Resolves with the whole answer. */
  send(method: string, path: string, request?: RestRequest): Promise<RestAnswer>;
  /** Resolves as soon as the head of the answer is there; the caller destroys the message. */
  open(method: string, path: string, request?: RestRequest): Promise<IncomingMessage>;
}

export interface RestApiOptions extends TestApiOptions {
  /** None can be reached unless given. */
  readonly containers?: ServedStreams;
  /** Only "ping", which always holds, unless given. */
  readonly health?: readonly HealthCheck[];
  /** Nothing is noted unless given. */
  readonly auditor?: Auditor;
  /** Nobody waits unless given; then flow schemas and priority levels are kept and honoured. */
  readonly fairness?: { readonly serverSeats: number };
  /** What requests are timed by; the system's unless given. */
  readonly serverClock?: Clock;
  /** Requests for what users' API servers serve are handed on to them. */
  readonly aggregation?: boolean;
  /** Proxies of the front-proxy authority unless given. */
  readonly requestHeaders?: RequestHeaderOptions;
}

const unreachable = () => Promise.reject(new StatusError('ServiceUnavailable', 'no agent is connected'));
export const noContainers: ServedStreams = {
  // oxlint-disable-next-line require-yield
  async *logs() {
    await unreachable();
  },
  exec: unreachable,
  attach: unreachable,
  portForward: unreachable,
  openPortForward: unreachable,
  proxy: unreachable,
};

let made: Promise<RestApi['pki']> | undefined;

/** Keys take time to make, and one set serves all tests of a file. */
function pki() {
  made ??= (async () => {
    const ca = (name: string) => makePair({ name, subject: `CN=${name}`, use: 'ca' }, systemClock);
    const [serverCa, clientCa, frontProxyCa] = await Promise.all([
      ca('server-ca'),
      ca('client-ca'),
      ca('front-proxy-ca'),
    ]);
    const addresses = ['127.0.0.1', 'localhost', 'kubernetes.default.svc'];
    const server = {
      name: 'server',
      subject: 'CN=server',
      use: 'server',
      addresses,
      signer: serverCa,
    } as const;
    return {
      serverCa,
      clientCa,
      server: await makePair(server, systemClock),
      admin: await clientPair(clientCa, 'O=system:masters, CN=admin'),
      frontProxyCa,
      frontProxyClient: await clientPair(frontProxyCa, 'CN=front-proxy-client'),
    };
  })();
  return made;
}

/** A client's certificate, such as for "O=developers, CN=somebody". */
export function clientPair(signer: KeyPair, subject: string): Promise<KeyPair> {
  return makePair({ name: 'client', subject, use: 'client', signer }, systemClock);
}

const authorityOf = (current: KeyPair) => new LiveAuthority({ current, previous: undefined });

/** Serves the API of `createTestApi` over REST on loopback. */
export async function createRestApi(options: RestApiOptions = {}): Promise<RestApi> {
  const keys = await pki();
  const serverPair = keys.server;
  const api = await createTestApi(options);
  // By a clock of its own the API may live long after the certificates, which are made today.
  const identityClock = options.clock ?? systemClock;
  const errors: unknown[] = [];
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal);
  const turns =
    options.fairness === undefined
      ? undefined
      : createFairness(api.api, {
          clock: systemClock,
          random: api.random,
          serverSeats: options.fairness.serverSeats,
          onError: (error) => errors.push(error),
        });
  const takingTurns = turns?.run(stopping.signal);
  const pipeline = new RequestPipeline({
    clock: options.serverClock,
    authorizer: api.api.authorizer,
    auditor: options.auditor,
    fairness: turns?.fairness,
    ...(options.clock === undefined ? {} : { credentialEnds: api.api.credentialEnds }),
  });
  const openApi = new OpenApiDocuments(api.scheme);
  const containers = options.containers ?? noContainers;
  const authorities = { clientCa: authorityOf(keys.clientCa), frontProxyCa: authorityOf(keys.frontProxyCa) };
  const { trust, certificates, published, onChange } = clientIdentity(
    authorities,
    options.requestHeaders,
    identityClock,
  );
  const { random } = api;
  const onError = (error: unknown) => errors.push(error);
  const aggregation =
    options.aggregation === true
      ? createAggregation(api.api, {
          clock: systemClock,
          random,
          frontProxy: keys.frontProxyClient,
          onError,
        })
      : undefined;
  aggregation?.onChange(() => openApi.useRemotes(aggregation.openApi2));
  const publisher = new TrustPublisher({
    verbs: api.verbs,
    trust: published,
    clock: systemClock,
    random,
    onError,
  });
  onChange(() => publisher.changed());
  const aggregating =
    aggregation && Promise.all([aggregation.run(stopping.signal), publisher.run(stopping.signal)]);
  const server = createRestServer({
    verbs: api.verbs,
    scheme: api.scheme,
    openApi,
    containers,
    aggregator: aggregation,
    discovery: createDiscovery(api.scheme, openApi, {
      gitVersion: 'v1.36.0',
      wheelhouseVersion: '0.0.0',
      store: 'memory',
    }),
    listen: '127.0.0.1:0',
    tls: { cert: serverPair.cert, key: serverPair.key, clientCa: trust.bundle },
    identify: createRequestIdentity({ tokens: api.api.authenticator, certificates }),
    issuer: api.api.tokens,
    authorizer: api.api.authorizer,
    pipeline,
    clock: options.serverClock,
    health: options.health ?? [{ name: 'ping', live: true, check: () => Promise.resolve() }],
    metrics: {
      requests: new RequestMetrics(api.scheme),
      families: () => Promise.resolve(turns?.fairness.families ?? []),
    },
    onError: (error) => errors.push(error),
  });
  const address = await server.start();
  trust.onReplaced(() =>
    server.useTls({ cert: serverPair.cert, key: serverPair.key, clientCa: trust.bundle }),
  );
  const [host = '', port = ''] = address.split(':');
  const agents = new Map<KeyPair | null, Agent>();
  const agentOf = (caller: KeyPair | null) => {
    const agent = agents.get(caller) ?? new Agent({ keepAlive: true, ca: keys.serverCa.cert, ...caller });
    agents.set(caller, agent);
    return agent;
  };

  const open = (method: string, path: string, request: RestRequest = {}) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const { body, contentType = body === undefined ? undefined : 'application/json', accept } = request;
      const outgoing = httpsRequest({
        host,
        port,
        path,
        method,
        agent: agentOf(request.as === undefined ? keys.admin : request.as),
        timeout: 20_000,
        headers: {
          ...(contentType === undefined ? {} : { 'content-type': contentType }),
          ...(accept === undefined ? {} : { accept }),
          ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
          ...request.headers,
        },
      });
      outgoing.once('response', resolve);
      outgoing.once('error', reject);
      outgoing.once('timeout', () => outgoing.destroy(new Error(`${method} ${path} took over 20 s`)));
      outgoing.end(body);
    });

  return {
    api,
    errors,
    address,
    pki: keys,
    identityClock,
    authorities,
    trust,
    certificates,
    pipeline,
    aggregator: aggregation,
    open,
    async send(method, path, request) {
      const message = await open(method, path, request);
      const chunks: Buffer[] = [];
      for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
      const bytes = Buffer.concat(chunks);
      const text = bytes.toString('utf8');
      const json = () => JSON.parse(text) as ReturnType<RestAnswer['json']>;
      return { code: message.statusCode ?? 0, headers: message.headers, bytes, text, json };
    },
    async [Symbol.asyncDispose]() {
      for (const agent of agents.values()) agent.destroy();
      await server.stop(1_000);
      stopping.abort();
      await Promise.all([takingTurns, aggregating]);
      await api.close();
      // What a client only sees as a 500 is still a failure of whatever is tested.
      if (errors.length > 0) throw new AggregateError(errors, 'The REST server reported errors');
    },
  };
}
