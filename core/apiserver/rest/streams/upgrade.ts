import type { IncomingMessage } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { createWebSocketStream } from 'ws';
import { badRequest, StatusError } from '../../../api/errors.ts';
import type { ObjectName } from '../../../api/object.ts';
import type { RemoteProcess } from '../../../api/streams.ts';
import type { Call } from '../../../api/verbs.ts';
import type { Clock } from '../../../machinery/clock.ts';
import type { ServedStreams } from '../../streaming/container-streams.ts';
import { commandQuery, joinCommand, requireSomeStream } from './command.ts';
import {
  forwardOverChannels,
  forwardOverSpdy,
  portForwardChannels,
  portForwardProtocol,
  portsOf,
  tunnelProtocol,
} from './port-forward.ts';
import { spdyCommandProtocols, spdyPeer } from './spdy-command.ts';
import { acceptWebSocket, keepAlive } from './websocket.ts';
import { WebSocketChannels } from './websocket-channels.ts';
import { commandProtocols, websocketPeer } from './websocket-command.ts';

/** A request that turns its connection into something else than HTTP. */
export class Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What came after the head of the request already. */
  readonly head: Buffer;
  readonly url: URL;
  readonly call: Call;
  readonly clock: Clock;
  #switched = false;

  constructor(request: IncomingMessage, socket: Duplex, head: Buffer, url: URL, call: Call, clock: Clock) {
    this.request = request;
    this.socket = socket;
    this.head = head;
    this.url = url;
    this.call = call;
    this.clock = clock;
  }

  /** The connection no longer speaks HTTP. */
  get switched(): boolean {
    return this.#switched;
  }

  /** Call it before the first byte of something else. */
  switch(): void {
    this.#switched = true;
    this.call.tracker?.started(101);
  }
}

export type StreamingSubresource = 'exec' | 'attach' | 'portforward';

/**
 * Serves exec, attach or port-forward over WebSocket or SPDY. Rejects with what to answer instead, as long as the
 * connection speaks HTTP; afterwards the client is told in the protocol's own way.
 */
export async function serveUpgrade(
  upgrade: Upgrade,
  streams: ServedStreams,
  pod: ObjectName,
  subresource: StreamingSubresource,
): Promise<void> {
  const wanted = (upgrade.request.headers.upgrade ?? '').toLowerCase();
  if (wanted !== 'websocket' && wanted !== 'spdy/3.1')
    throw badRequest(`unable to upgrade: ${JSON.stringify(wanted)} is not served; use SPDY/3.1 or websocket`);
  if (subresource === 'portforward') return forward(upgrade, streams, pod, wanted === 'websocket');
  return wanted === 'websocket'
    ? commandOverWebSocket(upgrade, streams, pod, subresource)
    : commandOverSpdy(upgrade, streams, pod, subresource);
}

async function commandOverWebSocket(
  upgrade: Upgrade,
  streams: ServedStreams,
  pod: ObjectName,
  subresource: 'exec' | 'attach',
): Promise<void> {
  const protocol = webSocketProtocol(upgrade, commandProtocols);
  const query = commandQuery(upgrade.url.searchParams);
  requireSomeStream(query);
  const process = await startProcess(upgrade.call, streams, pod, subresource, query);
  const socket = await accepted(upgrade, protocol);
  await joinCommand(process, websocketPeer(socket, protocol, query), query, subresource);
}

async function commandOverSpdy(
  upgrade: Upgrade,
  streams: ServedStreams,
  pod: ObjectName,
  subresource: 'exec' | 'attach',
): Promise<void> {
  const protocol = spdyProtocol(upgrade, spdyCommandProtocols);
  const query = commandQuery(upgrade.url.searchParams);
  requireSomeStream(query);
  const process = await startProcess(upgrade.call, streams, pod, subresource, query);
  switchToSpdy(upgrade, protocol);
  await joinCommand(
    process,
    await spdyPeer(upgrade.socket, protocol, query, upgrade.clock),
    query,
    subresource,
  );
}

function startProcess(
  call: Call,
  streams: ServedStreams,
  pod: ObjectName,
  subresource: 'exec' | 'attach',
  query: ReturnType<typeof commandQuery>,
): Promise<RemoteProcess> {
  return subresource === 'exec' ? streams.exec(call, pod, query) : streams.attach(call, pod, query);
}

async function forward(
  upgrade: Upgrade,
  streams: ServedStreams,
  pod: ObjectName,
  webSocket: boolean,
): Promise<void> {
  const { searchParams } = upgrade.url;
  const ports = searchParams.has('ports') ? portsOf(searchParams) : [];
  const dial = await streams.openPortForward(upgrade.call, pod, ports);
  if (!webSocket) {
    switchToSpdy(upgrade, spdyProtocol(upgrade, [portForwardProtocol]));
    return forwardOverSpdy(upgrade.socket, dial, upgrade.clock);
  }
  const protocol = webSocketProtocol(upgrade, [tunnelProtocol, ...portForwardChannels]);
  if (protocol === tunnelProtocol) {
    const socket = await accepted(upgrade, protocol);
    return forwardOverSpdy(createWebSocketStream(socket), dial, upgrade.clock);
  }
  const asked = portsOf(searchParams);
  return forwardOverChannels(new WebSocketChannels(await accepted(upgrade, protocol), protocol), asked, dial);
}

async function accepted(upgrade: Upgrade, protocol: string | undefined) {
  const { request, socket, head } = upgrade;
  upgrade.switch();
  const connection = await acceptWebSocket(request, socket, head, protocol);
  keepAlive(connection, upgrade.clock);
  return connection;
}

/** The first of ours that the client offers; undefined where it offers none at all. */
function webSocketProtocol({ request }: Upgrade, ours: readonly string[]): string | undefined {
  const offered = list(request.headers['sec-websocket-protocol']);
  if (offered.length === 0) return undefined;
  return chosen(offered, ours);
}

function spdyProtocol({ request }: Upgrade, ours: readonly string[]): string {
  const offered = list(request.headers['x-stream-protocol-version']);
  return chosen(offered, ours);
}

function chosen(offered: readonly string[], ours: readonly string[]): string {
  const protocol = ours.find((name) => offered.includes(name));
  if (protocol !== undefined) return protocol;
  throw new StatusError(
    'Forbidden',
    `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${ours.join(' ')}]`,
  );
}

function list(header: string | string[] | undefined): readonly string[] {
  return [header ?? []].flat().flatMap((text) => text.split(',').map((name) => name.trim()));
}

function switchToSpdy(upgrade: Upgrade, protocol: string): void {
  const { socket, head } = upgrade;
  upgrade.switch();
  socket.write(
    [
      'HTTP/1.1 101 Switching Protocols',
      'Connection: Upgrade',
      'Upgrade: SPDY/3.1',
      `X-Stream-Protocol-Version: ${protocol}`,
      '\r\n',
    ].join('\r\n'),
  );
  if (head.length > 0) socket.unshift(head);
}

/** Answers in HTTP on a connection that was to become something else, and ends it. */
export function refuseUpgrade(socket: Duplex, status: StatusError): void {
  const body = JSON.stringify(status.status);
  socket.end(
    [
      `HTTP/1.1 ${status.code} ${STATUS_CODES[status.code] ?? ''}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}
