/**
 * Protocol Buffers' wire format, as far as wheelhouse.proto and the Kubernetes API need it
 * (protobuf.dev/programming-guides/encoding).
 * Written out because the client's start-up counts: the general libraries take longer to load than a call takes.
 */

/** Field numbers and wire types are written together; these are the wire types. */
const varintType = 0;
const fixed64Type = 1;
const lengthType = 2;
const fixed32Type = 5;

/** Messages are small, or dominated by one field of bytes that makes the buffer grow to fit exactly. */
const initialBytes = 128;

export class WireWriter {
  #buffer: Buffer;
  #at = 0;

  constructor(sizeBytes = initialBytes) {
    this.#buffer = Buffer.allocUnsafe(sizeBytes);
  }

  /** The message; the writer must not be used afterwards. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#at);
  }

  unsigned(field: number, value: number): void {
    this.#tag(field, varintType);
    this.#varint(value);
  }

  /** 64 bits with two's complement for negative numbers; integers beyond 2^53 are not for us. */
  signed(field: number, value: number): void {
    this.#tag(field, varintType);
    if (value >= 0) this.#varint(value);
    else this.#negative(value);
  }

  bool(field: number, value: boolean): void {
    this.unsigned(field, value ? 1 : 0);
  }

  string(field: number, value: string): void {
    this.#tag(field, lengthType);
    const length = Buffer.byteLength(value);
    this.#varint(length);
    this.#reserve(length);
    this.#at += this.#buffer.write(value, this.#at, length, 'utf8');
  }

  bytes(field: number, value: Uint8Array): void {
    this.#tag(field, lengthType);
    this.#varint(value.length);
    this.#reserve(value.length);
    this.#buffer.set(value, this.#at);
    this.#at += value.length;
  }

  message<T>(field: number, value: T, write: (writer: WireWriter, value: T) => void): void {
    this.#tag(field, lengthType);
    // Most nested messages need one byte for their length; longer ones are moved up once.
    this.#reserve(1);
    const lengthAt = this.#at++;
    write(this, value);
    const length = this.#at - lengthAt - 1;
    const more = varintBytes(length) - 1;
    if (more > 0) {
      this.#reserve(more);
      this.#buffer.copyWithin(lengthAt + 1 + more, lengthAt + 1, this.#at);
    }
    this.#at = lengthAt;
    this.#varint(length);
    this.#at += length;
  }

  #tag(field: number, wireType: number): void {
    this.#varint(field * 8 + wireType);
  }

  #varint(value: number): void {
    this.#reserve(10);
    let rest = value;
    while (rest > 0x7f) {
      this.#buffer[this.#at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.#at++] = rest;
  }

  #negative(value: number): void {
    this.#reserve(10);
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 0x7fn) {
      this.#buffer[this.#at++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#buffer[this.#at++] = Number(rest);
  }

  #reserve(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed + initialBytes, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#at);
    this.#buffer = grown;
  }
}

/** Reads one message; fields of bytes are views into it, not copies. Throws a RangeError on anything malformed. */
export class WireReader {
  readonly #buffer: Buffer;
  #at: number;
  readonly #end: number;
  #wireType = 0;

  constructor(buffer: Buffer, start = 0, end = buffer.length) {
    this.#buffer = buffer;
    this.#at = start;
    this.#end = end;
  }

  /** The number of the next field; 0 at the end. */
  next(): number {
    if (this.#at === this.#end) return 0;
    const tag = this.#varint();
    this.#wireType = tag % 8;
    const field = Math.floor(tag / 8);
    if (field === 0) throw new RangeError('Cannot read the message: a field has the number 0');
    return field;
  }

  unsigned(): number {
    this.#expect(varintType);
    return this.#varint();
  }

  signed(): number {
    this.#expect(varintType);
    const start = this.#at;
    const value = this.#varint();
    return value <= Number.MAX_SAFE_INTEGER ? value : this.#signedFrom(start);
  }

  bool(): boolean {
    return this.unsigned() !== 0;
  }

  double(): number {
    this.#expect(fixed64Type);
    const start = this.#at;
    this.#advance(8);
    return this.#buffer.readDoubleLE(start);
  }

  /** Whether the field's value is a run of bytes; numbers that repeat may be packed into one. */
  get delimited(): boolean {
    return this.#wireType === lengthType;
  }

  /** The values of a packed field, one read each. */
  *packed<T>(read: (reader: WireReader) => T, wireType: 'varint' | 'fixed64'): Generator<T> {
    const start = this.#skipLength();
    const values = new WireReader(this.#buffer, start, this.#at);
    values.#wireType = wireType === 'varint' ? varintType : fixed64Type;
    while (values.#at < values.#end) yield read(values);
  }

  string(): string {
    const start = this.#skipLength();
    return this.#buffer.toString('utf8', start, this.#at);
  }

  bytes(): Buffer {
    const start = this.#skipLength();
    return this.#buffer.subarray(start, this.#at);
  }

  message<T>(read: (reader: WireReader) => T): T {
    const start = this.#skipLength();
    return read(new WireReader(this.#buffer, start, this.#at));
  }

  /** Passes over a field this version does not know. */
  skip(): void {
    if (this.#wireType === varintType) this.#varint();
    else if (this.#wireType === lengthType) this.#skipLength();
    else if (this.#wireType === fixed64Type) this.#advance(8);
    else if (this.#wireType === fixed32Type) this.#advance(4);
    else throw new RangeError(`Cannot read the message: wire type ${this.#wireType} is not known`);
  }

  #expect(wireType: number): void {
    if (this.#wireType === wireType) return;
    throw new RangeError(
      `Cannot read the message: a field has wire type ${this.#wireType} instead of ${wireType}`,
    );
  }

  #skipLength(): number {
    this.#expect(lengthType);
    const length = this.#varint();
    const start = this.#at;
    this.#advance(length);
    return start;
  }

  #advance(bytes: number): void {
    if (bytes > this.#end - this.#at) throw new RangeError('Cannot read the message: it is cut off');
    this.#at += bytes;
  }

  #varint(): number {
    let value = 0;
    let factor = 1;
    for (let i = 0; i < 10; i++) {
      if (this.#at === this.#end) throw new RangeError('Cannot read the message: it is cut off');
      const byte = this.#buffer[this.#at++] as number;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 0x80;
    }
    throw new RangeError('Cannot read the message: a number is longer than 64 bits');
  }

  #signedFrom(start: number): number {
    let value = 0n;
    for (let at = start; at < this.#at; at++) {
      value |= BigInt((this.#buffer[at] as number) & 0x7f) << BigInt(7 * (at - start));
    }
    return Number(BigInt.asIntN(64, value));
  }
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes++;
  return bytes;
}

/** How one message is written and read; `Init` leaves out what has its default. */
export interface Codec<Init, Message> {
  readonly encode: (message: Init) => Buffer;
  readonly decode: (bytes: Buffer) => Message;
}

export interface WireMethod<RequestInit, Request, ReplyInit, Reply> {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly request: Codec<RequestInit, Request>;
  readonly reply: Codec<ReplyInit, Reply>;
}
