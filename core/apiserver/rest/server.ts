import { hostPort } from '../../machinery/ip.ts';
import { setMaxListeners } from 'node:events';
import { createSecureServer } from 'node:http2';
import type { Http2SecureServer, Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Discovery } from '../../api/discovery.ts';
import { StatusError } from '../../api/errors.ts';
import type { Scheme } from '../../api/scheme.ts';
import type { Verbs } from '../../api/verbs.ts';
import type { Aggregator, Remote } from '../aggregation/aggregator.ts';
import type { Identity } from '../authn/identity.ts';
import { issuerPaths } from '../authn/service-account-tokens.ts';
import type { ServiceAccountTokens } from '../authn/service-account-tokens.ts';
import { checkAccess, checkPathAccess } from '../handlers/authorize.ts';
import type { Authorizer } from '../handlers/authorize.ts';
import type { OpenApiDocuments } from '../openapi.ts';
import type { ServedStreams } from '../streaming/container-streams.ts';
import { loopTimeOf } from '../../machinery/loop-time.ts';
import { systemClock } from '../../machinery/clock.ts';
import type { Clock } from '../../machinery/clock.ts';
import { linkSignals, OpenCalls } from '../../machinery/signals.ts';
import { auditIdHeader, RequestPipeline } from '../requests/pipeline.ts';
import { incomingRequest } from './incoming-request.ts';
import type { IncomingRequest } from '../requests/pipeline.ts';
import { serveAggregated, upgradeAggregated } from './aggregated.ts';
import { DiscoveryDocuments } from './discovery-documents.ts';
import { Exchange } from './exchange.ts';
import { writePretty } from './formats.ts';
import { serveHealth } from './health.ts';
import type { HealthCheck } from './health.ts';
import { rootPaths, serveDiscovery, serveVersion } from './information.ts';
import { serveMetrics } from './metrics.ts';
import type { ServedMetrics } from './metrics.ts';
import { isReadByPeople } from './negotiation.ts';
import { serveOpenApi } from './openapi.ts';
import { parsePath, urlOf } from './request-info.ts';
import type { RequestPath } from './request-info.ts';
import { cutBody, discardBody } from './unread-body.ts';
import type { CountedRequest } from './request-metrics.ts';
import { kindAt, serveResource } from './resources.ts';
import { serveLog } from './streams/log.ts';
import { proxyTarget, proxyUpgrade, serveProxy } from './streams/proxy.ts';
import { podStream, proxyDestination } from './stream-paths.ts';
import { refuseUpgrade, serveUpgrade, Upgrade } from './streams/upgrade.ts';

export interface RestServerOptions {
  readonly verbs: Verbs;
  readonly discovery: Discovery;
  readonly openApi: OpenApiDocuments;
  /** Nothing is handed on to users' API servers without. */
  readonly aggregator?: Aggregator | undefined;
  readonly containers: ServedStreams;
  readonly scheme: Scheme;
  /** host:port; port 0 takes a free one. */
  readonly listen: string;
  readonly tls: RestServerTls;
  /** Says who asks; rejects with Unauthorized. */
  readonly identify: (request: IncomingMessage, signal: AbortSignal) => Identity | Promise<Identity>;
  /** Says who may read what is no resource. */
  readonly authorizer: Authorizer;
  /** What requests pass before they are served; unless given, they are not noted, and `authorizer` says who acts as whom. */
  readonly pipeline?: RequestPipeline | undefined;
  /** What other parties verify ServiceAccount tokens with; not served without. */
  readonly issuer?: Pick<ServiceAccountTokens, 'configuration' | 'jwks'> | undefined;
  readonly clock?: Clock | undefined;
  readonly health: readonly HealthCheck[];
  /** Not served and not counted without. */
  readonly metrics?: ServedMetrics | undefined;
  /** Errors that are the server's fault, with what was asked. */
  readonly onError?: (error: unknown, doing: string) => void;
}

export interface RestServerTls {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** The authorities whose client certificates may be shown; `identify` says what for they are believed. */
  readonly clientCa: Buffer;
}

interface ServingOptions extends RestServerOptions {
  readonly documents: DiscoveryDocuments;
  readonly pipeline: RequestPipeline;
}

/** Kubernetes' REST API over TLS, HTTP/2 and HTTP/1.1: decode, call the verbs, encode. */
export interface RestServer {
  /** Binds and serves; resolves to the address, such as "127.0.0.1:6443". */
  start(): Promise<string>;
  /** Shows and believes this from the next connection on; those that are open stay. */
  useTls(tls: RestServerTls): void;
  /** Ends watches, gives other requests `graceMs`, then cuts them. */
  stop(graceMs: number): Promise<void>;
}

