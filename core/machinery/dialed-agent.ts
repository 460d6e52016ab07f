import type { ClientRequest } from 'node:http';
import { Agent, request } from 'node:https';
import type { AgentOptions, RequestOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import type { Clock } from './clock.ts';

export interface DialedAgentOptions<Wish> {
  readonly clock: Clock;
  /** From the first step to the end of the handshake. */
  readonly connectWithinMs: number;
  readonly maxFreeSockets: number;
  /** How long one is kept that nobody uses; the server may ask for less. */
  readonly idleMs: number;
  /** What carries the bytes of a connection. The signal aborts only before it has resolved. */
  readonly dial: (wish: Wish, signal: AbortSignal) => Promise<Duplex>;
}

/** Of a request by such an agent, beside what every request says of TLS. */
export interface DialedRequestOptions<Wish> extends RequestOptions {
  readonly agent: DialedAgent<Wish>;
  readonly wish: Wish;
}

/**
 * Kept connections of HTTPS over something else than a socket to a host and a port. Requests share them where host,
 * port and the TLS members are the same, so those must say as much as the wish does.
 */
export class DialedAgent<Wish> extends Agent {
  readonly #options: DialedAgentOptions<Wish>;
  readonly #dialing = new Set<AbortController>();

  constructor(options: DialedAgentOptions<Wish>) {
    const { maxFreeSockets, idleMs } = options;
    super({ keepAlive: true, timeout: idleMs, scheduling: 'lifo' } satisfies AgentOptions);
    // As an option, Node takes 0 for what is not said.
    this.maxFreeSockets = maxFreeSockets;
    this.#options = options;
  }

  override createConnection(
    options: unknown,
    done?: (error: Error | null, socket: Duplex) => void,
  ): Duplex | null | undefined {
    this.#connect(options as ConnectionOptions & Wished<Wish>).then(
      (socket) => done?.(null, socket),
      // The types know only connections that come about.
      (error: unknown) => done?.(error as Error, undefined as unknown as Duplex),
    );
    return undefined;
  }

  async #connect(options: ConnectionOptions & Wished<Wish>): Promise<TLSSocket> {
    const { wish, until, ca, cert, key, servername, rejectUnauthorized } = options;
    const { clock, connectWithinMs, dial } = this.#options;
    const over = new AbortController();
    const late = new Error(`no connection within ${connectWithinMs / 1_000} s`);
    const cancel = clock.after(connectWithinMs, () => over.abort(late));
    // Node tells a request that it is aborted only once it has a connection.
    const onAbort = () => over.abort(until?.reason);
    if (until?.aborted === true) onAbort();
    until?.addEventListener('abort', onAbort, { once: true });
    this.#dialing.add(over);
    try {
      const plain = await unlessAborted(dial(wish, over.signal), over.signal);
      // Not the options as they are: an agent that is named there would be asked again.
      const tls = definedOnly({ ca, cert, key, servername, rejectUnauthorized });
      return await secured(plain, tls, over.signal);
    } finally {
      cancel();
      until?.removeEventListener('abort', onAbort);
      this.#dialing.delete(over);
    }
  }

  /** Lets go of connections that nobody uses; those in use end with what they are used for. */
  retire(): void {
    this.maxFreeSockets = 0;
    for (const sockets of Object.values(this.freeSockets))
      for (const socket of sockets ?? []) socket.destroy();
  }

  override destroy(): void {
    for (const dialing of this.#dialing) dialing.abort(new Error('the connection is not wanted any more'));
    super.destroy();
  }
}

interface Wished<Wish> {
  readonly wish: Wish;
  readonly until?: AbortSignal | undefined;
}

export function dialedRequest<Wish>(options: DialedRequestOptions<Wish>): ClientRequest {
  return request({ ...options, until: options.signal } as RequestOptions);
}

/** A connection that comes too late is let go. */
function unlessAborted(connecting: Promise<Duplex>, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    connecting
      .then((plain) => {
        if (signal.aborted) plain.destroy();
        else resolve(plain);
      }, reject)
      .finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** TLS over a connection that stands. Takes the connection over: where there is no TLS, it is destroyed. */
function secured(plain: Duplex, options: ConnectionOptions, signal: AbortSignal): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
      ...options,
      socket: plain,
    });
    const onAbort = () => socket.destroy(signal.reason as Error);
    const settle = () => {
      signal.removeEventListener('abort', onAbort);
      socket.off('error', onError);
    };
    const onError = (error: Error) => {
      settle();
      socket.on('error', () => undefined);
      plain.destroy();
      reject(error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('error', onError);
    socket.once('secureConnect', () => {
      settle();
      resolve(socket);
    });
    if (signal.aborted) onAbort();
  });
}

function definedOnly<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}
