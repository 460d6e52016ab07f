import { Writable } from 'node:stream';
import type { PassThrough } from 'node:stream';
import { roomIn } from '../../../core/machinery/room.ts';

const headerBytes = 8;

export type OutputStream = 'stdout' | 'stderr';

/** Where in the chunk a piece of a frame's content is. `starts` tells a frame's first piece from those that go on. */
export type TakePiece = (stream: OutputStream, start: number, end: number, starts: boolean) => void;

/**
 * Docker's framing of standard output and error on one connection ("Attach to a container" in its API reference):
 * a byte for the stream, three of zero, a big-endian length, the data. Pieces are told as they arrive, so that a
 * frame of any length needs no memory, and as positions, because a log has a frame for every line. Docker's own
 * errors come as a third stream and count as standard error.
 */
export class FrameParser {
  /** A header that came in parts; usually empty. */
  #header: Buffer = Buffer.alloc(0);
  #stream: OutputStream = 'stdout';
  #remainingBytes = 0;
  #starts = false;

  push(chunk: Buffer, take: TakePiece): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#remainingBytes === 0) {
        if (this.#header.length > 0 || chunk.length - at < headerBytes) {
          const missing = headerBytes - this.#header.length;
          this.#header = Buffer.concat([this.#header, chunk.subarray(at, at + missing)]);
          at += missing;
          if (this.#header.length < headerBytes) return;
          this.#begin(this.#header, 0);
          this.#header = Buffer.alloc(0);
        } else {
          this.#begin(chunk, at);
          at += headerBytes;
        }
      }
      const end = Math.min(chunk.length, at + this.#remainingBytes);
      if (end <= at) continue;
      this.#remainingBytes -= end - at;
      take(this.#stream, at, end, this.#starts);
      this.#starts = false;
      at = end;
    }
  }

  #begin(bytes: Buffer, at: number): void {
    // The first byte is the type, the other three are zero.
    const type = bytes.readUInt32LE(at);
    if (type > 3) {
      const header = bytes.toString('hex', at, at + headerBytes);
      throw new Error(`Cannot take Docker's stream apart: "${header}" is no frame header`);
    }
    this.#stream = type >= 2 ? 'stderr' : 'stdout';
    this.#remainingBytes = bytes.readUInt32BE(at + 4);
    this.#starts = true;
  }
}

/**
 * Sends each frame to one of two streams, and takes no more until the ones that got something have room: both must
 * be read, and one that is destroyed counts as read. Ends or destroys both when it ends itself.
 */
export class Demultiplexer extends Writable {
  readonly #parser = new FrameParser();
  readonly #targets: Readonly<Record<OutputStream, PassThrough>>;

  constructor(stdout: PassThrough, stderr: PassThrough) {
    super();
    this.#targets = { stdout, stderr };
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    try {
      this.#forward(chunk);
    } catch (error) {
      done(error as Error);
      return;
    }
    const full = Object.values(this.#targets).filter((target) => target.writableNeedDrain);
    if (full.length === 0) done();
    else Promise.all(full.map(roomIn)).then(() => done(), done);
  }

  override _final(done: () => void): void {
    for (const target of Object.values(this.#targets)) target.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (error !== null) for (const target of Object.values(this.#targets)) target.destroy(error);
    done(error);
  }

  /** One write for each stream, however many frames the chunk has: a program may write a byte at a time. */
  #forward(chunk: Buffer): void {
    const pieces: Record<OutputStream, Buffer[]> = { stdout: [], stderr: [] };
    this.#parser.push(chunk, (stream, start, end) => pieces[stream].push(chunk.subarray(start, end)));
    for (const stream of ['stdout', 'stderr'] as const) {
      const [first, ...rest] = pieces[stream];
      if (first === undefined || this.#targets[stream].destroyed) continue;
      this.#targets[stream].write(rest.length === 0 ? first : Buffer.concat(pieces[stream]));
    }
  }
}
