import type { ChannelOptions, ClientDuplexStream } from '@grpc/grpc-js';
import { Client, Metadata, connectivityState, credentials } from '@grpc/grpc-js';
import { setMaxListeners } from 'node:events';
import type { Clock } from '../../machinery/clock.ts';
import { linkSignals } from '../../machinery/signals.ts';
import { StorageError } from '../storage.ts';
import { isDisconnection, isServiceError } from './errors.ts';
import type { Method } from './messages.ts';

export interface EtcdEndpoints {
  /** "http://127.0.0.1:2379", "https://…" or "host:port"; the first that answers is used. */
  readonly endpoints: readonly string[];
  /** PEM. With a CA, or an https endpoint, the connection is TLS. */
  readonly ca?: Buffer | undefined;
  readonly cert?: Buffer | undefined;
  readonly key?: Buffer | undefined;
  /** The name that its certificate must carry, where endpoints are addresses: those are no names (RFC 6066). */
  readonly serverName?: string | undefined;
}

export interface CallLimits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** One gRPC channel to one endpoint. When nobody answers on it, it is given up and `gone` aborts. */
interface Link {
  readonly endpoint: string;
  readonly client: Client;
  readonly gone: AbortController;
}

/**
 * A connection that is never repaired, only replaced: a call that nobody answers gives the channel up, and the next
 * call dials the next endpoint. gRPC's own reconnecting covers only what fails fast; it neither notices a black hole
 * in time nor always leaves CONNECTING after a server restart.
 */
export class EtcdConnection {
  readonly #options: EtcdEndpoints;
  readonly #clock: Clock;
  #next = 0;
  #link: Link | undefined;
  #closed = false;

  constructor(options: EtcdEndpoints, clock: Clock) {
    if (options.endpoints.length === 0) throw new TypeError('Cannot connect to etcd: no endpoint is given');
    this.#options = options;
    this.#clock = clock;
  }

  /** Resolves when the channel is up; throws "unavailable" when it does not come up in time. Nothing was sent then. */
  async ready({ timeoutMs, signal }: CallLimits): Promise<void> {
    const endMs = this.#clock.monotonicMs() + timeoutMs;
    for (;;) {
      signal?.throwIfAborted();
      const link = this.#current();
      if (link.client.getChannel().getConnectivityState(true) === connectivityState.READY) return;
      // Each endpoint gets a share of the time, so that a dead one does not use it all up.
      const shareMs = Math.max(250, timeoutMs / (this.#options.endpoints.length + 1));
      const leftMs = endMs - this.#clock.monotonicMs();
      const error = await waitForReady(link.client, this.#clock.now() + Math.min(leftMs, shareMs), signal);
      signal?.throwIfAborted();
      if (error === undefined) return;
      this.#giveUp(link);
      if (this.#clock.monotonicMs() >= endMs) {
        const where = this.#options.endpoints.join(', ');
        throw new StorageError('unavailable', `Cannot reach etcd at ${where} within ${timeoutMs} ms`, {
          cause: error,
        });
      }
    }
  }

  /** One call, tried once. Rejects with a ServiceError, or with the signal's reason. */
  unary<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    { timeoutMs, signal }: CallLimits,
  ): Promise<Response> {
    const link = this.#current();
    return new Promise((resolve, reject) => {
      const call = link.client.makeUnaryRequest(
        method.path,
        method.encode,
        method.decode,
        request,
        { deadline: this.#clock.now() + timeoutMs },
        (error, response) => {
          signal?.removeEventListener('abort', onAbort);
          if (error === null) {
            resolve(response!);
            return;
          }
          if (signal?.aborted) {
            reject(signal.reason as Error);
            return;
          }
          if (isDisconnection(error)) this.#giveUp(link);
          reject(error);
        },
      );
      const onAbort = () => call.cancel();
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** A bidirectional stream that is cancelled with `signal` and when its channel is given up, as `giveUp` does. */
  stream<Request, Response>(
    method: Method<Request, Response>,
    signal: AbortSignal,
  ): { readonly call: ClientDuplexStream<Request, Response>; readonly giveUp: () => void } {
    const link = this.#current();
    const metadata = new Metadata();
    // Without a leader an etcd member would keep the stream open and silent.
    metadata.set('hasleader', 'true');
    const call = link.client.makeBidiStreamRequest(method.path, method.encode, method.decode, metadata);
    const either = linkSignals(signal, link.gone.signal);
    const onAbort = () => call.cancel();
    if (either.signal.aborted) onAbort();
    else either.signal.addEventListener('abort', onAbort, { once: true });
    call.once('close', () => either[Symbol.dispose]());
    call.on('error', (error) => {
      if (isServiceError(error) && isDisconnection(error) && !signal.aborted) this.#giveUp(link);
    });
    return { call, giveUp: () => this.#giveUp(link) };
  }

  close(): void {
    this.#closed = true;
    this.redial();
  }

  /** The next call connects anew, with what the options hold by then. */
  redial(): void {
    if (this.#link !== undefined) this.#giveUp(this.#link);
  }

  #current(): Link {
    if (this.#closed) throw new StorageError('closed', 'Cannot use the etcd store: it is closed');
    this.#link ??= this.#dial();
    return this.#link;
  }

  #dial(): Link {
    const { endpoints, ca, cert, key, serverName } = this.#options;
    const endpoint = endpoints[this.#next++ % endpoints.length]!;
    const secure = endpoint.startsWith('https://') || ca !== undefined;
    const client = new Client(
      endpoint.replace(/^https?:\/\//, ''),
      secure ? credentials.createSsl(ca ?? null, key ?? null, cert ?? null) : credentials.createInsecure(),
      serverName === undefined
        ? channelOptions
        : { ...channelOptions, 'grpc.ssl_target_name_override': serverName },
    );
    const gone = new AbortController();
    // Every stream listens.
    setMaxListeners(0, gone.signal);
    return { endpoint, client, gone };
  }

  #giveUp(link: Link): void {
    if (this.#link === link) this.#link = undefined;
    if (link.gone.signal.aborted) return;
    link.gone.abort();
    link.client.close();
  }
}

/** What one message may hold. Lists ask for fewer entries when a page does not fit. */
const maxReceiveBytes = 64 * 1024 * 1024;

const channelOptions: ChannelOptions = {
  'grpc.max_receive_message_length': maxReceiveBytes,
  'grpc.max_send_message_length': 4 * 1024 * 1024,
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 3_000,
  // etcd's policy: three pings on a connection without a stream, and it says ENHANCE_YOUR_CALM. A watch is a stream.
  'grpc.keepalive_permit_without_calls': 0,
  'grpc.initial_reconnect_backoff_ms': 50,
  'grpc.max_reconnect_backoff_ms': 1_000,
  'grpc.enable_retries': 0,
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
  // Channels must not be shared: giving one up would otherwise hand out the same broken connection again.
  'grpc.use_local_subchannel_pool': 1,
  'grpc-node.flow_control_window': 4 * 1024 * 1024,
};

function waitForReady(client: Client, deadlineMs: number, signal: AbortSignal | undefined) {
  return new Promise<Error | undefined>((resolve) => {
    const onAbort = () => resolve(signal?.reason as Error);
    signal?.addEventListener('abort', onAbort, { once: true });
    client.waitForReady(deadlineMs, (error) => {
      signal?.removeEventListener('abort', onAbort);
      resolve(error);
    });
  });
}