const limits = {
  // Requests of many informers share one connection.
  maxConcurrentStreams: 1_000,
  maxSessionMemoryMegabytes: 256,
  headersTimeoutMs: 30_000,
  requestTimeoutMs: 0,
  keepAliveTimeoutMs: 120_000,
};

export function createRestServer(given: RestServerOptions): RestServer {
  const { authorizer, pipeline = new RequestPipeline({ authorizer }) } = given;
  const documents = new DiscoveryDocuments(given.scheme, given.aggregator);
  const options = { ...given, pipeline, documents };
  const stopping = new AbortController();
  // Every stream that is open listens: many listeners are no leak here.
  setMaxListeners(0, stopping.signal);
  const calls = new OpenCalls();
  const sockets = new Set<Socket>();
  const { cert, key, clientCa } = options.tls;
  const server = createSecureServer(
    {
      cert,
      key,
      ca: clientCa,
      allowHTTP1: true,
      minVersion: 'TLSv1.2',
      // Whoever shows no certificate may still show a token.
      requestCert: true,
      rejectUnauthorized: false,
      maxSessionMemory: limits.maxSessionMemoryMegabytes,
      settings: { maxConcurrentStreams: limits.maxConcurrentStreams },
    },
    (request, response) => {
      void answer(plain(request), plainResponse(response), options, calls);
    },
  );
  tune(server);
  server.on('secureConnection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('sessionError', () => undefined);
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    void upgradeConnection(request, socket, head, options, stopping.signal);
  });

  return {
    start: () =>
      new Promise((resolve, reject) => {
        const at = options.listen.lastIndexOf(':');
        const host = options.listen.slice(0, at).replace(/^\[|\]$/g, '');
        server.once('error', (cause) =>
          reject(new Error(`Cannot listen on "${options.listen}" for REST: ${cause.message}`, { cause })),
        );
        server.listen(Number(options.listen.slice(at + 1)), host, () => {
          const { address, port } = server.address() as AddressInfo;
          resolve(hostPort(address, port));
        });
      }),
    useTls(next) {
      server.setSecureContext({
        cert: next.cert,
        key: next.key,
        ca: next.clientCa,
        minVersion: 'TLSv1.2',
      });
    },
    stop: (graceMs) =>
      new Promise((resolve) => {
        const reason = new StatusError('ServiceUnavailable', 'The server is shutting down');
        stopping.abort(reason);
        calls.endAll(reason);
        const cut = setTimeout(() => {
          for (const socket of sockets) socket.destroy();
        }, graceMs);
        server.close(() => {
          clearTimeout(cut);
          resolve();
        });
        // Connections without a request would keep the server open.
        for (const socket of sockets)
          socket.setTimeout(Math.max(1, Math.min(graceMs, 200)), () => socket.destroy());
      }),
  };
}

/** The HTTP/1.1 half of the server has these too, though the types do not say so. */
function tune(server: Http2SecureServer): void {
  const http1 = server as unknown as {
    headersTimeout: number;
    requestTimeout: number;
    keepAliveTimeout: number;
  };
  http1.headersTimeout = limits.headersTimeoutMs;
  http1.requestTimeout = limits.requestTimeoutMs;
  http1.keepAliveTimeout = limits.keepAliveTimeoutMs;
}

/** Node's compatibility layer makes requests of both protocols look alike; only the types differ. */
function plain(request: Http2ServerRequest | IncomingMessage): IncomingMessage {
  return request as IncomingMessage;
}

function plainResponse(response: Http2ServerResponse | ServerResponse): ServerResponse {
  return response as ServerResponse;
}

