import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SteppedClock } from '../../../machinery/stepped-clock.ts';
import { acceptWebSocket, keepAlive } from './websocket.ts';

/** As Node's HTTP server does: a client may say that it sends nothing more, and still read. */
const server = createServer({ allowHalfOpen: true });
const request = () =>
  ({
    method: 'GET',
    headers: {
      upgrade: 'websocket',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'sec-websocket-version': '13',
    },
  }) as unknown as IncomingMessage;
let client: Socket;
let connection: Socket;

beforeEach(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  [connection] = (await once(server, 'connection')) as [Socket];
});
afterEach(async () => {
  client.destroy();
  connection.destroy();
  server.close();
  await once(server, 'close');
});

const accepted = () => acceptWebSocket(request(), connection, Buffer.alloc(0), 'v5.channel.k8s.io');

test('who speaks WebSocket is answered with the protocol that was chosen', async () => {
  const socket = await accepted();
  expect(String((await once(client, 'data'))[0])).toMatch(
    /^HTTP\/1.1 101 [^]*Sec-WebSocket-Protocol: v5.channel.k8s.io\r\n/,
  );
  expect(socket.readyState).toBe(socket.OPEN);
});

test('a client that sends nothing more before the handshake is refused, not waited for', async () => {
  connection.resume();
  client.end();
  await once(connection, 'end');
  await expect(accepted()).rejects.toThrow('the client has gone');
});

test('a client that has gone before the handshake is refused', async () => {
  connection.destroy();
  await once(connection, 'close');
  await expect(accepted()).rejects.toThrow('the client has gone');
});

test('what is no handshake is refused with what is wrong', async () => {
  const odd = request();
  odd.headers['sec-websocket-version'] = '7';
  const answer = acceptWebSocket(odd, connection, Buffer.alloc(0), undefined);
  await expect(answer).rejects.toThrow('Sec-WebSocket-Version');
});

test('a client that no longer answers is cut within two pings', async () => {
  const clock = new SteppedClock();
  keepAlive(await accepted(), clock);
  clock.advance(30_000);
  expect(connection.destroyed).toBe(false);
  clock.advance(30_000);
  expect(connection.destroyed).toBe(true);
  await once(connection, 'close');
  expect(clock.pendingTimers).toBe(0);
});
