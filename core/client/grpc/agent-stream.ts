import * as wire from '../../api/generated/wheelhouse.ts';
import type { StatusError } from '../../api/errors.ts';
import { BoundedSender } from '../../machinery/bounded-sender.ts';
import { duplex, failureOf, type CallTarget } from './calls.ts';

/** The stream a node agent dials: frames of all sessions, both ways. */
export interface AgentStream {
  /** Called once, before anything else; frames are taken as they come. */
  onFrame(listener: (frame: wire.AgentFrame) => void): void;
  /** Resolves when there is room for the next message, and to false when the stream has ended. */
  send(message: Buffer): Promise<boolean>;
  /** Resolves when the stream has ended: to undefined when the core ended it, or to what broke it. */
  readonly closed: Promise<StatusError | undefined>;
}

/** The signal ends it. */
export function openAgentStream(target: Pick<CallTarget, 'channel'>, signal: AbortSignal): AgentStream {
  const stream = duplex(target, wire.Agents.connect, signal);
  const over = new AbortController();
  const sender = new BoundedSender(stream, over.signal);
  const closed = new Promise<StatusError | undefined>((resolve) => {
    stream.on('error', (error) => resolve(failureOf(target.channel, error, 'reach the core')));
    stream.on('status', () => resolve(undefined));
  });
  void closed.then(() => over.abort());
  return {
    onFrame: (listener) => void stream.on('data', listener),
    send: (message) => sender.send(message),
    closed,
  };
}