/** Made once: an error of its own for each client that goes would have a stack that nobody reads. */
const clientGone = new StatusError('Timeout', 'The client has gone');

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: ServingOptions,
  calls: OpenCalls,
): Promise<void> {
  const call = calls.begin();
  const { ending } = call;
  const { clock = systemClock } = options;
  // A thousand may go in one moment.
  const onGone = () =>
    void loopTimeOf(clock)
      .turn()
      .then(() => ending.abort(clientGone));
  response.once('close', onGone);
  response.on('error', onGone);
  let counted: CountedRequest | undefined;
  try {
    const url = urlOf(request);
    const path = parsePath(url.pathname);
    const { method = '' } = request;
    // HTTP/2 lets any word pass. Somebody behind us may take it for the method that it is written like.
    if (method !== method.toUpperCase())
      throw new StatusError('MethodNotAllowed', `the method ${JSON.stringify(method)} is not known`);
    counted = options.metrics?.requests.begin({ method: request.method ?? '', path, url });
    const incoming = incomingRequest(request, response, url, path, options, (why) => {
      ending.abort(why);
      if (!incoming.attributes.longRunning) giveUp(request, response, why, options);
    });
    if (incoming.auditId !== undefined) response.setHeader(auditIdHeader, incoming.auditId);
    const { signal } = ending;
    await options.pipeline.run(incoming, signal, async ({ user, tracker }) => {
      const exchange = new Exchange(request, response, url, user, signal, clock, tracker);
      await route(exchange, path, incoming, options);
      // Whatever was answered past the exchange, such as by a proxy.
      tracker?.started(response.statusCode);
    });
  } catch (error) {
    refuse(request, response, error, options);
  } finally {
    calls.end(call);
    discardBody(request, clock);
    // A connection that closes behind an answer concerns nobody.
    response.off('close', onGone);
    counted?.end(response.statusCode);
  }
}

/** Answers in place of whoever still waits for the rest of a body, and waits for it no longer. */
function giveUp(
  request: IncomingMessage,
  response: ServerResponse,
  why: StatusError,
  options: ServingOptions,
): void {
  cutBody(request, response);
  refuse(request, response, why, options);
}

function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
  { onError }: ServingOptions,
): void {
  if (response.destroyed || response.writableEnded) return;
  const status = StatusError.from(error);
  // A Status without a cause says everything there is to say, to whoever asked.
  if (status.reason === 'InternalError' && (status !== error || status.cause !== undefined))
    onError?.(error, `answer ${request.method} ${request.url?.split('?')[0]}`);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  // These were about the answer that this one takes the place of.
  for (const name of ['content-encoding', 'etag']) response.removeHeader(name);
  const retryAfter = status.status.details?.retryAfterSeconds;
  if (retryAfter !== undefined) response.setHeader('retry-after', String(retryAfter));
  response.writeHead(status.code, {
    'content-type': 'application/json',
    'cache-control': 'no-cache, private',
  });
  response.end(isReadByPeople(request) ? writePretty(status.status) : JSON.stringify(status.status));
}

async function route(
  exchange: Exchange,
  path: RequestPath | undefined,
  incoming: IncomingRequest,
  options: ServingOptions,
): Promise<void> {
  const { verbs, scheme, discovery, openApi, health, aggregator } = options;
  if (path === undefined)
    throw new StatusError('BadRequest', `the path "${exchange.url.pathname}" cannot be read`);
  const remote = remoteOf(path, options);
  if (remote !== undefined) return serveAggregated(exchange, remote, incoming, options.authorizer);
  if (path.kind === 'resource') {
    const proxied = proxyDestination(path);
    if (proxied !== undefined)
      return serveProxy(exchange, options.containers, proxyTarget(exchange.url, proxied));
    const stream = podStream(path);
    if (stream?.subresource === 'log') return serveLog(exchange, options.containers, stream.pod);
    if (stream !== undefined) throw new StatusError('BadRequest', 'Upgrade request required');
    const kind = kindAt(path, scheme);
    if (kind !== undefined) return serveResource(exchange, verbs, kind, path);
    await checkResourceAccess(exchange, incoming, options.authorizer);
    throw new StatusError('NotFound', 'the server could not find the requested resource');
  }
  if (exchange.call.user !== undefined) {
    const { user } = exchange.call;
    const verb = (exchange.request.method ?? 'GET').toLowerCase();
    const { tracker } = exchange.call;
    await checkPathAccess(options.authorizer, { user, verb, path: exchange.url.pathname }, tracker);
  }
  if (exchange.request.method !== 'GET' && exchange.request.method !== 'HEAD') {
    throw new StatusError(
      'MethodNotAllowed',
      'the server does not allow this method on the requested resource',
    );
  }
  const remotes = aggregator?.remotes ?? [];
  if (path.kind === 'root') return exchange.sendJson(200, { paths: rootPaths(scheme, remotes) });
  if (path.kind !== 'other') return serveDiscovery(exchange, options.documents, path);
  const [first = '', ...rest] = path.path.split('/').filter((part) => part !== '');
  if (first === 'openapi') {
    const documented = aggregator === undefined ? undefined : documentOf(rest, aggregator);
    if (documented !== undefined) return serveAggregated(exchange, documented, incoming, options.authorizer);
    return serveOpenApi(exchange, openApi, rest.join('/'), remotes);
  }
  if (options.issuer !== undefined && path.path === issuerPaths.configuration)
    return exchange.sendJson(200, options.issuer.configuration);
  if (options.issuer !== undefined && path.path === issuerPaths.keys)
    return exchange.send(200, 'application/jwk-set+json', JSON.stringify(options.issuer.jwks));
  if (first === 'version' && rest.length === 0) return serveVersion(exchange, discovery);
  if (first === 'healthz' || first === 'livez' || first === 'readyz') {
    return serveHealth(exchange, first, rest.join('/'), health);
  }
  if (options.metrics !== undefined && first === 'metrics' && rest.length === 0)
    return serveMetrics(exchange, options.metrics);
  throw new StatusError('NotFound', 'the server could not find the requested resource');
}

