import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { badRequest, StatusError } from '../../../api/errors.ts';
import { SpdySession } from '../spdy/session.ts';
import type { SpdyStream } from '../spdy/session.ts';
import { messagesOf, sendMessage } from './websocket.ts';

/** The protocol of the streams (upstream: portforward/constants.go); over WebSocket it is tunnelled. */
export const portForwardProtocol = 'portforward.k8s.io';
export const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io';
/** The older form over WebSocket, without SPDY: two channels a port. */
export const portForwardChannels = 'v4.channel.k8s.io';

/** Opens a connection to a port of the Pod. Rejects with what to tell the client. */
export type Dial = (port: number) => Promise<Duplex>;

/** A pair whose other half does not come is given up. */
const pairWithinMs = 30_000;

/** Serves forwarded connections until the client leaves: a stream for errors and one for data, each. */
export async function forwardOverSpdy(connection: Duplex, dial: Dial): Promise<void> {
  const halves = new Map<string, { error?: SpdyStream; data?: SpdyStream; late: NodeJS.Timeout }>();
  const session = new SpdySession(connection, (stream) => {
    const id = stream.headers.get('requestid') ?? String(stream.id);
    const type = stream.headers.get('streamtype');
    if (type !== 'error' && type !== 'data') return void stream.destroy();
    const pair = halves.get(id) ?? { late: setTimeout(() => giveUp(id), pairWithinMs) };
    pair[type] = stream;
    halves.set(id, pair);
    const { error, data } = pair;
    if (error === undefined || data === undefined) return;
    clearTimeout(pair.late);
    halves.delete(id);
    void forwardPair(error, data, dial);
  });
  const giveUp = (id: string) => {
    const { error, data } = halves.get(id) ?? {};
    halves.delete(id);
    error?.destroy();
    data?.destroy();
  };
  await session.run();
  for (const { late } of halves.values()) clearTimeout(late);
}

async function forwardPair(error: SpdyStream, data: SpdyStream, dial: Dial): Promise<void> {
  // What the client sends on it has nobody to go to.
  error.resume();
  const port = Number(data.headers.get('port'));
  try {
    await joined(data, await dial(port));
  } catch (cause) {
    // Upstream's kubelet tells it in words; kubectl prints them.
    error.write(`an error occurred forwarding ${port}: ${StatusError.from(cause).message}`);
  }
  data.end();
  error.end();
}

/** Carries bytes both ways until both directions have ended, or either side is gone. Rejects when the target broke. */
function joined(client: Duplex, target: Duplex): Promise<void> {
  return new Promise((resolve, reject) => {
    client.pipe(target);
    target.pipe(client);
    target.once('error', reject);
    client.once('close', () => target.destroy());
    target.once('close', resolve);
    target.once('end', () => {
      if (target.writableFinished) resolve();
    });
    target.once('finish', () => {
      if (target.readableEnded) resolve();
    });
  });
}

/** Channels 2n and 2n+1 are the data and the errors of the nth port; each begins with the port, in two bytes. */
export async function forwardOverChannels(
  socket: WebSocket,
  ports: readonly number[],
  dial: Dial,
): Promise<void> {
  const messages = messagesOf(socket);
  const targets: (Duplex | undefined)[] = [];
  await Promise.all(
    ports.map(async (port, index) => {
      const announced = Buffer.alloc(3);
      announced.writeUInt16LE(port, 1);
      for (const channel of [2 * index, 2 * index + 1]) {
        announced[0] = channel;
        await sendMessage(socket, Buffer.from(announced));
      }
      const fail = (cause: unknown) =>
        sendMessage(
          socket,
          Buffer.concat([Buffer.of(2 * index + 1), Buffer.from(StatusError.from(cause).message)]),
        );
      try {
        const target = await dial(port);
        targets[index] = target;
        target.on('error', (cause) => void fail(cause));
        void sendAll(socket, 2 * index, target);
      } catch (cause) {
        await fail(cause);
      }
    }),
  );
  for await (const message of messages) {
    const [channel = 0] = message;
    const target = channel % 2 === 0 ? targets[channel / 2] : undefined;
    if (target !== undefined && !target.write(message.subarray(1)))
      await new Promise<void>((resolve) => {
        target.once('drain', resolve);
        target.once('close', resolve);
      });
  }
  for (const target of targets) target?.destroy();
}

async function sendAll(socket: WebSocket, channel: number, from: Duplex): Promise<void> {
  try {
    for await (const data of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>)
      if (!(await sendMessage(socket, Buffer.concat([Buffer.of(channel), data])))) return;
  } catch {
    // Told on the channel for errors.
  }
  // This form cannot close one direction: the end of the target is the end of the connection.
  socket.close(1000);
}

/** The `ports` of the query of a port-forward over channels. */
export function portsOf(query: URLSearchParams): readonly number[] {
  const ports = query
    .getAll('ports')
    .flatMap((text) => text.split(','))
    .map(Number);
  if (ports.length === 0) throw badRequest('at least one port is required');
  if (ports.length > 64 || ports.some((port) => !Number.isInteger(port) || port < 1 || port > 65_535))
    throw badRequest('ports: must be whole numbers between 1 and 65535, 64 at most');
  return ports;
}
