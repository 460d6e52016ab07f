import { STATUS_CODES } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StatusError } from '../../api/errors.ts';
import { systemClock } from '../../machinery/clock.ts';
import type { Clock } from '../../machinery/clock.ts';
import { linkSignals } from '../../machinery/signals.ts';
import type { Remote } from '../aggregation/aggregator.ts';
import { frontProxyHeaders } from '../aggregation/front-proxy-headers.ts';
import { plainPath } from '../aggregation/plain-path.ts';
import { answerTo, unreachable } from '../aggregation/upstream.ts';
import { checkAccess, checkPathAccess } from '../handlers/authorize.ts';
import type { Authorizer } from '../handlers/authorize.ts';
import type { RequestAttributes } from '../requests/attributes.ts';
import type { IncomingRequest } from '../requests/pipeline.ts';
import type { Exchange } from './exchange.ts';
import type { Upgrade } from './streams/upgrade.ts';

/** What becomes a stream is timed here, until it is one; whatever has an end by the pipeline. */
const answerWithinMs = 60_000;

const tunnelListeners = 24;

/** Of the answer's connection, not of the answer. */
const hopHeaders: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Hands a request on to a user's API server and its answer back, as it comes: once the caller may do it, as whom the
 * caller is (kube-aggregator: handler_proxy.go).
 */
export async function serveAggregated(
  exchange: Exchange,
  remote: Remote,
  request: IncomingRequest,
  authorizer: Authorizer,
): Promise<void> {
  await authorize(exchange.call, request.attributes, authorizer);
  const { signal } = exchange;
  const answer = await sent(exchange, remote, request, signal);
  const code = answer.statusCode ?? 502;
  refuseRedirect(code, answer);
  exchange.call.tracker?.started(code);
  exchange.response.writeHead(code, answerHeaders(answer.headers));
  exchange.response.flushHeaders();
  await pipeline(answer, exchange.response, { signal });
}

async function sent(
  { request: from, user }: Exchange,
  { upstream, available }: Remote,
  request: IncomingRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  if (!available) throw new StatusError('ServiceUnavailable', 'service unavailable');
  const method = from.method ?? 'GET';
  const headers = frontProxyHeaders(from.headers, user, request.sourceIps());
  const path = plainUri(request.attributes);
  const streamsFor = request.attributes.longRunning ? user : undefined;
  const bodiless = method === 'GET' || method === 'HEAD';
  for (let attempt = 1; ; attempt++) {
    const outgoing = upstream.open({ method, path, headers, signal, streamsFor });
    try {
      return await answerTo(outgoing, () => {
        if (bodiless) outgoing.end();
        else from.pipe(outgoing);
      });
    } catch (cause) {
      signal.throwIfAborted();
      // A connection that was kept may have ended at the other side; what has no body can be said again.
      if (bodiless && outgoing.reusedSocket && attempt === 1) continue;
      throw unreachable(cause);
    }
  }
}

