import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import type { ClientOptions } from 'ws';
import type { RestApi } from '../../environment/rest.ts';

/** What another process will have done in a moment, however slow the machine. */
export function soon<T>(told: () => T) {
  return expect.poll(told, { timeout: 20_000 });
}

/** A client of channels over a WebSocket as others write them; it knows nothing of the server's code. */
export class ChannelClient {
  readonly socket: WebSocket;
  /** What came on each channel, one message after another. */
  readonly received = new Map<number, Buffer[]>();
  /** In which order messages came, and of which type. */
  readonly order: (readonly [channel: number, type: 'text' | 'binary'])[] = [];
  /** The code that the server closed with. */
  readonly closed: Promise<number>;
  readonly #isText: boolean;

  private constructor(socket: WebSocket, isText: boolean) {
    this.socket = socket;
    this.#isText = isText;
    this.closed = new Promise((resolve) => {
      socket.once('close', resolve);
    });
    socket.on('message', (message: Buffer, isBinary) => {
      const channel = isText ? Number(message.toString('latin1', 0, 1)) : (message[0] ?? -1);
      const data = isText ? Buffer.from(message.toString('latin1', 1), 'base64') : message.subarray(1);
      this.order.push([channel, isBinary ? 'binary' : 'text']);
      this.received.set(channel, [...(this.received.get(channel) ?? []), data]);
    });
  }

  static async open(rest: RestApi, path: string, protocol?: string): Promise<ChannelClient> {
    const socket = openSocket(rest, path, protocol);
    const client = new ChannelClient(socket, protocol?.includes('base64') === true);
    await once(socket, 'open');
    return client;
  }

  send(channel: number, data: string | Buffer): void {
    const bytes = Buffer.from(data as string);
    this.socket.send(
      this.#isText ? `${channel}${bytes.toString('base64')}` : Buffer.concat([Buffer.of(channel), bytes]),
    );
  }

  bytes(channel: number): Buffer {
    return Buffer.concat(this.received.get(channel) ?? []);
  }

  text(channel: number): string {
    return this.bytes(channel).toString();
  }
}

export function openSocket(
  rest: RestApi,
  path: string,
  protocol?: string,
  finishRequest: NonNullable<ClientOptions['finishRequest']> = (request) => request.end(),
): WebSocket {
  const { serverCa, admin } = rest.pki;
  return new WebSocket(`wss://${rest.address}${path}`, protocol === undefined ? [] : [protocol], {
    ca: serverCa.cert,
    cert: admin.cert,
    key: admin.key,
    handshakeTimeout: 20_000,
    perMessageDeflate: false,
    finishRequest,
  });
}

/** What a server answers that does not take the connection. */
export async function refusedSocket(
  rest: RestApi,
  path: string,
  protocol?: string,
): Promise<{ readonly code: number; readonly message: string }> {
  const socket = openSocket(rest, path, protocol);
  const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  const pieces: Buffer[] = [];
  for await (const piece of answer as AsyncIterable<Buffer>) pieces.push(piece);
  const { message } = JSON.parse(Buffer.concat(pieces).toString()) as { message: string };
  return { code: answer.statusCode ?? 0, message };
}
