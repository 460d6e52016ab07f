import { once } from 'node:events';
import { connect, constants } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2';

export interface Tls {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** As Go's client has them, and so kubectl. */
const streamWindowBytes = 4 * 1024 * 1024;
const sessionWindowBytes = 64 * 1024 * 1024;

export interface Sent {
  readonly method?: string;
  readonly body?: string;
  readonly contentType?: string;
}

/** One client: a connection of its own, as every program that speaks to the API has. */
export class Http2Client {
  readonly #session: ClientHttp2Session;

  static async connect(address: string, tls: Tls): Promise<Http2Client> {
    const session = connect(`https://${address}`, {
      ...tls,
      settings: { initialWindowSize: streamWindowBytes, enablePush: false },
      maxSessionMemory: 256,
    });
    await once(session, 'connect');
    session.setLocalWindowSize(sessionWindowBytes);
    return new Http2Client(session);
  }

  constructor(session: ClientHttp2Session) {
    this.#session = session;
  }

  open(path: string, { method = 'GET', body, contentType }: Sent = {}): ClientHttp2Stream {
    const headers: OutgoingHttpHeaders = { ':method': method, ':path': path, 'user-agent': 'bench/1.0' };
    if (contentType !== undefined) headers['content-type'] = contentType;
    const stream = this.#session.request(headers, { endStream: body === undefined });
    if (body !== undefined) stream.end(body);
    return stream;
  }

  /** The answer, whatever it is. */
  async read(path: string, sent: Sent = {}): Promise<{ readonly status: number; readonly text: string }> {
    const stream = this.open(path, sent);
    let status = 0;
    stream.on('response', (headers) => (status = Number(headers[':status'])));
    const chunks: Buffer[] = [];
    for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
    return { status, text: Buffer.concat(chunks).toString() };
  }

  /** How many bytes the answer has; rejects unless it is a success. */
  fetch(path: string, sent: Sent = {}): Promise<number> {
    return new Promise((resolve, reject) => {
      const stream = this.open(path, sent);
      let bytes = 0;
      let status = 0;
      let text = '';
      stream.on('response', (headers) => (status = Number(headers[':status'])));
      stream.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (status >= 300) text += chunk.toString();
      });
      stream.once('end', () => {
        if (status < 300) resolve(bytes);
        else reject(new Error(`${sent.method ?? 'GET'} ${path}: ${status} ${text}`));
      });
      stream.once('error', reject);
    });
  }

  async close(): Promise<void> {
    const closed = once(this.#session, 'close');
    this.#session.destroy(undefined, constants.NGHTTP2_NO_ERROR);
    await closed;
  }
}

/** Many clients, each with its own connection. */
export class Clients implements AsyncDisposable {
  readonly all: readonly Http2Client[];

  static async connect(count: number, address: string, tls: Tls): Promise<Clients> {
    return new Clients(
      await Promise.all(Array.from({ length: count }, () => Http2Client.connect(address, tls))),
    );
  }

  constructor(all: readonly Http2Client[]) {
    this.all = all;
  }

  of(index: number): Http2Client {
    const client = this.all[index % this.all.length];
    if (client === undefined) throw new Error('There are no clients');
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map((client) => client.close()));
  }
}
