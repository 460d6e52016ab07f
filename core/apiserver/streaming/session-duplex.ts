import { Duplex } from 'node:stream';
import type { ChannelReadable, ChannelWritable } from '../../api/sessions/channels.ts';
import { inputChannel, outputChannel, type Session } from '../../api/sessions/session.ts';
import { StatusError } from '../../api/errors.ts';
import { exitStatus } from '../../api/streams.ts';

/** A session as one connection: each direction ends by itself, and the session with both. */
export class SessionDuplex extends Duplex {
  readonly #session: Session;
  readonly #readable: ChannelReadable;
  readonly #writable: ChannelWritable;

  constructor(session: Session) {
    super({ allowHalfOpen: true });
    this.#session = session;
    this.#readable = session.readable(outputChannel);
    this.#writable = session.writable(inputChannel);
    this.#readable.on('data', (data: Buffer) => {
      if (!this.push(data)) this.#readable.pause();
    });
    this.#readable.on('end', () => this.push(null));
    this.#readable.on('error', (error) => this.destroy(error));
    this.#readable.pause();
  }

  override _read(): void {
    this.#readable.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#writable.write(chunk, done);
  }

  override _final(done: () => void): void {
    this.#writable.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const complete = this.readableEnded && this.writableFinished;
    this.#session.close(
      complete ? exitStatus(0) : new StatusError('Timeout', 'The forwarded connection was cut').status,
    );
    done(error);
  }
}
