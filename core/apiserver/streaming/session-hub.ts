import { StatusError } from '../../api/errors.ts';
import type { AgentFrame, SessionOpenInit } from '../../api/generated/wheelhouse.ts';
import { SessionMux } from '../../api/sessions/session-mux.ts';
import { outputChannel, type Session } from '../../api/sessions/session.ts';
import type { NodeStats } from '../../api/streams.ts';
import type { Call, UserInfo } from '../../api/verbs.ts';
import type { Clock } from '../../machinery/clock.ts';
import { deferred, type Deferred } from '../../machinery/deferred.ts';
import { Counter, read } from '../../machinery/metrics/metrics.ts';
import type { MetricFamily } from '../../machinery/metrics/metrics.ts';
import { defaultSessionLimits, SessionShares } from './session-shares.ts';
import type { SessionLimits } from './session-shares.ts';

/** A stream that an agent dialled, whatever carries it. */
export interface AgentLink {
  /** Called once; frames that come before wait. */
  onFrame(listener: (frame: AgentFrame) => void): void;
  /** Resolves when there is room for the next message, and to false when the stream has ended. */
  send(message: Buffer): Promise<boolean>;
  /** Aborts when the agent has ended the stream or it broke. */
  readonly over: AbortSignal;
  readonly user: UserInfo | undefined;
}

export interface SessionHubOptions {
  readonly clock: Clock;
  /** New at every start of the core. */
  readonly instance: string;
  readonly version: string;
  /** For what was opened to run; 30 s unless given. */
  readonly startTimeoutMs?: number;
  /** Without a byte in either direction; upstream's streamingConnectionIdleTimeout, 4 h. */
  readonly idleTimeoutMs?: number;
  /** Of users on each node; a quarter of a node's sessions is kept from them unless given. */
  readonly limits?: SessionLimits;
  readonly onNodeChange?: (node: string, connected: boolean) => void;
}

interface ConnectedNode {
  readonly node: string;
  readonly mux: SessionMux;
  readonly shares: SessionShares;
}

/** Who a session is for, and what ends it: without a user, it is the server's own. */
export type SessionCall = { readonly [K in 'user' | 'signal']?: Call[K] | undefined };

/** Stats of a large node are a few hundred kilobytes. */
const maxStatsBytes = 16 * 1024 * 1024;

/** Nodes whose last contact is remembered for messages. */
const maxRemembered = 10_000;

