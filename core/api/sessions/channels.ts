import { Readable, Writable } from 'node:stream';

/** What a sender may have on its way at the beginning, per channel; as SessionWindow in wheelhouse.proto says. */
export const initialWindowBytes = 256 * 1024;

/** Large enough to be cheap, small enough that other sessions get their turn. */
const frameBytes = 32 * 1024;

/** What the readable's own buffer may hold on top of the window. */
const readAheadBytes = 64 * 1024;

/** The sending end of a channel: takes no more than the other side granted. */
export class ChannelWritable extends Writable {
  readonly #offer: () => void;
  readonly #endOfChannel: () => void;
  #pending: Buffer | undefined;
  #accepted: () => void = () => {};
  #creditBytes = initialWindowBytes;

  /** `offer` is called whenever `take` may have something to give. */
  constructor(offer: () => void, endOfChannel: () => void) {
    super({ highWaterMark: frameBytes, emitClose: true });
    this.#offer = offer;
    this.#endOfChannel = endOfChannel;
    // Whoever writes sees the error at its own call; a session nobody writes to must not end the process.
    this.on('error', () => {});
  }

  grant(bytes: number): void {
    this.#creditBytes += bytes;
    if (this.#pending !== undefined) this.#offer();
  }

  /** The next piece to send; undefined when there is none or the other side is not ready for it. */
  take(): Buffer | undefined {
    const pending = this.#pending;
    if (pending === undefined || this.#creditBytes <= 0) return undefined;
    const piece = pending.subarray(0, Math.min(frameBytes, this.#creditBytes));
    this.#creditBytes -= piece.length;
    this.#pending = piece.length === pending.length ? undefined : pending.subarray(piece.length);
    if (this.#pending === undefined) this.#accepted();
    return piece;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, accepted: () => void): void {
    if (chunk.length === 0) {
      accepted();
      return;
    }
    this.#pending = chunk;
    this.#accepted = accepted;
    this.#offer();
  }

  /** What was written while the last piece waited goes in frames of full length, however small the writes were. */
  override _writev(
    chunks: readonly { readonly chunk: Buffer; readonly encoding: BufferEncoding }[],
    accepted: () => void,
  ): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'utf8', accepted);
  }

  override _final(done: () => void): void {
    this.#endOfChannel();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#pending = undefined;
    done(error);
  }
}

/** The receiving end of a channel: grants more as its reader takes what came. */
export class ChannelReadable extends Readable {
  readonly #grant: (bytes: number) => void;
  readonly #received: Buffer[] = [];
  /** What the sender may still send. */
  #allowedBytes = initialWindowBytes;
  /** Taken by the reader since the last grant. */
  #takenBytes = 0;
  #wanted = false;
  #ended = false;
  #error: Error | undefined;

  constructor(grant: (bytes: number) => void) {
    super({ highWaterMark: readAheadBytes, emitClose: true });
    this.#grant = grant;
    this.on('error', () => {});
  }

  /** False when the sender sent more than it was granted. */
  receive(data: Buffer): boolean {
    this.#allowedBytes -= data.length;
    if (this.#allowedBytes < 0) return false;
    // A reader that left must not hold up the sender: it takes everything from here on.
    if (this.destroyed) this.#taken(data.length);
    else {
      this.#received.push(data);
      this.#deliver();
    }
    return true;
  }

  /** Nothing more will come; what is here is still delivered, then the end or the error. */
  finish(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#deliver();
  }

  override _read(): void {
    this.#wanted = true;
    this.#deliver();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    for (const data of this.#received.splice(0)) this.#taken(data.length);
    done(error);
  }

  #deliver(): void {
    while (this.#wanted && this.#received.length > 0) {
      const data = this.#received.shift() as Buffer;
      this.#wanted = this.push(data);
      this.#taken(data.length);
    }
    if (!this.#ended || this.#received.length > 0) return;
    if (this.#error === undefined) this.push(null);
    else this.destroy(this.#error);
  }

  #taken(bytes: number): void {
    this.#takenBytes += bytes;
    if (this.#takenBytes < initialWindowBytes / 2 || this.#ended) return;
    this.#allowedBytes += this.#takenBytes;
    this.#grant(this.#takenBytes);
    this.#takenBytes = 0;
  }
}
