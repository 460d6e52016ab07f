import { Agent, request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import { connect as tlsConnect } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { StatusError } from '../../api/errors.ts';
import type { APIServiceSpec } from '../../api/generated/apiregistration-v1.ts';
import type { Lookup } from '../../admission/lookup.ts';
import type { Clock } from '../../machinery/clock.ts';
import { describeError } from '../../machinery/logger.ts';
import type { KeyPair } from '../../machinery/pki/key-pair.ts';
import type { Random } from '../../machinery/random.ts';
import { linkSignals } from '../../machinery/signals.ts';
import { backendsOf, dialAddress, pick } from './dial.ts';
import type { DialPod } from './dial.ts';

export interface UpstreamOptions {
  readonly client: Lookup;
  readonly random: Random;
  readonly clock: Clock;
  /** What this server shows for itself. */
  readonly frontProxy: KeyPair;
  readonly dialPod: DialPod;
}

export interface UpstreamRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly signal: AbortSignal;
  /** The connection is to become something else: it is not used again. */
  readonly upgrade?: boolean;
}

const connectWithinMs = 10_000;
const mostConnections = 1_000;
const mostIdle = 8;
const idleMs = 30_000;

/** A user's API server behind an APIService: HTTPS with the front proxy's certificate, over connections that are kept. */
export class Upstream {
  readonly spec: APIServiceSpec;
  readonly #options: UpstreamOptions;
  readonly #agent: Agent;

  constructor(spec: APIServiceSpec, options: UpstreamOptions) {
    this.spec = spec;
    this.#options = options;
    this.#agent = new UpstreamAgent(options.clock, (signal) => this.#connect(signal));
  }

  /** Sends a request's head; the body is the caller's to send and the answer the caller's to wait for. */
  open({ method, path, headers, signal, upgrade = false }: UpstreamRequest): ClientRequest {
    const { service } = this.spec;
    const host = `${service?.name ?? ''}.${service?.namespace ?? ''}.svc`;
    return httpRequest({
      agent: this.#agent,
      method,
      path,
      headers: { ...headers, host, ...(upgrade ? {} : { connection: 'keep-alive' }) },
      signal,
    });
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
    this.#agent.maxFreeSockets = 0;
    for (const sockets of Object.values(this.#agent.freeSockets))
      for (const socket of sockets ?? []) socket.destroy();
  }

  async #connect(signal: AbortSignal): Promise<TLSSocket> {
    const { client, random, dialPod, frontProxy } = this.#options;
    const { service = {}, caBundle, insecureSkipTLSVerify } = this.spec;
    const backend = pick(await backendsOf(client, service, signal), random);
    if (backend === undefined) throw new StatusError('ServiceUnavailable', 'no endpoints available');
    const plain =
      backend.kind === 'pod'
        ? await dialPod(backend, signal)
        : await dialAddress(backend.host, backend.port, signal);
    const servername = `${service.name ?? ''}.${service.namespace ?? ''}.svc`;
    return new Promise((resolve, reject) => {
      const socket = tlsConnect({
        socket: plain,
        servername,
        cert: frontProxy.cert,
        key: frontProxy.key,
        minVersion: 'TLSv1.2',
        rejectUnauthorized: insecureSkipTLSVerify !== true,
        ALPNProtocols: ['http/1.1'],
        ...(caBundle === undefined || caBundle === '' ? {} : { ca: Buffer.from(caBundle, 'base64') }),
      });
      const onAbort = () => socket.destroy(signal.reason as Error);
      const settle = () => {
        signal.removeEventListener('abort', onAbort);
        socket.off('error', onError);
      };
      const onError = (error: Error) => {
        settle();
        plain.destroy();
        reject(error);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      socket.once('error', onError);
      socket.once('secureConnect', () => {
        settle();
        resolve(socket);
      });
    });
  }
}

/** Connections that are made by something else than a host and a port. */
class UpstreamAgent extends Agent {
  readonly #clock: Clock;
  readonly #dial: (signal: AbortSignal) => Promise<TLSSocket>;

  constructor(clock: Clock, dial: (signal: AbortSignal) => Promise<TLSSocket>) {
    super({ keepAlive: true, maxSockets: mostConnections, maxFreeSockets: mostIdle, scheduling: 'lifo' });
    this.#clock = clock;
    this.#dial = dial;
  }

  override createConnection(
    _options: unknown,
    done?: (error: Error | null, socket: Duplex) => void,
  ): Duplex | null | undefined {
    const over = new AbortController();
    const late = new StatusError('ServiceUnavailable', `no connection within ${connectWithinMs} ms`);
    const cancel = this.#clock.after(connectWithinMs, () => over.abort(late));
    this.#dial(over.signal)
      .then(
        (socket) => done?.(null, socket),
        // The types know only connections that come about.
        (error: unknown) => done?.(error as Error, undefined as unknown as Duplex),
      )
      .finally(cancel);
    return undefined;
  }

  /** One that is kept for the next request is not kept for ever. */
  override keepSocketAlive(socket: Duplex): boolean {
    super.keepSocketAlive(socket);
    (socket as TLSSocket).setTimeout(idleMs);
    return true;
  }

  override reuseSocket(socket: Duplex, request: ClientRequest): void {
    // A watch may be silent for as long as it likes.
    (socket as TLSSocket).setTimeout(0);
    super.reuseSocket(socket, request);
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
