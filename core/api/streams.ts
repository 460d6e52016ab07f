import type { Duplex, Readable, Writable } from 'node:stream';
import type { Status } from './generated/meta-v1.ts';
import type { ObjectName } from './object.ts';
import type { Call } from './verbs.ts';

/**
 * Streams to and from the containers of a Pod, as front ends call them and clients see them. The core implements
 * this over the streams its node agents dialled; the gRPC client implements it over the wire.
 *
 * Everything rejects with `StatusError`. Aborting the call's signal ends what was opened: an exec'd process is
 * killed, a log or a forwarded connection is cut. All streams honour back-pressure, end to end.
 */
export interface ContainerStreams {
  /** Pieces of the log, oldest first; lines may span pieces. With `follow`, ends when the container has ended. */
  logs(call: Call, pod: ObjectName, options: LogsOptions): AsyncIterable<Buffer>;
  /** Resolves when the process runs. */
  exec(call: Call, pod: ObjectName, options: ExecOptions): Promise<RemoteProcess>;
  /** Joins the process the container was started with. */
  attach(call: Call, pod: ObjectName, options: AttachOptions): Promise<RemoteProcess>;
  /** One connection to a TCP port in the Pod's network; half-closing works as on a socket. */
  portForward(call: Call, pod: ObjectName, port: number): Promise<Duplex>;
}

/** Upstream's PodLogOptions. */
export interface LogsOptions {
  /** Absent: the Pod's only container, or the one its default-container annotation names. */
  readonly container?: string | undefined;
  readonly follow?: boolean | undefined;
  /** The log of the container's previous run. */
  readonly previous?: boolean | undefined;
  readonly tailLines?: number | undefined;
  readonly sinceSeconds?: number | undefined;
  /** RFC 3339. */
  readonly sinceTime?: string | undefined;
  readonly timestamps?: boolean | undefined;
  readonly limitBytes?: number | undefined;
  /** "Stdout" or "Stderr" alone (KEP-3288); both for "All", nothing or "". Not with `tailLines`. */
  readonly stream?: string | undefined;
}

export interface AttachOptions {
  readonly container?: string | undefined;
  readonly stdin: boolean;
  readonly tty: boolean;
}

export interface ExecOptions extends AttachOptions {
  readonly command: readonly string[];
}

/**
 * A process at the other end. Ending `stdin` closes it there. Both outputs must be read, or resumed: one that is
 * left alone may hold up the other.
 */
export interface RemoteProcess {
  /** Undefined unless asked for. */
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  /** Undefined with a TTY, where everything is on stdout. */
  readonly stderr: Readable | undefined;
  readonly resize: (columns: number, rows: number) => void;
  /**
   * Settles when the process has ended, while its last output may still wait in the streams; rejects when the
   * connection to it broke before.
   */
  readonly exitCode: Promise<number>;
}

/** What a node reports of its containers' use, for metrics.k8s.io. */
export interface NodeStats {
  readonly timestampMs: number;
  readonly cpuTotalNanoseconds: number;
  readonly memoryWorkingSetBytes: number;
  readonly containers: readonly ContainerUsage[];
}

export interface ContainerUsage {
  readonly namespace: string;
  readonly pod: string;
  readonly podUid: string;
  readonly container: string;
  readonly timestampMs: number;
  /** Since the container started. */
  readonly cpuTotalNanoseconds: number;
  readonly memoryWorkingSetBytes: number;
}

/** The Status that ends a process stream, as upstream's remotecommand writes it on the error channel. */
export function exitStatus(exitCode: number): Status {
  const base = { kind: 'Status', apiVersion: 'v1', metadata: {} } as const;
  if (exitCode === 0) return { ...base, status: 'Success' };
  return {
    ...base,
    status: 'Failure',
    reason: 'NonZeroExitCode',
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
}

/** The exit code a Status stands for; undefined when it reports anything but the end of a process. */
export function exitCodeOf(status: Status): number | undefined {
  if (status.status === 'Success') return 0;
  if (status.reason !== 'NonZeroExitCode') return undefined;
  const cause = status.details?.causes?.find(({ reason }) => reason === 'ExitCode');
  const code = Number.parseInt(cause?.message ?? '', 10);
  return Number.isNaN(code) ? undefined : code;
}
