import { Duplex } from 'node:stream';
import { dataFrame, FrameReader, goAwayFrame, pingFrame, resetFrame, synReplyFrame } from './frames.ts';
import type { Frame } from './frames.ts';
import { HeaderReader, HeaderWriter } from './header-block.ts';
import type { SpdyHeaders } from './header-block.ts';

/** Streams open at once: five an exec, two a forwarded connection. */
const maxStreams = 512;
const maxPieceBytes = 32 * 1024;

/**
 * The server's side of a SPDY/3.1 session over one connection. As upstream's library (moby/spdystream) there are no
 * windows: a stream that is not read holds up its session, and TCP holds up the peer.
 */
export class SpdySession {
  readonly #connection: Duplex;
  readonly #onStream: (stream: SpdyStream) => void;
  readonly #streams = new Map<number, SpdyStream>();
  readonly #reader = new HeaderReader();
  readonly #writer = new HeaderWriter();
  #lastStream = 0;

  /** `onStream` is told of every stream the peer opens. */
  constructor(connection: Duplex, onStream: (stream: SpdyStream) => void) {
    this.#connection = connection;
    this.#onStream = onStream;
  }

  /** Serves until the connection ends; never rejects: a broken peer only loses its own streams. */
  async run(): Promise<void> {
    const frames = new FrameReader();
    let cause: Error | undefined;
    try {
      for await (const bytes of this.#connection as AsyncIterable<Buffer>) {
        for (const frame of frames.read(bytes)) {
          if (frame.kind === 'go-away') return;
          await this.#take(frame);
        }
      }
    } catch (error) {
      cause = error as Error;
    } finally {
      for (const stream of this.#streams.values()) stream.destroy(cause);
      this.#reader.close();
      this.#writer.close();
      this.#connection.destroy();
    }
  }

  /** Says that nothing more comes, and ends the connection once that is sent. */
  close(): void {
    if (this.#connection.writable) this.#connection.end(goAwayFrame(this.#lastStream));
  }

  async #take(frame: Frame): Promise<void> {
    switch (frame.kind) {
      case 'syn-stream':
        return this.#open(frame.stream, await this.#reader.read(frame.headers), frame.fin);
      case 'syn-reply':
      case 'headers':
        // Nothing is said here that matters, but the state of the compression goes on.
        await this.#reader.read(frame.headers);
        return;
      case 'data':
        return this.#streams.get(frame.stream)?.receive(frame.data, frame.fin);
      case 'reset':
        this.#streams.get(frame.stream)?.destroy();
        return;
      case 'ping':
        return this.#send(pingFrame(frame.id));
      default:
    }
  }

  async #open(id: number, headers: SpdyHeaders, fin: boolean): Promise<void> {
    if (id <= this.#lastStream || id % 2 === 0)
      throw new RangeError(`Cannot open SPDY stream ${id}: its number is not next`);
    this.#lastStream = id;
    if (this.#streams.size >= maxStreams) return this.#send(resetFrame(id));
    const stream = new SpdyStream(id, headers, {
      send: (data, last) => this.#send(dataFrame(id, data, last)),
      cancel: () => this.#send(resetFrame(id)),
      closed: () => this.#streams.delete(id),
    });
    this.#streams.set(id, stream);
    await this.#send(synReplyFrame(id, await this.#writer.write(new Map())));
    if (fin) await stream.receive(Buffer.alloc(0), true);
    this.#onStream(stream);
  }

  /** Resolves when the connection has taken the bytes. */
  #send(bytes: Buffer): Promise<void> {
    if (!this.#connection.writable) return Promise.resolve();
    return new Promise((resolve) => this.#connection.write(bytes, () => resolve()));
  }
}

interface StreamLink {
  readonly send: (data: Buffer, fin: boolean) => Promise<void>;
  readonly cancel: () => Promise<void>;
  readonly closed: () => void;
}

/** One stream of a session. Ending the writable side half-closes it. */
export class SpdyStream extends Duplex {
  readonly id: number;
  readonly headers: SpdyHeaders;
  readonly #link: StreamLink;
  #resume: (() => void) | undefined;

  constructor(id: number, headers: SpdyHeaders, link: StreamLink) {
    super({ allowHalfOpen: true });
    this.id = id;
    this.headers = headers;
    this.#link = link;
    // Whoever does not care that the peer has gone need not listen.
    this.on('error', () => undefined);
  }

  /** Takes data of the peer; resolves when there is room for more. */
  async receive(data: Buffer, fin: boolean): Promise<void> {
    const room = this.destroyed || this.readableEnded || data.length === 0 || this.push(data);
    if (fin && !this.destroyed) this.push(null);
    else if (!room) await new Promise<void>((resolve) => (this.#resume = resolve));
  }

  override _read(): void {
    this.#resume?.();
    this.#resume = undefined;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    void this.#sendPieces(chunk).then(() => done());
  }

  override _final(done: () => void): void {
    void this.#link.send(Buffer.alloc(0), true).then(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this._read();
    this.#link.closed();
    if (!this.writableFinished) void this.#link.cancel();
    done(error);
  }

  async #sendPieces(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length; at += maxPieceBytes)
      await this.#link.send(chunk.subarray(at, at + maxPieceBytes), false);
  }
}
