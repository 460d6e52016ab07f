import { isIP } from 'node:net';
import {
  Client,
  connectivityState,
  credentials,
  type ChannelCredentials,
  type ClientOptions,
} from '@grpc/grpc-js';
import { StatusError } from '../../api/errors.ts';
import type { Clock } from '../../machinery/clock.ts';

export type ConnectionState = 'idle' | 'connecting' | 'ready' | 'unavailable' | 'closed';

export interface TlsOptions {
  /** PEM; absent trusts what the system trusts. */
  readonly ca?: Buffer | undefined;
  readonly cert?: Buffer | undefined;
  readonly key?: Buffer | undefined;
  /** The name the certificate must carry, where it is not the endpoint's. */
  readonly serverName?: string | undefined;
}

/** Names the client in the server's eyes; its first part becomes the default field manager. */
export interface ChannelOptions {
  readonly endpoint: string;
  readonly tls: TlsOptions | undefined;
  readonly userAgent: string;
  readonly clock: Clock;
}

/** A connection that core does not know is made anew no more often than this. */
const redialAfterMs = 5_000;

/** A connection attempt that takes longer than this is given up and begun anew. */
const connectTimeoutMs = 5_000;

const states: Readonly<Record<connectivityState, ConnectionState>> = {
  [connectivityState.IDLE]: 'idle',
  [connectivityState.CONNECTING]: 'connecting',
  [connectivityState.READY]: 'ready',
  [connectivityState.TRANSIENT_FAILURE]: 'unavailable',
  [connectivityState.SHUTDOWN]: 'closed',
};

/**
 * A grpc-js client that never hangs: its channel can stay CONNECTING for good when the server goes away in the
 * middle of the handshake, so an attempt that takes too long is replaced by a new channel.
 */
export class Channel {
  readonly #options: ChannelOptions;
  readonly #listeners = new Set<(state: ConnectionState) => void>();
  #client: Client | undefined;
  #state: ConnectionState = 'idle';
  #cancelWatchdog = () => {};
  #openedMs = -Infinity;

  constructor(options: ChannelOptions) {
    this.#options = options;
  }

  get endpoint(): string {
    return this.#options.endpoint;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The client to make the next call with; not to be kept. Throws when closed. */
  get client(): Client {
    if (this.#state === 'closed') {
      throw new StatusError('ServiceUnavailable', `Cannot call ${this.endpoint}: the connection was closed`);
    }
    return (this.#client ??= this.#open());
  }

  onStateChange(listener: (state: ConnectionState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Begins to connect, without a call. */
  connect(): void {
    if (this.#state !== 'closed') this.client.getChannel().getConnectivityState(true);
  }

  /** Connects anew, with what `tls` holds by then. Calls under way fail as unavailable. */
  redial(): void {
    if (this.#client !== undefined) this.#replace(this.#client);
  }

  /**
   * Core does not know who calls. What a certificate says counts for a whole connection and as core saw it when that was
   * made: one that was replaced since, or whose authority was, is shown anew.
   */
  refused(): void {
    const { tls, clock } = this.#options;
    if (tls?.cert !== undefined && clock.monotonicMs() - this.#openedMs >= redialAfterMs) this.redial();
  }

  /** Calls under way fail as unavailable. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#cancelWatchdog();
    this.#become('closed');
    this.#listeners.clear();
    this.#client?.close();
  }

  #open(): Client {
    const { endpoint, tls, userAgent, clock } = this.#options;
    this.#openedMs = clock.monotonicMs();
    const serverName = tls === undefined ? undefined : (tls.serverName ?? nameFor(endpoint));
    const client = new Client(targetOf(endpoint), credentialsOf(tls), {
      ...channelDefaults,
      'grpc.primary_user_agent': userAgent,
      ...(serverName === undefined
        ? {}
        : { 'grpc.ssl_target_name_override': serverName, 'grpc.default_authority': serverName }),
    });
    this.#watch(client);
    return client;
  }

  #watch(client: Client): void {
    const channel = client.getChannel();
    const state = channel.getConnectivityState(false);
    this.#cancelWatchdog();
    if (state === connectivityState.CONNECTING) {
      this.#cancelWatchdog = this.#options.clock.after(connectTimeoutMs, () => this.#replace(client));
    }
    channel.watchConnectivityState(state, Infinity, () => {
      if (this.#client !== client || this.#state === 'closed') return;
      this.#watch(client);
      this.#become(states[channel.getConnectivityState(false)]);
    });
  }

  #replace(stuck: Client): void {
    if (this.#client !== stuck || this.#state === 'closed') return;
    this.#client = undefined;
    stuck.close();
    this.#become('unavailable');
    this.connect();
  }

  #become(state: ConnectionState): void {
    if (this.#state === state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}

const channelDefaults: ClientOptions = {
  // A set http_proxy would catch loopback connections too.
  'grpc.enable_http_proxy': 0,
  // Writes are not idempotent; who calls decides what to try again.
  'grpc.enable_retries': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.keepalive_permit_without_calls': 0,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
  'grpc.max_receive_message_length': 64 * 1024 * 1024,
  'grpc.max_send_message_length': 64 * 1024 * 1024,
  // What may be on its way to a reader that is slow: enough for a long list at the speed of the socket.
  'grpc-node.flow_control_window': 1024 * 1024,
};

/** Addresses need no resolver; names go to DNS. */
function targetOf(endpoint: string): string {
  if (/^\d+\.\d+\.\d+\.\d+:\d+$/.test(endpoint)) return `ipv4:${endpoint}`;
  if (/^\[.*\]:\d+$/.test(endpoint)) return `ipv6:${endpoint}`;
  return endpoint;
}

/** Addresses are no server names (RFC 6066 section 3), so servers are asked for by the one that all of them carry. */
function nameFor(endpoint: string): string | undefined {
  return isIP(endpoint.slice(0, endpoint.lastIndexOf(':')).replace(/^\[|\]$/g, '')) === 0
    ? undefined
    : 'kubernetes.default.svc';
}

function credentialsOf(tls: TlsOptions | undefined): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  return credentials.createSsl(tls.ca ?? null, tls.key ?? null, tls.cert ?? null);
}
