import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { connect as tlsConnect } from 'node:tls';
import type { Duplex } from 'node:stream';
import { badRequest, StatusError } from '../../../api/errors.ts';
import type { ServedStreams } from '../../streaming/container-streams.ts';
import type { ProxyDestination } from '../../streaming/proxy-locations.ts';
import type { Exchange } from '../exchange.ts';
import type { Upgrade } from './upgrade.ts';

/** What a path such as `services/https:web:8443/proxy/index.html` leads to. */
export interface ProxyTarget extends ProxyDestination {
  readonly secure: boolean;
  /** With its query, as the client wrote it; "" where even the first slash is missing. */
  readonly path: string;
  /** What stands before `path`. */
  readonly prefix: string;
}

/** Verbs of authorization (upstream: requestinfo.go). */
const verbs: Readonly<Record<string, string>> = {
  GET: 'get',
  HEAD: 'get',
  OPTIONS: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** Headers of one connection, and those that say who the caller is: they are for this server alone. */
const kept = new Set([
  'authorization',
  'connection',
  'host',
  'keep-alive',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const singular = { pods: 'pod', services: 'service', nodes: 'node' } as const;

/** `name` is "[scheme:]name[:port]". */
export function proxyTarget(
  url: URL,
  { resource, namespace, name }: Omit<ProxyDestination, 'port'>,
): ProxyTarget {
  const parts = name.split(':');
  const [scheme = '', object = '', port = ''] = parts.length === 3 ? parts : ['', ...parts];
  if (parts.length > 3 || !['', 'http', 'https'].includes(scheme) || object === '')
    throw badRequest(`invalid ${singular[resource]} request ${JSON.stringify(name)}`);
  // "/api/v1/nodes/NAME/proxy", or with a namespace before it.
  const prefix = url.pathname
    .split('/')
    .slice(0, namespace === undefined ? 6 : 8)
    .join('/');
  const path = url.pathname.slice(prefix.length);
  return {
    resource,
    namespace,
    name: object,
    secure: scheme === 'https',
    port,
    path: path === '' ? '' : `${path}${url.search}`,
    prefix,
  };
}

/** Hands a request on to a Pod or a kubelet, through the agent of its node, and the answer back. */
export async function serveProxy(
  exchange: Exchange,
  streams: ServedStreams,
  target: ProxyTarget,
): Promise<void> {
  const { request, response } = exchange;
  // Upstream: proxyRedirectsforRootPath. Whoever sends something would be made to ask for something instead.
  if (target.path === '' && ['GET', 'HEAD'].includes(request.method ?? '')) {
    response.setHeader('location', `${target.prefix}/${exchange.url.search}`);
    return exchange.send(301, 'text/plain; charset=utf-8', '');
  }
  const connection = await dial(exchange.call, streams, target, verbOf(request));
  try {
    const answer = await forwarded(request, connection, target, exchange.signal);
    exchange.call.tracker?.started(answer.statusCode ?? 502);
    response.writeHead(answer.statusCode ?? 502, answerHeaders(answer.headers, target));
    await pipeline(answer, response);
  } finally {
    connection.destroy();
  }
}

/** Upstream: requestinfo.go. A method that nobody knows is a verb that hardly anybody may use. */
function verbOf({ method = 'GET' }: IncomingMessage): string {
  return verbs[method] ?? method.toLowerCase();
}

async function dial(
  call: Exchange['call'],
  streams: ServedStreams,
  target: ProxyTarget,
  verb: string,
): Promise<Duplex> {
  const connection = await streams.proxy(call, target, verb);
  // The certificates of Pods are their own: nobody here could vouch for them. A kubelet is reached without.
  const encrypted = target.secure && target.resource !== 'nodes';
  return encrypted ? tlsConnect({ socket: connection, rejectUnauthorized: false }) : connection;
}

function forwarded(
  request: IncomingMessage,
  connection: Duplex,
  { path, name }: ProxyTarget,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      createConnection: () => connection,
      method: request.method ?? 'GET',
      path: path === '' ? '/' : path,
      headers: { ...passedHeaders(request.headers), host: name, connection: 'close' },
      signal,
    });
    outgoing.once('response', resolve);
    outgoing.once('error', (cause) =>
      reject(
        new StatusError('ServiceUnavailable', `error trying to reach service: ${cause.message}`, { cause }),
      ),
    );
    request.pipe(outgoing);
  });
}

function passedHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const passed: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers)) {
    if (
      name.startsWith(':') ||
      name.startsWith('impersonate-') ||
      name.startsWith('x-remote-') ||
      kept.has(name)
    )
      continue;
    passed[name] = value;
  }
  passed['x-forwarded-proto'] = 'https';
  const host = headers.host ?? headers[':authority'];
  if (host !== undefined) passed['x-forwarded-host'] = host;
  return passed;
}

/** A redirect to a path leads through the proxy again. */
function answerHeaders(headers: IncomingHttpHeaders, { prefix }: ProxyTarget): OutgoingHttpHeaders {
  const passed = Object.fromEntries(Object.entries(headers).filter(([name]) => !kept.has(name)));
  const { location } = headers;
  if (location?.startsWith('/') === true && !location.startsWith('//'))
    passed['location'] = `${prefix}${location}`;
  return passed;
}

/** As `serveProxy`, for a connection that becomes something else, such as a WebSocket: its bytes pass as they are. */
export async function proxyUpgrade(
  upgrade: Upgrade,
  streams: ServedStreams,
  target: ProxyTarget,
): Promise<void> {
  const { request, socket, head, call } = upgrade;
  const connection = await dial(call, streams, target, verbOf(request));
  upgrade.switch();
  const { connection: _, upgrade: protocol = '', ...rest } = request.headers;
  const headers = { ...passedHeaders(rest), host: target.name, connection: 'Upgrade', upgrade: protocol };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${[value].flat().join(', ')}`);
  connection.write([`${request.method} ${target.path} HTTP/1.1`, ...lines, '', ''].join('\r\n'));
  connection.write(head);
  await Promise.allSettled([pipeline(socket, connection), pipeline(connection, socket)]);
}
