import { Writable } from 'node:stream';
import type { PassThrough } from 'node:stream';
import type { LogRecord } from '../runtime.ts';

const headerBytes = 8;

/**
 * Docker's framing of standard output and error on one connection ("Attach to a container" in its API reference):
 * a byte for the stream, three of zero, a big-endian length, the data. Pieces are handed on as they arrive, so that a
 * frame of any length needs no memory. Docker's own errors come as a third stream and count as standard error.
 */
export class FrameParser {
  #header = Buffer.alloc(0);
  #stream: LogRecord['stream'] = 'stdout';
  #remainingBytes = 0;

  /** `starts` tells the first piece of a frame from those that go on with one. */
  *push(chunk: Buffer): Generator<LogRecord & { readonly starts: boolean }> {
    let rest = chunk;
    while (rest.length > 0) {
      let starts = false;
      if (this.#remainingBytes === 0) {
        const missing = headerBytes - this.#header.length;
        this.#header = Buffer.concat([this.#header, rest.subarray(0, missing)]);
        rest = rest.subarray(missing);
        if (this.#header.length < headerBytes) return;
        this.#stream = streamOf(this.#header);
        this.#remainingBytes = this.#header.readUInt32BE(4);
        this.#header = Buffer.alloc(0);
        starts = true;
      }
      const data = rest.subarray(0, this.#remainingBytes);
      this.#remainingBytes -= data.length;
      rest = rest.subarray(data.length);
      if (data.length > 0) yield { stream: this.#stream, data, starts };
    }
  }
}

function streamOf(header: Buffer): LogRecord['stream'] {
  const type = header[0] ?? 0;
  if (type > 3 || header[1] !== 0 || header[2] !== 0 || header[3] !== 0) {
    throw new Error(`Cannot take Docker's stream apart: "${header.toString('hex')}" is no frame header`);
  }
  return type >= 2 ? 'stderr' : 'stdout';
}

/**
 * Sends each frame to one of two streams, and takes no more until the one that got it has room: both must be read,
 * and one that is destroyed counts as read. Ends or destroys both when it ends itself.
 */
export class Demultiplexer extends Writable {
  readonly #parser = new FrameParser();
  readonly #targets: Readonly<Record<LogRecord['stream'], PassThrough>>;

  constructor(stdout: PassThrough, stderr: PassThrough) {
    super();
    this.#targets = { stdout, stderr };
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#forward(chunk).then(() => done(), done);
  }

  override _final(done: () => void): void {
    for (const target of Object.values(this.#targets)) target.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (error !== null) for (const target of Object.values(this.#targets)) target.destroy(error);
    done(error);
  }

  async #forward(chunk: Buffer): Promise<void> {
    for (const { stream, data } of this.#parser.push(chunk)) await give(this.#targets[stream], data);
  }
}

function give(target: PassThrough, data: Buffer): Promise<void> {
  if (target.destroyed || target.write(data)) return Promise.resolve();
  return new Promise((resolve) => {
    const onRoom = () => {
      target.off('drain', onRoom);
      target.off('close', onRoom);
      resolve();
    };
    target.once('drain', onRoom);
    target.once('close', onRoom);
  });
}
