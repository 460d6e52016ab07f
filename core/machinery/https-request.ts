import { request } from 'node:https';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

export interface HttpsRequest {
  readonly url: URL;
  /** GET unless given. */
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: Buffer | string | undefined;
  /** PEM: the authorities to believe in place of the system's. */
  readonly ca?: Buffer | string | undefined;
  /** A longer answer is cut off, and an error. */
  readonly maxBytes: number;
  /** The deadline: nothing else ends an answer that hangs. */
  readonly signal: AbortSignal;
}

export interface HttpsAnswer {
  /** Redirects are answers like others; nobody follows them. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** One request over TLS to a server that is not to be trusted with our time or memory. A connection of its own. */
export function httpsRequest({
  url,
  method = 'GET',
  headers = {},
  body,
  ca,
  maxBytes,
  signal,
}: HttpsRequest): Promise<HttpsAnswer> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) =>
      reject(new Error(`Cannot ${method} ${JSON.stringify(url.href)}: ${cause.message}`, { cause }));
    if (url.protocol !== 'https:') {
      fail(new Error('it is not https'));
      return;
    }
    if (signal.aborted) {
      fail(signal.reason as Error);
      return;
    }
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const outgoing = request(url, {
      method,
      headers: { accept: 'application/json', ...headers, ...length },
      agent: false,
      ...(ca === undefined ? {} : { ca }),
    });
    const onAbort = () => outgoing.destroy(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    outgoing.once('close', () => signal.removeEventListener('abort', onAbort));
    outgoing.once('error', fail);
    outgoing.once('response', (incoming) => {
      read(incoming, maxBytes).then(
        (content) => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: content }),
        (error: Error) => {
          outgoing.destroy();
          fail(signal.aborted ? (signal.reason as Error) : error);
        },
      );
    });
    outgoing.end(body);
  });
}

async function read(incoming: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`the answer is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  if (!incoming.complete) throw new Error('the answer was cut off');
  return Buffer.concat(chunks);
}