/** Nobody who may not ask for it learns that there is none. */
async function checkResourceAccess(
  { call: { user, tracker } }: Exchange,
  { attributes: { resource, verb } }: IncomingRequest,
  authorizer: Authorizer,
): Promise<void> {
  if (resource !== undefined) await checkAccess(authorizer, { ...resource, user, verb }, tracker);
}

/** The user's server that a path belongs to; undefined where it is this one's. */
function remoteOf(path: RequestPath, { aggregator }: ServingOptions): Remote | undefined {
  if (aggregator === undefined) return undefined;
  if (path.kind === 'resource') return aggregator.remoteOf(path.target.group, path.target.version);
  return path.kind === 'group-version' ? aggregator.remoteOf(path.group, path.version) : undefined;
}

/** The same of "v3/apis/GROUP/VERSION" below "/openapi". */
function documentOf([v3, apis, group = '', version = '']: readonly string[], aggregator: Aggregator) {
  return v3 === 'v3' && apis === 'apis' ? aggregator.remoteOf(group, version) : undefined;
}

/** How long a stream may take to say that it was ended. */
const lastFramesMs = 1_000;

/** A connection that is to become something else than HTTP; refused in HTTP, as other requests are. */
async function upgradeConnection(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: ServingOptions,
  stopping: AbortSignal,
): Promise<void> {
  const { clock = systemClock } = options;
  const gone = new AbortController();
  socket.once('close', () => gone.abort());
  socket.on('error', () => gone.abort());
  using linked = linkSignals(gone.signal, stopping);
  const { signal } = linked;
  let upgrade: Upgrade | undefined;
  let counted: CountedRequest | undefined;
  let code = 101;
  try {
    const url = urlOf(request);
    const path = parsePath(url.pathname);
    counted = options.metrics?.requests.begin({ method: request.method ?? '', path, url });
    const asked = incomingRequest(request, undefined, url, path, options, (why) => {
      gone.abort(why);
      // Whoever does not hang up when told is hung up on.
      clock.after(lastFramesMs, () => socket.destroy());
    });
    // Whatever it is called: what becomes a stream of users' own goes on as long as exec does.
    const incoming = { ...asked, attributes: { ...asked.attributes, longRunning: true } };
    await options.pipeline.run(incoming, signal, async ({ user, tracker }) => {
      const proxied = path?.kind === 'resource' ? proxyDestination(path) : undefined;
      const stream = path?.kind === 'resource' ? podStream(path) : undefined;
      const call = { user, signal, ...(tracker === undefined ? {} : { tracker }) };
      upgrade = new Upgrade(request, socket, head, url, call, clock);
      const remote = path === undefined ? undefined : remoteOf(path, options);
      if (remote !== undefined) await upgradeAggregated(upgrade, remote, incoming, options);
      else if (proxied !== undefined)
        await proxyUpgrade(upgrade, options.containers, proxyTarget(url, proxied));
      else if (stream === undefined || stream.subresource === 'log')
        throw new StatusError('NotFound', 'the server could not find the requested resource');
      else await serveUpgrade(upgrade, options.containers, stream.pod, stream.subresource);
    });
  } catch (error) {
    const status = StatusError.from(error);
    if (status.reason === 'InternalError' && !signal.aborted)
      options.onError?.(error, `stream ${request.url?.split('?')[0]}`);
    if (upgrade?.switched === true) {
      socket.destroy();
    } else {
      code = status.code;
      refuseUpgrade(socket, status);
    }
  } finally {
    counted?.end(code);
    // Whatever was opened for it ends with it.
    gone.abort();
  }
}
