import { Readable } from 'node:stream';
import { deferred, type Deferred } from '../../machinery/deferred.ts';

/** A readable that is fed from outside, and makes the feeder wait for the reader. */
export class PushedReadable extends Readable {
  #room: Deferred<void> | undefined;

  constructor() {
    super({ highWaterMark: 64 * 1024 });
    // Whoever reads sees the error; an output that nobody reads must not end the process.
    this.on('error', () => {});
  }

  /** Resolves when the reader is ready for more, or has left. */
  async deliver(data: Buffer): Promise<void> {
    if (this.destroyed || this.push(data)) return;
    this.#room ??= deferred();
    await this.#room.promise;
  }

  finish(): void {
    if (!this.destroyed && !this.readableEnded) this.push(null);
  }

  override _read(): void {
    this.#wake();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#wake();
    done(error);
  }

  #wake(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }
}
