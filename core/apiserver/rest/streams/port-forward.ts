import type { Duplex } from 'node:stream';
import { badRequest, StatusError } from '../../../api/errors.ts';
import type { Clock } from '../../../machinery/clock.ts';
import { SpdySession } from '../spdy/session.ts';
import type { SpdyStream } from '../spdy/session.ts';
import type { WebSocketChannels } from './websocket-channels.ts';

/** The protocol of the streams (upstream: portforward/constants.go); over WebSocket it is tunnelled. */
export const portForwardProtocol = 'portforward.k8s.io';
export const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io';
/** The older form over WebSocket, without SPDY: two channels a port. */
export const portForwardChannels = ['v4.channel.k8s.io', 'v4.base64.channel.k8s.io'] as const;

/** Opens a connection to a port of the Pod. Rejects with what to tell the client. */
export type Dial = (port: number) => Promise<Duplex>;

/** A pair whose other half does not come is given up. */
const pairWithinMs = 30_000;

/** Serves forwarded connections until the client leaves: a stream for errors and one for data, each. */
export async function forwardOverSpdy(connection: Duplex, dial: Dial, clock: Clock): Promise<void> {
  const halves = new Map<string, { error?: SpdyStream; data?: SpdyStream; inTime: () => void }>();
  const session = new SpdySession(connection, (stream) => {
    const id = stream.headers.get('requestid') ?? String(stream.id);
    const type = stream.headers.get('streamtype');
    if (type !== 'error' && type !== 'data') return void stream.destroy();
    const pair = halves.get(id) ?? { inTime: clock.after(pairWithinMs, () => giveUp(id)) };
    pair[type] = stream;
    halves.set(id, pair);
    const { error, data } = pair;
    if (error === undefined || data === undefined) return;
    pair.inTime();
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
  for (const { inTime } of halves.values()) inTime();
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
  connection: WebSocketChannels,
  ports: readonly number[],
  dial: Dial,
): Promise<void> {
  const messages = connection.messages();
  const targets: (Duplex | undefined)[] = [];
  const sent: Promise<void>[] = [];
  await Promise.all(
    ports.map(async (port, index) => {
      const announced = Buffer.alloc(2);
      announced.writeUInt16LE(port);
      for (const channel of [2 * index, 2 * index + 1]) await connection.send(channel, announced);
      try {
        const target = await dial(port);
        targets[index] = target;
        sent.push(sendAll(connection, index, target));
      } catch (cause) {
        await tell(connection, index, cause);
      }
    }),
  );
  // This form cannot end one port alone: the connection ends with the last of them.
  void Promise.all(sent).then(() => connection.close());
  for await (const { channel, data } of messages) {
    const target = channel % 2 === 0 ? targets[channel / 2] : undefined;
    if (target?.writable === true && !target.write(data))
      await new Promise<void>((resolve) => {
        target.once('drain', resolve);
        target.once('close', resolve);
      });
  }
  for (const target of targets) target?.destroy();
}

async function sendAll(connection: WebSocketChannels, index: number, from: Duplex): Promise<void> {
  // What breaks while it is written to also ends what is read.
  from.on('error', () => undefined);
  try {
    for await (const data of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>)
      if (!(await connection.send(2 * index, data))) return;
  } catch (cause) {
    await tell(connection, index, cause);
  }
}

function tell(connection: WebSocketChannels, index: number, cause: unknown): Promise<boolean> {
  return connection.send(2 * index + 1, Buffer.from(StatusError.from(cause).message));
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
