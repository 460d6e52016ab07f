import { Agent, request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../machinery/clock.ts';
import { linkSignals } from '../../machinery/signals.ts';
import type { WebhookEndpoint } from './endpoint.ts';

export interface WebhookRequest {
  readonly endpoint: WebhookEndpoint;
  readonly body: string;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal | undefined;
}

/** A patch of the largest object there can be, in base64, and room for the rest. */
const maxResponseBytes = 6 * 1024 * 1024;
const maxSockets = 64;

/** Posts JSON to webhooks, over connections that are kept. Its errors say what Go's client would. */
export class WebhookClient {
  readonly #clock: Clock;
  readonly #agent = new Agent({ keepAlive: true, maxSockets, maxFreeSockets: 16, timeout: 60_000 });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  close(): void {
    this.#agent.destroy();
  }

  /** The body of the answer. Rejects for whatever is not an answer of 2xx in time and of a sensible size. */
  async post({ endpoint, body, timeoutSeconds, signal }: WebhookRequest): Promise<Buffer> {
    const url = new URL(endpoint.url);
    url.searchParams.set('timeout', `${timeoutSeconds}s`);
    const deadline = new AbortController();
    const cancel = this.#clock.after(timeoutSeconds * 1000, () => deadline.abort());
    using linked = linkSignals(deadline.signal, ...(signal === undefined ? [] : [signal]));
    try {
      return await this.#exchange(url, endpoint, body, linked.signal);
    } catch (cause) {
      const why = linked.signal.aborted ? overTime(signal) : explain(cause as Error);
      throw new Error(`failed to call webhook: Post ${JSON.stringify(url.href)}: ${why}`, { cause });
    } finally {
      cancel();
    }
  }

  #exchange(url: URL, { address, ca }: WebhookEndpoint, body: string, signal: AbortSignal): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          method: 'POST',
          host: address?.host ?? url.hostname.replace(/^\[(.*)\]$/, '$1'),
          port: address?.port ?? (url.port === '' ? 443 : Number(url.port)),
          path: `${url.pathname}${url.search}`,
          // Certificates are for the name, wherever that leads to.
          ...(address === undefined ? {} : { servername: url.hostname }),
          ...(ca === undefined ? {} : { ca }),
          agent: this.#agent,
          signal,
          headers: {
            host: url.host,
            'content-type': 'application/json',
            accept: 'application/json',
            'content-length': Buffer.byteLength(body),
            'user-agent': 'wheelhouse-admission',
          },
        },
        (answer) => {
          read(answer).then(resolve, reject);
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }
}

async function read(answer: IncomingMessage): Promise<Buffer> {
  const { statusCode = 0, headers } = answer;
  if (statusCode >= 300 && statusCode < 400) {
    answer.destroy();
    throw new Error(
      `redirects are not followed (${statusCode} to ${JSON.stringify(headers.location ?? '')})`,
    );
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxResponseBytes) {
      answer.destroy();
      throw new Error(`the response is larger than ${maxResponseBytes} bytes`);
    }
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  if (statusCode >= 200 && statusCode < 300) return bytes;
  throw new Error(refusal(statusCode, bytes));
}

/** What client-go makes of an answer that is no success. */
function refusal(code: number, bytes: Buffer): string {
  if (code === 404) return 'the server could not find the requested resource';
  const text = bytes
    .subarray(0, 200)
    .toString()
    .replaceAll(/[^\u0020-\u007e]+/g, ' ')
    .trim();
  if (code >= 500)
    return `an error on the server (${JSON.stringify(text === '' ? 'unknown' : text)}) has prevented the request from succeeding`;
  return `the server rejected our request for an unknown reason (${code}${text === '' ? '' : ` ${JSON.stringify(text)}`})`;
}

function overTime(signal: AbortSignal | undefined): string {
  return signal?.aborted === true ? 'context canceled' : 'context deadline exceeded';
}

const certificateProblems = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_GET_ISSUER_CERT',
  'CERT_SIGNATURE_FAILURE',
]);

function explain(
  error: Error & { readonly code?: string; readonly address?: string; readonly port?: number },
): string {
  const { code = '', address, port, message } = error;
  if (code === 'ECONNREFUSED') return `dial tcp ${address}:${port}: connect: connection refused`;
  if (certificateProblems.has(code))
    return 'tls: failed to verify certificate: x509: certificate signed by unknown authority';
  if (code === 'CERT_HAS_EXPIRED')
    return 'tls: failed to verify certificate: x509: certificate has expired or is not yet valid';
  if (code === 'ECONNRESET') return 'EOF';
  return message;
}
