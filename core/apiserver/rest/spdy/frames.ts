/** SPDY/3.1 frames (the protocol's draft 3.1, section 2.2), as far as streams of Kubernetes use them. */
export type Frame =
  | { readonly kind: 'data'; readonly stream: number; readonly fin: boolean; readonly data: Buffer }
  | { readonly kind: 'syn-stream'; readonly stream: number; readonly fin: boolean; readonly headers: Buffer }
  | { readonly kind: 'syn-reply'; readonly stream: number; readonly fin: boolean; readonly headers: Buffer }
  | { readonly kind: 'headers'; readonly stream: number; readonly fin: boolean; readonly headers: Buffer }
  | { readonly kind: 'reset'; readonly stream: number; readonly status: number }
  | { readonly kind: 'ping'; readonly id: number }
  | { readonly kind: 'go-away' }
  /** Settings and window updates: neither side of Kubernetes' streams heeds them. */
  | { readonly kind: 'ignored' };

const headBytes = 8;
/** Data of one frame; peers send pieces of 32 KiB. */
const maxFrameBytes = 1024 * 1024;
const version = 3;
const types = { synStream: 1, synReply: 2, reset: 3, ping: 6, goAway: 7, headers: 8 } as const;
const finFlag = 1;

/** Takes frames out of a byte stream. Holds no more than one frame that is not whole yet. */
export class FrameReader {
  #waiting: Buffer[] = [];
  #bytes = 0;

  /** The frames that are whole with these bytes. @throws RangeError on what is no frame, or too large a one */
  *read(bytes: Buffer): Generator<Frame> {
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
    while (this.#bytes >= headBytes) {
      const head = this.#peek(headBytes);
      const length = head.readUInt32BE(4) & 0xffffff;
      if (length > maxFrameBytes) throw new RangeError(`Cannot read a SPDY frame of ${length} bytes`);
      if (this.#bytes < headBytes + length) return;
      const frame = this.#peek(headBytes + length);
      this.#drop(headBytes + length);
      yield parseFrame(frame);
    }
  }

  #peek(length: number): Buffer {
    const [first] = this.#waiting;
    if (first === undefined || first.length < length)
      this.#waiting = [Buffer.concat(this.#waiting, this.#bytes)];
    return (this.#waiting[0] as Buffer).subarray(0, length);
  }

  #drop(length: number): void {
    this.#bytes -= length;
    const rest = (this.#waiting[0] as Buffer).subarray(length);
    if (rest.length === 0) this.#waiting.shift();
    else this.#waiting[0] = rest;
  }
}

function parseFrame(frame: Buffer): Frame {
  const first = frame.readUInt32BE(0);
  const flags = frame.readUInt8(4);
  const fin = (flags & finFlag) !== 0;
  const body = frame.subarray(headBytes);
  if (first < 0x8000_0000) return { kind: 'data', stream: first, fin, data: body };
  if ((first >>> 16) - 0x8000 !== version)
    throw new RangeError('Cannot read a SPDY frame of another version than 3');
  const id = () => need(body, 4).readUInt32BE(0) & 0x7fff_ffff;
  switch (first & 0xffff) {
    case types.synStream:
      return { kind: 'syn-stream', stream: id(), fin, headers: need(body, 10).subarray(10) };
    case types.synReply:
      return { kind: 'syn-reply', stream: id(), fin, headers: body.subarray(4) };
    case types.headers:
      return { kind: 'headers', stream: id(), fin, headers: body.subarray(4) };
    case types.reset:
      return { kind: 'reset', stream: id(), status: need(body, 8).readUInt32BE(4) };
    case types.ping:
      return { kind: 'ping', id: need(body, 4).readUInt32BE(0) };
    case types.goAway:
      return { kind: 'go-away' };
    default:
      return { kind: 'ignored' };
  }
}

function need(body: Buffer, bytes: number): Buffer {
  if (body.length < bytes) throw new RangeError('Cannot read a SPDY frame: it is cut off');
  return body;
}

export function dataFrame(stream: number, data: Buffer, fin: boolean): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(stream, 0);
  head.writeUInt32BE(((fin ? finFlag : 0) << 24) | data.length, 4);
  return data.length === 0 ? head : Buffer.concat([head, data]);
}

export function synReplyFrame(stream: number, headers: Buffer): Buffer {
  return controlFrame(types.synReply, 0, Buffer.concat([uint32(stream), headers]));
}

export function synStreamFrame(stream: number, headers: Buffer): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt32BE(stream, 0);
  return controlFrame(types.synStream, 0, Buffer.concat([fixed, headers]));
}

/** Status 5 cancels a stream. */
export function resetFrame(stream: number, status = 5): Buffer {
  return controlFrame(types.reset, 0, Buffer.concat([uint32(stream), uint32(status)]));
}

export function pingFrame(id: number): Buffer {
  return controlFrame(types.ping, 0, uint32(id));
}

export function goAwayFrame(lastStream: number): Buffer {
  return controlFrame(types.goAway, 0, Buffer.concat([uint32(lastStream), uint32(0)]));
}

function controlFrame(type: number, flags: number, body: Buffer): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt16BE(0x8000 | version, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt32BE((flags << 24) | body.length, 4);
  return Buffer.concat([head, body]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
