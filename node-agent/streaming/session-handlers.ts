import type { Duplex } from 'node:stream';
import type { AttachOptions, ExecOptions, LogsOptions, NodeStats } from '../../core/api/streams.ts';
import type { ProcessStreams } from '../runtime/runtime.ts';

/**
 * What the kubelet does for sessions that the core opens. Every signal aborts when the session ends for any
 * reason: the client went away, the core died, the stream broke; what was started for it must end then.
 * A `StatusError` reaches the client as it is, anything else as an internal error with its message.
 */
export interface SessionHandlers {
  /** Pieces of the log, whole: `limitBytes` is for the one who reads them. The consumer's pace is the producer's: nothing is read ahead. */
  logs(container: ContainerRef, options: LogsOptions, signal: AbortSignal): AsyncIterable<Buffer>;
  exec(container: ContainerRef, options: ExecOptions, signal: AbortSignal): Promise<ProcessStreams>;
  attach(container: ContainerRef, options: AttachOptions, signal: AbortSignal): Promise<ProcessStreams>;
  portForward(pod: PodRef, port: number, signal: AbortSignal): Promise<Duplex>;
  /** A connection to the kubelet's HTTP API. */
  kubelet(): Duplex;
  stats(signal: AbortSignal): Promise<NodeStats>;
}

/** The Pod by its uid; namespace and name are for messages. */
export interface PodRef {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
}

/** The container by its name in the Pod: the handler finds the runtime's id of its latest run. */
export interface ContainerRef extends PodRef {
  readonly container: string;
}
