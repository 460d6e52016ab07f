import type { IncomingMessage, ServerResponse } from 'node:http';
import { createGzip } from 'node:zlib';
import type { Gzip } from 'node:zlib';
import { StatusError } from '../../api/errors.ts';
import { boundedWarnings, mostWarningsKept } from '../../api/warnings.ts';
import type { Call, RequestTracker, UserInfo } from '../../api/verbs.ts';
import type { Clock } from '../../machinery/clock.ts';
import { loopTimeOf } from '../../machinery/loop-time.ts';

/** The largest body accepted: upstream's limit for one request. */
const maxBodyBytes = 3 * 1024 * 1024;

/** What is smaller costs more to compress than it saves (upstream: responsewriters/writers.go, as is the level). */
const smallestCompressed = 128 * 1024;
const compression = { level: 1, chunkSize: 64 * 1024 };

/** One request and its answer, over HTTP/1.1 or HTTP/2. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly user: UserInfo;
  /** Aborts when the client has gone or the server stops. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly #tracker: RequestTracker | undefined;
  readonly #warnings: string[] = [];
  #gzip: Gzip | undefined;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    user: UserInfo,
    signal: AbortSignal,
    clock: Clock,
    tracker?: RequestTracker,
  ) {
    this.request = request;
    this.response = response;
    this.url = url;
    this.user = user;
    this.signal = signal;
    this.clock = clock;
    this.#tracker = tracker;
  }

  get call(): Call {
    const { 'user-agent': userAgent } = this.request.headers;
    return {
      user: this.user,
      signal: this.signal,
      ...(userAgent === undefined ? {} : { userAgent }),
      warn: (text) => {
        if (this.#warnings.length < mostWarningsKept) this.#warnings.push(text);
      },
      ...(this.#tracker === undefined ? {} : { tracker: this.#tracker }),
    };
  }

  /** The whole body. Rejects with RequestEntityTooLarge as soon as it is known to be too large. */
  async body(): Promise<Buffer> {
    const tooLarge = () =>
      new StatusError('RequestEntityTooLarge', `Request entity too large: limit is ${maxBodyBytes}`);
    if (Number(this.request.headers['content-length'] ?? 0) > maxBodyBytes) throw tooLarge();
    const chunks: Buffer[] = [];
    let bytes = 0;
    // What is too large is left as it is: how much more of it is read is for whoever ends the request.
    const pieces = this.request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
    for await (const chunk of pieces) {
      bytes += chunk.length;
      if (bytes > maxBodyBytes) throw tooLarge();
      chunks.push(chunk);
    }
    await loopTimeOf(this.clock).turn();
    return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
  }

  /** Begins an answer whose body follows in pieces; compressed where the client understands that. */
  begin(code: number, contentType: string, { compressed = false } = {}): void {
    this.#tracker?.started(code);
    if (this.#warnings.length > 0)
      this.response.setHeader('warning', boundedWarnings(this.#warnings).map(warningHeader));
    if (!this.response.hasHeader('cache-control'))
      this.response.setHeader('cache-control', 'no-cache, private');
    if (compressed && this.#takesGzip()) this.#compress();
    this.response.writeHead(code, { 'content-type': contentType });
  }

  send(code: number, contentType: string, body: Buffer | string): void {
    this.begin(code, contentType, { compressed: body.length > smallestCompressed });
    this.end(body);
  }

  /** The last piece. */
  end(piece: Buffer | string): void {
    (this.#gzip ?? this.response).end(piece);
  }

  sendJson(code: number, value: unknown): void {
    this.send(code, 'application/json', JSON.stringify(value));
  }

  /** Writes a piece and resolves when more may follow; false when the client has gone. */
  async write(piece: Buffer | string): Promise<boolean> {
    if (this.signal.aborted || this.response.destroyed) return false;
    const body = this.#gzip ?? this.response;
    if (body.write(piece)) return true;
    return new Promise((resolve) => {
      const settle = () => {
        body.off('drain', settle);
        this.response.off('close', settle);
        resolve(!this.response.destroyed && !this.signal.aborted);
      };
      body.once('drain', settle);
      this.response.once('close', settle);
    });
  }

  /** Of a body that is compressed already nothing would be saved, of none even less. */
  #takesGzip(): boolean {
    const { 'accept-encoding': accepted } = this.request.headers;
    if (accepted === undefined || this.request.method === 'HEAD') return false;
    if (this.response.hasHeader('content-encoding')) return false;
    return acceptsGzip([accepted].flat().join());
  }

  /** Piece by piece, in threads of its own, as far ahead as the client reads. */
  #compress(): void {
    const gzip = createGzip(compression);
    this.#gzip = gzip;
    this.response.setHeader('content-encoding', 'gzip');
    if (!this.response.hasHeader('vary')) this.response.setHeader('vary', 'Accept-Encoding');
    this.response.once('close', () => gzip.destroy());
    gzip.once('error', () => this.response.destroy());
    gzip.pipe(this.response);
  }
}

/** RFC 9110 section 12.5.3: named, and not with a weight of nothing. */
export function acceptsGzip(header: string): boolean {
  return header.split(',').some((coding) => {
    const [name, ...parameters] = coding.split(';').map((part) => part.trim().toLowerCase());
    return name === 'gzip' && !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
  });
}

/** RFC 7234 section 5.5, code 299, as kubectl prints them. */
function warningHeader(text: string): string {
  return `299 - "${text.replace(/[^ -~]/g, '').replace(/["\\]/g, '\\$&')}"`;
}
