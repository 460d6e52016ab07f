import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createWebSocketStream } from 'ws';
import type { WebSocket } from 'ws';
import { dataFrame, FrameReader, synStreamFrame } from '../../../core/apiserver/rest/spdy/frames.ts';
import type { Frame } from '../../../core/apiserver/rest/spdy/frames.ts';
import { HeaderWriter } from '../../../core/apiserver/rest/spdy/header-block.ts';
import type { StreamingApi } from '../../environment/connected-agent.ts';
import { createStreamingApi } from '../../environment/connected-agent.ts';
import { LocalHandlers } from '../grpc/local-handlers.ts';
import { ChannelClient, openSocket, refusedSocket, soon } from './websocket-client.ts';

/** The ports of the Pod are those of this machine. */
const handlers = new LocalHandlers();
let api: StreamingApi;
const servers: Server[] = [];
beforeAll(async () => {
  api = await createStreamingApi(handlers);
  await api.runPod('web');
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});
afterAll(() => api[Symbol.asyncDispose]());

async function serve(onConnection: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, onConnection);
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A port of this machine where nobody listens. */
async function deafPort(): Promise<number> {
  const port = await serve(() => undefined);
  const server = servers.pop();
  server?.close();
  if (server !== undefined) await once(server, 'close');
  return port;
}

const echo = (socket: Socket) => socket.pipe(socket);
/** What came after the number of the port, whose two bytes may well be one letter. */
const forwarded = (client: ChannelClient, channel: number) => client.bytes(channel).subarray(2).toString();
const path = (query = '') => `/api/v1/namespaces/default/pods/web/portforward${query}`;

describe('port-forward over the channels of a WebSocket', () => {
  test.for(['v4.channel.k8s.io', 'v4.base64.channel.k8s.io', undefined])(
    '%s: names its ports, and carries both ways',
    async (protocol) => {
      const port = await serve(echo);
      const query = `?ports=${port}&ports=${port}`;
      const client = await ChannelClient.open(api.rest, path(query), protocol);
      expect(client.socket.protocol).toBe(protocol ?? '');
      await soon(() => client.received.size).toBe(4);
      const announced = Buffer.of(port % 256, Math.floor(port / 256));
      for (const channel of [0, 1, 2, 3]) expect(client.received.get(channel)?.[0]).toEqual(announced);
      client.send(0, 'to the first');
      client.send(2, 'to the second');
      await soon(() => forwarded(client, 0)).toBe('to the first');
      await soon(() => forwarded(client, 2)).toBe('to the second');
      expect([client.bytes(1), client.bytes(3)]).toEqual([announced, announced]);
      client.socket.close();
      await client.closed;
    },
  );

  test('tells of a port that nobody serves, while the others go on', async () => {
    const [deaf, port] = [await deafPort(), await serve(echo)];
    const client = await ChannelClient.open(api.rest, path(`?ports=${deaf},${port}`), 'v4.channel.k8s.io');
    await soon(() => forwarded(client, 1)).toContain('ECONNREFUSED');
    client.send(2, 'still here');
    await soon(() => forwarded(client, 2)).toBe('still here');
    client.socket.close();
    await client.closed;
  });

  test('ends with the last of its connections, not with the first', async () => {
    const brief = await serve((socket) => socket.end('bye'));
    const port = await serve((socket) => socket.once('data', (data) => socket.end(data)));
    const client = await ChannelClient.open(
      api.rest,
      path(`?ports=${brief}&ports=${port}`),
      'v4.channel.k8s.io',
    );
    await soon(() => forwarded(client, 0)).toBe('bye');
    client.send(2, 'the last');
    expect(await client.closed).toBe(1000);
    expect(forwarded(client, 2)).toBe('the last');
  });

  test('is refused in HTTP where the ports are none', async () => {
    const refused = (query: string, protocol = 'v4.channel.k8s.io') =>
      refusedSocket(api.rest, path(query), protocol);
    expect(await refused('')).toEqual({ code: 400, message: 'at least one port is required' });
    for (const query of ['?ports=0', '?ports=65536', '?ports=http', '?ports=1,', '?ports=-1', '?ports=1.5'])
      expect(await refused(query), query).toMatchObject({ code: 400 });
    expect(await refused('?ports=80', 'v9.channel.k8s.io')).toMatchObject({ code: 403 });
  });
});

/** SPDY inside a WebSocket, as kubectl has spoken it since 1.31 (KEP-4006). */
describe('port-forward tunnelled through a WebSocket', () => {
  const tunnel = 'SPDY/3.1+portforward.k8s.io';

  /** The library sends no protocol that is no token, and takes none that it did not send. */
  async function openTunnel(): Promise<[WebSocket, string | undefined]> {
    let protocol: string | undefined;
    const socket = openSocket(api.rest, path(), undefined, (request) => {
      request.setHeader('Sec-WebSocket-Protocol', tunnel);
      request.prependListener('upgrade', ({ headers }) => {
        protocol = headers['sec-websocket-protocol'];
        delete headers['sec-websocket-protocol'];
      });
      request.end();
    });
    await once(socket, 'open');
    return [socket, protocol];
  }

  async function open() {
    const [socket, protocol] = await openTunnel();
    expect(protocol).toBe(tunnel);
    const stream = createWebSocketStream(socket);
    const [frames, headers] = [new FrameReader(), new HeaderWriter()];
    const received: Frame[] = [];
    stream.on('data', (bytes: Buffer) => received.push(...frames.read(bytes)));
    stream.on('error', () => undefined);
    return {
      socket,
      send: (frame: Buffer) => stream.write(frame),
      /** Opens the two streams of one connection. */
      async connect(id: number, port: number): Promise<void> {
        for (const [number, streamtype] of [
          [id, 'error'],
          [id + 2, 'data'],
        ] as const) {
          const about = new Map(Object.entries({ streamtype, port: String(port), requestid: String(id) }));
          stream.write(synStreamFrame(number, await headers.write(about)));
        }
      },
      dataOf: (id: number) =>
        Buffer.concat(
          received.flatMap((frame) => (frame.kind === 'data' && frame.stream === id ? [frame.data] : [])),
        ).toString(),
      hasEnded: (id: number) =>
        received.some((frame) => frame.kind === 'data' && frame.stream === id && frame.fin),
    };
  }

  test('carries connection after connection, each with its ends', async () => {
    const port = await serve(echo);
    const client = await open();
    for (const id of [1, 5]) {
      await client.connect(id, port);
      client.send(dataFrame(id + 2, Buffer.from(`connection ${id}`), true));
    }
    for (const id of [1, 5]) {
      await soon(() => client.dataOf(id + 2)).toBe(`connection ${id}`);
      await soon(() => client.hasEnded(id + 2) && client.hasEnded(id)).toBe(true);
      expect(client.dataOf(id)).toBe('');
    }
    client.socket.terminate();
  });

  test('tells in words of a port that nobody serves, and goes on', async () => {
    const [deaf, port] = [await deafPort(), await serve(echo)];
    const client = await open();
    await client.connect(1, deaf);
    await soon(() => client.dataOf(1)).toContain(`an error occurred forwarding ${deaf}: `);
    await client.connect(5, port);
    client.send(dataFrame(7, Buffer.from('still here'), true));
    await soon(() => client.dataOf(7)).toBe('still here');
    client.socket.terminate();
  });
});