/** Knows which node agents are connected to this core and opens sessions on them. */
export class SessionHub {
  readonly #options: SessionHubOptions;
  readonly #nodes = new Map<string, ConnectedNode>();
  readonly #serving = new Set<Deferred<void>>();
  /** When a node that is no longer connected was last heard of, in wall-clock milliseconds. */
  readonly #lastContactMs = new Map<string, number>();
  readonly #refused = new Counter(
    'wheelhouse_agent_sessions_refused_total',
    'Sessions that were not opened because too many were open, by node.',
    ['node'],
  );

  constructor(options: SessionHubOptions) {
    this.#options = options;
  }

  isConnected(node: string): boolean {
    return this.#nodes.has(node);
  }

  get families(): readonly MetricFamily[] {
    const open =
      'Sessions that are open, by node and by whether they are those of users or of the server itself.';
    return [
      read('gauge', 'wheelhouse_agent_sessions', open, ['node', 'of'], () =>
        [...this.#nodes.values()].flatMap(({ node, mux, shares }) => [
          [shares.total, node, 'users'] as const,
          [mux.size - shares.total, node, 'server'] as const,
        ]),
      ),
      this.#refused,
    ];
  }

  /** Serves one agent until its stream ends or the hub stops; rejects when it does not introduce itself properly. */
  async serve(link: AgentLink): Promise<void> {
    const done = deferred();
    let connected: ConnectedNode | undefined;
    link.onFrame((frame) => {
      try {
        if (connected === undefined) connected = this.#introduced(link, frame);
        else connected.mux.receive(frame);
      } catch (error) {
        done.reject(error);
      }
    });
    const onOver = () => done.resolve();
    if (link.over.aborted) onOver();
    link.over.addEventListener('abort', onOver, { once: true });
    this.#serving.add(done);
    try {
      await done.promise;
    } finally {
      this.#serving.delete(done);
      if (connected !== undefined) this.#disconnected(connected);
    }
  }

  /**
   * Opens a session and waits until it runs. The call's signal ends it at any time. Rejects with ServiceUnavailable
   * when the node is not connected or goes away, and with TooManyRequests when its user, or everybody, has too many
   * on that node. `doing` begins messages, as in `exec in pod "web-1"`.
   */
  async open(
    node: string,
    open: SessionOpenInit,
    doing: string,
    { user, signal }: SessionCall = {},
  ): Promise<Session> {
    const session = this.#begin(this.#connection(node, doing), open, doing, user);
    const { clock, startTimeoutMs = 30_000, idleTimeoutMs = 4 * 60 * 60 * 1_000 } = this.#options;
    const end = (reason: 'Timeout' | 'ServiceUnavailable', why: string) =>
      session.close(new StatusError(reason, `Cannot ${doing}: ${why}`).status);
    const onAbort = () => end('Timeout', 'the request was cancelled');
    const cancelStart = clock.after(startTimeoutMs, () =>
      end('Timeout', `node "${node}" did not begin within ${startTimeoutMs / 1_000} s`),
    );
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    const follows = open.kind?.case === 'logs';
    const cancelIdle = follows ? () => {} : this.#watchIdle(session, idleTimeoutMs, doing);
    void session.closed.then(() => {
      cancelStart();
      cancelIdle();
      signal?.removeEventListener('abort', onAbort);
    });
    await session.started;
    cancelStart();
    return session;
  }

  async stats(node: string, signal: AbortSignal): Promise<NodeStats> {
    const doing = `ask node "${node}" for its use`;
    const session = await this.open(node, { kind: { case: 'stats', value: true } }, doing, { signal });
    const parts: Buffer[] = [];
    let size = 0;
    for await (const part of session.readable(outputChannel) as AsyncIterable<Buffer>) {
      parts.push(part);
      size += part.length;
      if (size <= maxStatsBytes) continue;
      const error = new StatusError('InternalError', `Cannot ${doing}: the answer is too long`);
      session.close(error.status);
      throw error;
    }
    return JSON.parse(Buffer.concat(parts).toString()) as NodeStats;
  }

  /** Ends every session and every agent's stream. */
  stop(): void {
    const error = new StatusError('ServiceUnavailable', 'The core is shutting down');
    for (const { mux } of this.#nodes.values()) mux.end(error);
    for (const done of this.#serving) done.resolve();
  }

  /** Counted for its user until it ends, whoever ends it. */
  #begin(
    { node, mux, shares }: ConnectedNode,
    open: SessionOpenInit,
    doing: string,
    user: UserInfo | undefined,
  ): Session {
    let giveBack = () => {};
    try {
      if (user !== undefined) giveBack = shares.take(user.name, doing);
      return mux.open(open, giveBack);
    } catch (error) {
      giveBack();
      if (error instanceof StatusError && error.reason === 'TooManyRequests') this.#refused.of(node).value++;
      throw error;
    }
  }

  #connection(node: string, doing: string): ConnectedNode {
    const connected = this.#nodes.get(node);
    if (connected !== undefined) return connected;
    throw new StatusError(
      'ServiceUnavailable',
      `Cannot ${doing}: node "${node}" is not connected (${this.#lastContact(node)})`,
    );
  }

  #lastContact(node: string): string {
    const lastMs = this.#lastContactMs.get(node);
    if (lastMs === undefined) return 'it has not called since this core started';
    const agoSeconds = Math.max(0, Math.round((this.#options.clock.now() - lastMs) / 1_000));
    return `last contact ${agoSeconds} s ago, at ${new Date(lastMs).toISOString()}`;
  }

  /** The first frame says which node this is; an agent speaks for no other node than its own. */
  #introduced(link: AgentLink, { kind }: AgentFrame): ConnectedNode {
    if (kind?.case !== 'hello' || kind.value.node === '') {
      throw new StatusError('BadRequest', 'Cannot serve the agent: its first frame names no node');
    }
    const { node } = kind.value;
    const { user } = link;
    // A node speaks for itself, and the cluster's masters may for any; nobody else does.
    const isNode = user?.groups.includes('system:nodes') === true && user.name === `system:node:${node}`;
    if (user !== undefined && !isNode && !user.groups.includes('system:masters')) {
      throw new StatusError(
        'Forbidden',
        `Cannot serve the agent: ${user.name} may not speak for node "${node}"`,
      );
    }
    const mux = new SessionMux({ role: 'core', send: (message) => link.send(message) });
    const { instance, version, limits = defaultSessionLimits } = this.#options;
    mux.control({ case: 'welcome', value: { instance, version } });
    const connected = { node, mux, shares: new SessionShares(node, limits) };
    this.#connected(connected);
    return connected;
  }

  #connected(connected: ConnectedNode): void {
    const { node } = connected;
    const previous = this.#nodes.get(node);
    this.#nodes.set(node, connected);
    this.#lastContactMs.delete(node);
    // A new stream means that the agent has given up the old one, even where this side has not noticed.
    previous?.mux.end(new StatusError('ServiceUnavailable', `The agent of node "${node}" connected anew`));
    if (previous === undefined) this.#options.onNodeChange?.(node, true);
  }

  #disconnected(connected: ConnectedNode): void {
    const { node, mux } = connected;
    mux.end(new StatusError('ServiceUnavailable', `The connection to node "${node}" was lost`));
    if (this.#nodes.get(node) !== connected) return;
    this.#nodes.delete(node);
    this.#remember(node);
    this.#options.onNodeChange?.(node, false);
  }

  #remember(node: string): void {
    this.#lastContactMs.delete(node);
    this.#lastContactMs.set(node, this.#options.clock.now());
    if (this.#lastContactMs.size <= maxRemembered) return;
    for (const oldest of this.#lastContactMs.keys()) {
      this.#lastContactMs.delete(oldest);
      break;
    }
  }

  #watchIdle(session: Session, idleTimeoutMs: number, doing: string): () => void {
    let seen = session.activity;
    let cancel = () => {};
    const check = () => {
      if (session.activity === seen) {
        const why = `nothing was sent for ${Math.round(idleTimeoutMs / 60_000)} min`;
        session.close(new StatusError('Timeout', `Cannot ${doing} any longer: ${why}`).status);
        return;
      }
      seen = session.activity;
      cancel = this.#options.clock.after(idleTimeoutMs, check);
    };
    cancel = this.#options.clock.after(idleTimeoutMs, check);
    return () => cancel();
  }
}
