import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { StatusError } from '../../api/errors.ts';
import type { APIServiceSpec } from '../../api/generated/apiregistration-v1.ts';
import type { UserInfo } from '../../api/verbs.ts';
import type { DialService, ServicePort } from '../../admission/webhooks/endpoint.ts';
import type { Clock } from '../../machinery/clock.ts';
import { DialedAgent, dialedRequest } from '../../machinery/dialed-agent.ts';
import { describeError } from '../../machinery/logger.ts';
import type { KeyPair } from '../../machinery/pki/key-pair.ts';
import { linkSignals } from '../../machinery/signals.ts';

export interface UpstreamOptions {
  readonly clock: Clock;
  /** What this server shows for itself. */
  readonly frontProxy: KeyPair;
  readonly dial: DialService;
}

export interface UpstreamRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly signal: AbortSignal;
  /** The connection is to become something else: it is not used again. */
  readonly upgrade?: boolean;
  /** For whom it goes on as long as it likes: a connection of its own, which counts for that user. */
  readonly streamsFor?: UserInfo | undefined;
}

const connectWithinMs = 10_000;
const maxFreeSockets = 8;
const idleMs = 30_000;

/** A user's API server behind an APIService: HTTPS with the front proxy's certificate, over connections that are kept. */
export class Upstream {
  readonly spec: APIServiceSpec;
  readonly #options: UpstreamOptions;
  readonly #agent: DialedAgent<ServicePort>;
  /** Streams of users: nobody else's requests are sent over what is left of their connections. */
  readonly #streams: DialedAgent<ServicePort & { readonly user: UserInfo }>;

  constructor(spec: APIServiceSpec, options: UpstreamOptions) {
    this.spec = spec;
    this.#options = options;
    const { clock, dial } = options;
    const common = { clock, connectWithinMs, idleMs };
    this.#agent = new DialedAgent({
      ...common,
      maxFreeSockets,
      dial: (service, signal) => dial(service, signal),
    });
    this.#streams = new DialedAgent({
      ...common,
      maxFreeSockets: 0,
      dial: ({ user, ...service }, signal) => dial(service, signal, user),
    });
  }

  /** Sends a request's head; the body is the caller's to send and the answer the caller's to wait for. */
  open({ method, path, headers, signal, upgrade = false, streamsFor }: UpstreamRequest): ClientRequest {
    const { service = {}, caBundle = '', insecureSkipTLSVerify } = this.spec;
    const { name = '', namespace = '', port = 443 } = service;
    const { frontProxy } = this.#options;
    const host = `${name}.${namespace}.svc`;
    const wish = { namespace, name, port };
    const options = {
      host,
      servername: host,
      cert: frontProxy.cert,
      key: frontProxy.key,
      rejectUnauthorized: insecureSkipTLSVerify !== true,
      ...(caBundle === '' ? {} : { ca: Buffer.from(caBundle, 'base64') }),
      method,
      path,
      headers: { ...headers, host, ...(upgrade ? {} : { connection: 'keep-alive' }) },
      signal,
    };
    return streamsFor === undefined
      ? dialedRequest({ ...options, agent: this.#agent, wish })
      : dialedRequest({ ...options, agent: this.#streams, wish: { ...wish, user: streamsFor } });
  }

  /** A whole answer of at most `maxBytes`, within `withinMs`. */
  async read(
    { body, ...request }: Omit<UpstreamRequest, 'signal'> & { readonly body?: Buffer },
    { maxBytes, withinMs, signal }: { maxBytes: number; withinMs: number; signal: AbortSignal },
  ): Promise<{ readonly code: number; readonly body: Buffer; readonly etag: string | undefined }> {
    const late = new AbortController();
    const cancel = this.#options.clock.after(withinMs, () =>
      late.abort(new Error(`no answer within ${withinMs} ms`)),
    );
    using over = linkSignals(signal, late.signal);
    try {
      const answer = await answerTo(this.open({ ...request, signal: over.signal }), (outgoing) =>
        outgoing.end(body),
      );
      const chunks: Buffer[] = [];
      let bytes = 0;
      for await (const chunk of answer as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > maxBytes) throw new Error(`its answer is larger than ${maxBytes} bytes`);
        chunks.push(chunk);
      }
      return { code: answer.statusCode ?? 0, body: Buffer.concat(chunks), etag: answer.headers.etag };
    } catch (error) {
      throw late.signal.aborted ? late.signal.reason : error;
    } finally {
      cancel();
    }
  }

  /** Lets go of connections that nobody uses; those in use end with what they are used for. */
  close(): void {
    this.#agent.retire();
    this.#streams.retire();
  }
}

/** The head of the answer; `send` sends the body. Rejects with ServiceUnavailable where there is none. */
export function answerTo(
  outgoing: ClientRequest,
  send: (outgoing: ClientRequest) => void,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.on('error', reject);
    send(outgoing);
  });
}

/** What went wrong between this server and that one; a Status passes as it is. */
export function unreachable(cause: unknown): StatusError {
  if (cause instanceof StatusError) return cause;
  return new StatusError('ServiceUnavailable', `error trying to reach service: ${describeError(cause)}`, {
    cause,
  });
}
