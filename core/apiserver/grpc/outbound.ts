import type { Writable } from 'node:stream';
import { deferred, type Deferred } from '../../machinery/deferred.ts';

/** What may wait in the server for one reader; more is kept back where the messages come from. */
const maxWaitingBytes = 512 * 1024;

/** The part of a grpc-js stream this needs. */
type MessageStream = Pick<Writable, 'write'>;

/**
 * Sends encoded messages on a stream at the reader's pace. grpc-js counts messages, not bytes, and grows without
 * bound when `write() === false` goes unheard; here at most 512 KiB and one message wait for each reader.
 */
export class Outbound {
  readonly #stream: MessageStream;
  readonly #signal: AbortSignal;
  #waitingBytes = 0;
  #room: Deferred<void> | undefined;

  /** The signal aborts when the call is over for any reason. */
  constructor(stream: MessageStream, signal: AbortSignal) {
    this.#stream = stream;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#room?.resolve(), { once: true });
  }

  /** Resolves when there is room for the next message; false when nobody reads any more. */
  async send(message: Buffer): Promise<boolean> {
    if (this.#signal.aborted) return false;
    this.#waitingBytes += message.length;
    this.#stream.write(message, () => {
      this.#waitingBytes -= message.length;
      if (this.#waitingBytes <= maxWaitingBytes) this.#room?.resolve();
    });
    if (this.#waitingBytes > maxWaitingBytes) {
      this.#room = deferred();
      await this.#room.promise;
      this.#room = undefined;
    }
    return !this.#signal.aborted;
  }
}
