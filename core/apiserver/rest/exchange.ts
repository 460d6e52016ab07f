import type { IncomingMessage, ServerResponse } from 'node:http';
import { StatusError } from '../../api/errors.ts';
import { boundedWarnings, mostWarningsKept } from '../../api/warnings.ts';
import type { Call, RequestTracker, UserInfo } from '../../api/verbs.ts';

/** The largest body accepted: upstream's limit for one request. */
const maxBodyBytes = 3 * 1024 * 1024;

/** One request and its answer, over HTTP/1.1 or HTTP/2. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly user: UserInfo;
  /** Aborts when the client has gone or the server stops. */
  readonly signal: AbortSignal;
  readonly #tracker: RequestTracker | undefined;
  readonly #warnings: string[] = [];

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    user: UserInfo,
    signal: AbortSignal,
    tracker?: RequestTracker,
  ) {
    this.request = request;
    this.response = response;
    this.url = url;
    this.user = user;
    this.signal = signal;
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
    return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
  }

  /** Begins an answer whose body follows in pieces. */
  begin(code: number, contentType: string): void {
    this.#tracker?.started(code);
    if (this.#warnings.length > 0)
      this.response.setHeader('warning', boundedWarnings(this.#warnings).map(warningHeader));
    if (!this.response.hasHeader('cache-control'))
      this.response.setHeader('cache-control', 'no-cache, private');
    this.response.writeHead(code, { 'content-type': contentType });
  }

  send(code: number, contentType: string, body: Buffer | string): void {
    this.begin(code, contentType);
    this.response.end(body);
  }

  sendJson(code: number, value: unknown): void {
    this.send(code, 'application/json', JSON.stringify(value));
  }

  /** Writes a piece and resolves when more may follow; false when the client has gone. */
  async write(piece: Buffer | string): Promise<boolean> {
    if (this.signal.aborted || this.response.destroyed) return false;
    if (this.response.write(piece)) return true;
    return new Promise((resolve) => {
      const settle = () => {
        this.response.off('drain', settle);
        this.response.off('close', settle);
        resolve(!this.response.destroyed && !this.signal.aborted);
      };
      this.response.once('drain', settle);
      this.response.once('close', settle);
    });
  }
}

/** RFC 7234 section 5.5, code 299, as kubectl prints them. */
function warningHeader(text: string): string {
  return `299 - "${text.replace(/[^ -~]/g, '').replace(/["\\]/g, '\\$&')}"`;
}
