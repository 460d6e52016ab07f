import { constants, createDeflate, createInflate } from 'node:zlib';
import type { Zlib } from 'node:zlib';
import type { Transform } from 'node:stream';
import { headerDictionary } from './dictionary.ts';

export type SpdyHeaders = ReadonlyMap<string, string>;

/** Far more than any stream of Kubernetes sends; a bomb ends here. */
const maxBlockBytes = 64 * 1024;

/**
 * Headers of one direction of a session. They share one compression state, so blocks must be handed over in the
 * order of the wire, one after another.
 */
export class HeaderReader {
  readonly #inflate = createInflate({ dictionary: headerDictionary, finishFlush: constants.Z_SYNC_FLUSH });

  /** @throws RangeError when the block is malformed or too large */
  async read(block: Buffer): Promise<SpdyHeaders> {
    return parseHeaders(await pass(this.#inflate, block));
  }

  close(): void {
    this.#inflate.destroy();
  }
}

export class HeaderWriter {
  readonly #deflate = createDeflate({ dictionary: headerDictionary });

  async write(headers: SpdyHeaders): Promise<Buffer> {
    return pass(this.#deflate, formatHeaders(headers));
  }

  close(): void {
    this.#deflate.destroy();
  }
}

/** What comes out of the stream for `input`, all of it. */
function pass(stream: Transform & Zlib, input: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    const drain = () => {
      for (
        let piece = stream.read() as Buffer | null;
        piece !== null;
        piece = stream.read() as Buffer | null
      ) {
        pieces.push(piece);
        bytes += piece.length;
        if (bytes > maxBlockBytes)
          return settle(new RangeError('Cannot read SPDY headers: there are too many'));
      }
    };
    const settle = (error?: Error) => {
      stream.off('readable', drain);
      stream.off('error', settle);
      if (error === undefined) resolve(Buffer.concat(pieces, bytes));
      else
        reject(
          error instanceof RangeError ? error : new RangeError('Cannot read SPDY headers', { cause: error }),
        );
    };
    stream.on('readable', drain);
    stream.on('error', settle);
    stream.write(input);
    stream.flush(constants.Z_SYNC_FLUSH, () => {
      drain();
      settle();
    });
  });
}

function parseHeaders(block: Buffer): SpdyHeaders {
  const headers = new Map<string, string>();
  let at = 0;
  const number = () => {
    if (at + 4 > block.length) throw new RangeError('Cannot read SPDY headers: they are cut off');
    at += 4;
    return block.readUInt32BE(at - 4);
  };
  const text = () => {
    const length = number();
    if (length > block.length - at) throw new RangeError('Cannot read SPDY headers: they are cut off');
    at += length;
    return block.toString('utf8', at - length, at);
  };
  for (let left = number(); left > 0; left--) {
    const name = text().toLowerCase();
    headers.set(name, text());
  }
  return headers;
}

function formatHeaders(headers: SpdyHeaders): Buffer {
  const pieces = [uint32(headers.size)];
  for (const [name, value] of headers) {
    for (const text of [name.toLowerCase(), value]) {
      const bytes = Buffer.from(text, 'utf8');
      pieces.push(uint32(bytes.length), bytes);
    }
  }
  return Buffer.concat(pieces);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