/** As `serveAggregated`, for a connection that becomes something else once the server agrees: its bytes then pass. */
export async function upgradeAggregated(
  upgrade: Upgrade,
  remote: Remote,
  request: IncomingRequest,
  {
    authorizer,
    clock = systemClock,
  }: { readonly authorizer: Authorizer; readonly clock?: Clock | undefined },
): Promise<void> {
  const { request: from, socket, head, call } = upgrade;
  const { attributes } = request;
  await authorize(call, attributes, authorizer);
  if (!remote.available || call.user === undefined)
    throw new StatusError('ServiceUnavailable', 'service unavailable');
  const headers = {
    ...frontProxyHeaders(from.headers, call.user, request.sourceIps()),
    connection: 'Upgrade',
    upgrade: from.headers.upgrade ?? '',
  };
  const late = new AbortController();
  // Until it is agreed or answered: what comes of it goes on as long as both like.
  const cancel = clock.after(answerWithinMs, () => late.abort(tooLate()));
  using over = linkSignals(...(call.signal === undefined ? [] : [call.signal]), late.signal);
  const { signal } = over;
  const outgoing = remote.upstream.open({
    method: from.method ?? 'GET',
    path: plainUri(attributes),
    headers,
    signal,
    upgrade: true,
    streamsFor: call.user,
  });
  const agreed = new Promise<readonly [IncomingMessage, Duplex, Buffer] | undefined>((resolve) => {
    outgoing.once('upgrade', (answer, connection, rest) => resolve([answer, connection, rest]));
    outgoing.once('response', () => resolve(undefined));
  });
  let answer: IncomingMessage;
  try {
    const answered = answerTo(outgoing, () => outgoing.end());
    // Whichever comes: an agreement is no answer, and an answer no agreement.
    const first = await Promise.race([answered, agreed]);
    cancel();
    if (Array.isArray(first))
      return await tunnel(upgrade, socket, head, ...(first as [IncomingMessage, Duplex, Buffer]));
    answer = await answered;
  } catch (cause) {
    signal.throwIfAborted();
    throw upgrade.switched ? cause : unreachable(cause);
  } finally {
    cancel();
  }
  refuseRedirect(answer.statusCode ?? 502, answer);
  upgrade.switch();
  socket.write(headOf(answer, { ...answerHeaders(answer.headers), connection: 'close' }));
  await pipeline(answer, socket);
}

async function tunnel(
  upgrade: Upgrade,
  socket: Duplex,
  head: Buffer,
  answer: IncomingMessage,
  connection: Duplex,
  rest: Buffer,
): Promise<void> {
  upgrade.switch();
  // Both directions listen to both ends, beside those who did before.
  for (const end of [socket, connection]) end.setMaxListeners(tunnelListeners);
  const { upgrade: protocol = '' } = answer.headers;
  socket.write(
    headOf(answer, { ...answerHeaders(answer.headers), connection: 'Upgrade', upgrade: protocol }),
  );
  socket.write(rest);
  connection.write(head);
  try {
    await Promise.allSettled([pipeline(socket, connection), pipeline(connection, socket)]);
  } finally {
    connection.destroy();
  }
}

async function authorize(
  { user, tracker }: Exchange['call'],
  { resource, verb, path }: RequestAttributes,
  authorizer: Authorizer,
): Promise<void> {
  if (resource !== undefined) return checkAccess(authorizer, { ...resource, user, verb }, tracker);
  if (user !== undefined) await checkPathAccess(authorizer, { user, verb, path }, tracker);
}

function tooLate(): StatusError {
  return new StatusError('Timeout', `the server did not answer within ${answerWithinMs / 1_000} s`);
}

/** The path as it was read here, with the query as it came. */
function plainUri({ path, uri }: RequestAttributes): string {
  const [, ...parts] = path.split('/').map((part) => decodeURIComponent(part));
  if (parts.at(-1) === '') parts.pop();
  return `${plainPath(parts)}${uri.slice(path.length)}`;
}

/** A redirect would make the client show itself to whatever the server names. */
function refuseRedirect(code: number, answer: IncomingMessage): void {
  if (code < 300 || code > 399 || code === 304 || answer.headers.location === undefined) return;
  answer.destroy();
  throw new StatusError(
    'ServiceUnavailable',
    'the backend attempted to redirect this request, which is not permitted',
    { code: 502 },
  );
}

function answerHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hopHeaders.has(name)));
}

function headOf({ statusCode = 502, statusMessage }: IncomingMessage, headers: OutgoingHttpHeaders): string {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((one) => `${name}: ${String(one)}`),
  );
  const reason =
    statusMessage === undefined || statusMessage === '' ? STATUS_CODES[statusCode] : statusMessage;
  return [`HTTP/1.1 ${statusCode} ${reason ?? ''}`, ...lines, '', ''].join('\r\n');
}
