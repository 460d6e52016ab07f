import type { Discovery } from '../../api/discovery.ts';
import * as wire from '../../api/generated/wheelhouse.ts';
import type { ContainerStreams } from '../../api/streams.ts';
import type { Verbs } from '../../api/verbs.ts';
import { systemClock, type Clock } from '../../machinery/clock.ts';
import { openAgentStream, type AgentStream } from './agent-stream.ts';
import { unary, type CallTarget } from './calls.ts';
import { Channel, type ConnectionState, type TlsOptions } from './channel.ts';
import { RemoteContainers } from './remote-containers.ts';
import { RemoteVerbs } from './remote-verbs.ts';
import { mostTries } from './retry.ts';

export type { ConnectionState, TlsOptions } from './channel.ts';

export interface ConnectOptions {
  /** "127.0.0.1:7443", "core.example.com:7443", "[::1]:7443" or "unix:/path". */
  readonly endpoint: string;
  /** Absent: plain text, for loopback. */
  readonly tls?: TlsOptions | undefined;
  /** A bearer token; only sent over TLS. */
  readonly token?: string | undefined;
  /** Asks to be served as somebody else, for whoever may (Impersonate headers). */
  readonly actAs?: { readonly user: string; readonly groups?: readonly string[] } | undefined;
  /** Names this client, as "wh/0.1.0"; its first part is the default field manager. */
  readonly userAgent?: string;
  /** For calls that answer once; 30 s unless given. */
  readonly deadlineMs?: number;
  /** How often what core has no turn for is tried, within the deadline; as often as client-go does unless given. */
  readonly tries?: number;
  /** Closes the connection when it aborts. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

/**
 * A core as seen over gRPC. Connects with the first call, reconnects by itself, and fails calls that find no core
 * as ServiceUnavailable at once rather than let them wait.
 */
export interface Connection extends Disposable {
  readonly endpoint: string;
  readonly verbs: Verbs;
  readonly containers: ContainerStreams;
  readonly discovery: Discovery;
  /** For node agents: the stream that carries the sessions to their containers. The signal ends it. */
  agentStream(signal: AbortSignal): AgentStream;
  readonly state: ConnectionState;
  /** The returned function ends it. */
  onStateChange(listener: (state: ConnectionState) => void): () => void;
  /** Begins to connect without a call; for those who watch the state. */
  connect(): void;
  /** Connects anew, with what `tls` holds by then. Calls under way fail as unavailable. */
  redial(): void;
  close(): void;
}

/** Opens nothing yet. */
export function connect(options: ConnectOptions): Connection {
  const {
    endpoint,
    tls,
    userAgent = 'wheelhouse',
    deadlineMs = 30_000,
    tries = mostTries,
    signal,
    clock = systemClock,
  } = options;
  const channel = new Channel({ endpoint, tls, userAgent, clock });
  const token = tls === undefined ? undefined : options.token;
  const target: CallTarget = { channel, clock, deadlineMs, token, tries, actAs: options.actAs };
  const close = () => {
    signal?.removeEventListener('abort', close);
    channel.close();
  };
  if (signal?.aborted) close();
  signal?.addEventListener('abort', close, { once: true });
  return {
    endpoint,
    verbs: new RemoteVerbs(target),
    containers: new RemoteContainers(target),
    discovery: remoteDiscovery(target),
    agentStream: (streamSignal) => openAgentStream(target, streamSignal),
    get state() {
      return channel.state;
    },
    onStateChange: (listener) => channel.onStateChange(listener),
    connect: () => channel.connect(),
    redial: () => channel.redial(),
    close,
    [Symbol.dispose]: close,
  };
}

function remoteDiscovery(target: CallTarget): Discovery {
  const { version, resources, openApi } = wire.Discovery;
  return {
    async version(call) {
      const reply = await unary(target, version, {}, call, 'ask for the version');
      return { ...reply, store: storeOf(reply.store) };
    },
    async resources(call) {
      return (await unary(target, resources, {}, call, 'ask for the resources')).json;
    },
    async openApi(call, path) {
      return (await unary(target, openApi, { path }, call, `ask for the schema of "${path}"`)).json;
    },
  };
}

function storeOf(store: string): 'etcd' | 'embedded' | 'memory' {
  return store === 'etcd' || store === 'embedded' ? store : 'memory';
}
