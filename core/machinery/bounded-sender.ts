import type { Writable } from 'node:stream';
import { deferred, type Deferred } from './deferred.ts';

/** What may wait here for one reader; more is kept back where the messages come from. */
const maxWaitingBytes = 512 * 1024;

/**
 * Sends messages on a stream at the reader's pace. Streams of messages count messages, not bytes, and grow without
 * bound when `write() === false` goes unheard; here at most 512 KiB and one message wait for each reader.
 */
export class BoundedSender<Message = Buffer> {
  readonly #stream: Pick<Writable, 'write'>;
  readonly #over: AbortSignal;
  readonly #waiters: Deferred<void>[] = [];
  #waitingBytes = 0;

  /** `over` aborts when the stream has ended for any reason: grpc-js then calls no callbacks. */
  constructor(stream: Pick<Writable, 'write'>, over: AbortSignal) {
    this.#stream = stream;
    this.#over = over;
    over.addEventListener('abort', () => this.#wake(), { once: true });
  }

  /** Resolves when there is room for the next message; false when nobody reads any more. */
  async send(message: Message, sizeBytes = sizeOf(message)): Promise<boolean> {
    if (this.#over.aborted) return false;
    this.#waitingBytes += sizeBytes;
    this.#stream.write(message, () => {
      this.#waitingBytes -= sizeBytes;
      if (this.#waitingBytes <= maxWaitingBytes) this.#wake();
    });
    if (this.#waitingBytes > maxWaitingBytes) {
      const room = deferred();
      this.#waiters.push(room);
      await room.promise;
    }
    return !this.#over.aborted;
  }

  #wake(): void {
    for (const waiter of this.#waiters.splice(0)) waiter.resolve();
  }
}

function sizeOf(message: unknown): number {
  return Buffer.isBuffer(message) ? message.length : 0;
}
