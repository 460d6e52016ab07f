import { Agent, request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../machinery/clock.ts';
import { DialedAgent, dialedRequest } from '../../machinery/dialed-agent.ts';
import { linkSignals } from '../../machinery/signals.ts';
import type { DialService, ServicePort, WebhookEndpoint } from './endpoint.ts';

export interface WebhookRequest {
  readonly endpoint: WebhookEndpoint;
  readonly body: string;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal | undefined;
}

/** A patch of the largest object there can be, in base64, and room for the rest. */
const maxResponseBytes = 6 * 1024 * 1024;
const maxSockets = 64;
const maxFreeSockets = 16;
const idleMs = 60_000;
/** Upstream's webhooks have 30 s at most, and somebody else may want the connection when its first caller has left. */
const connectWithinMs = 30_000;

/** Posts JSON to webhooks, over connections that are kept. Its errors say what Go's client would. */
export class WebhookClient {
  readonly #clock: Clock;
  readonly #ofUrls = new Agent({ keepAlive: true, maxSockets, maxFreeSockets, timeout: idleMs });
  readonly #ofServices: DialedAgent<ServicePort>;

  constructor(clock: Clock, dial: DialService) {
    this.#clock = clock;
    this.#ofServices = new DialedAgent({ clock, connectWithinMs, maxFreeSockets, idleMs, dial });
  }

  close(): void {
    this.#ofUrls.destroy();
    this.#ofServices.destroy();
  }

  /** The body of the answer. Rejects for whatever is not an answer of 2xx in time and of a sensible size. */
  async post({ endpoint, body, timeoutSeconds, signal }: WebhookRequest): Promise<Buffer> {
    const url = new URL(endpoint.url);
    url.searchParams.set('timeout', `${timeoutSeconds}s`);
    const deadline = new AbortController();
    const cancel = this.#clock.after(timeoutSeconds * 1000, () => deadline.abort());
    using linked = linkSignals(deadline.signal, ...(signal === undefined ? [] : [signal]));
    try {
      return await this.#exchange(url, endpoint, body, linked.signal).catch((error: unknown) => {
        // Lost while it lay idle, most likely: that a server was restarted is no failure of its webhook.
        if (error instanceof ClosedMeanwhile) return this.#exchange(url, endpoint, body, linked.signal);
        throw error;
      });
    } catch (cause) {
      const why = linked.signal.aborted ? overTime(signal) : explain(cause as Error);
      throw new Error(`failed to call webhook: Post ${JSON.stringify(shown(url, endpoint))}: ${why}`, {
        cause,
      });
    } finally {
      cancel();
    }
  }

  #exchange(url: URL, { service, ca }: WebhookEndpoint, body: string, signal: AbortSignal): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const options = {
        method: 'POST',
        host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
        port: url.port === '' ? 443 : Number(url.port),
        path: `${url.pathname}${url.search}`,
        ...(ca === undefined ? {} : { ca }),
        signal,
        headers: {
          host: url.host,
          'content-type': 'application/json',
          accept: 'application/json',
          'content-length': Buffer.byteLength(body),
          'user-agent': 'wheelhouse-admission',
        },
      };
      const outgoing =
        service === undefined
          ? request({ ...options, agent: this.#ofUrls })
          : // Certificates are for the name, wherever that leads to.
            dialedRequest({
              ...options,
              agent: this.#ofServices,
              wish: service,
              servername: url.hostname,
            });
      let answered = false;
      outgoing.once('response', (answer) => {
        answered = true;
        read(answer).then(resolve, reject);
      });
      outgoing.on('error', (cause: Error) => {
        const kept = outgoing.reusedSocket && !answered && !signal.aborted;
        reject(kept ? new ClosedMeanwhile(cause.message, { cause }) : cause);
      });
      outgoing.end(body);
    });
  }
}

/** A connection that was kept for the next request, and is not there any more. */
class ClosedMeanwhile extends Error {}

/** Upstream names the port of a Service always. */
function shown(url: URL, { service }: WebhookEndpoint): string {
  if (service === undefined) return url.href;
  return `https://${url.hostname}:${service.port}${url.pathname}${url.search}`;
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
