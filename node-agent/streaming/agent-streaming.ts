import { SessionMux } from '../../core/api/sessions/session-mux.ts';
import { StatusError } from '../../core/api/errors.ts';
import type { Connection } from '../../core/client/grpc/connection.ts';
import { Backoff } from '../../core/machinery/backoff.ts';
import { sleep, type Clock } from '../../core/machinery/clock.ts';
import type { Random } from '../../core/machinery/random.ts';
import { serveSession } from './serve-session.ts';
import type { SessionHandlers } from './session-handlers.ts';

export interface AgentStreamingOptions {
  readonly connection: Pick<Connection, 'agentStream'>;
  readonly node: string;
  /** New at every start of the agent. */
  readonly instance: string;
  readonly version: string;
  readonly handlers: SessionHandlers;
  readonly clock: Clock;
  readonly random: Random;
  /** Told when the core has answered the agent's call, and when the stream has ended. */
  readonly onState?: (state: 'connected' | 'disconnected', error?: StatusError) => void;
}

/**
 * Keeps a stream to the core open, and serves the sessions the core opens on it. When the stream breaks, its
 * sessions end and so does what was started for them. Runs until the signal aborts; never rejects.
 */
export async function runAgentStreaming(options: AgentStreamingOptions, signal: AbortSignal): Promise<void> {
  const { clock, random, onState } = options;
  const backoff = new Backoff({ initialMs: 200, maxMs: 10_000, jitter: 0.5, random });
  while (!signal.aborted) {
    let connected = false;
    const error = await connectOnce(options, signal, () => {
      connected = true;
      backoff.reset();
      onState?.('connected');
    });
    if (connected) onState?.('disconnected', error);
    if (!signal.aborted) await sleep(clock, backoff.nextMs(), signal).catch(() => {});
  }
}

async function connectOnce(
  { connection, node, instance, version, handlers }: AgentStreamingOptions,
  signal: AbortSignal,
  onWelcome: () => void,
): Promise<StatusError> {
  let stream;
  try {
    stream = connection.agentStream(signal);
  } catch (error) {
    return StatusError.from(error);
  }
  const mux = new SessionMux({
    role: 'agent',
    send: (message) => stream.send(message),
    onOpen: (session, open) => void serveSession(session, open, handlers),
  });
  stream.onFrame((frame) => {
    if (frame.kind?.case === 'welcome') onWelcome();
    else mux.receive(frame);
  });
  mux.control({ case: 'hello', value: { node, instance, version } });
  const broken = await stream.closed;
  const error = broken ?? new StatusError('ServiceUnavailable', 'The core ended the connection to the node');
  mux.end(error);
  return error;
}
