import type { WebSocket } from 'ws';
import { messagesOf, sendMessage } from './websocket.ts';

export interface ChannelMessage {
  readonly channel: number;
  readonly data: Buffer;
}

const digitZero = 0x30;

/**
 * Several streams over one WebSocket (upstream: httpstream/wsstream/conn.go): the first byte of a message is its
 * channel. Where the protocol's name has "base64" in it messages are text, for browsers: a digit, and base64.
 */
export class WebSocketChannels {
  readonly #socket: WebSocket;
  readonly #isText: boolean;

  constructor(socket: WebSocket, protocol: string | undefined) {
    this.#socket = socket;
    this.#isText = protocol?.includes('base64') === true;
  }

  /** Messages from this call on, until the connection ends. */
  messages(): AsyncGenerator<ChannelMessage> {
    return this.#decoded(messagesOf(this.#socket));
  }

  async *#decoded(messages: AsyncIterable<Buffer>): AsyncGenerator<ChannelMessage> {
    for await (const message of messages) {
      const [first] = message;
      // An empty message belongs to no channel.
      if (first === undefined) continue;
      yield this.#isText
        ? { channel: first - digitZero, data: Buffer.from(message.toString('latin1', 1), 'base64') }
        : { channel: first, data: message.subarray(1) };
    }
  }

  /** Resolves when the connection has taken the message; false when it is gone. */
  send(channel: number, data: Buffer): Promise<boolean> {
    const message = this.#isText
      ? `${String.fromCharCode(digitZero + channel)}${data.toString('base64')}`
      : Buffer.concat([Buffer.of(channel), data]);
    return sendMessage(this.#socket, message);
  }

  close(): void {
    this.#socket.close(1000);
  }
}
