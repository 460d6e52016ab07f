import { connect } from 'node:net';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import type { AttachOptions, ExecOptions, LogsOptions, NodeStats } from '../../../core/api/streams.ts';
import type { ProcessStreams } from '../../../node-agent/runtime/runtime.ts';
import type {
  ContainerRef,
  PodRef,
  SessionHandlers,
} from '../../../node-agent/streaming/session-handlers.ts';

/** Runs commands on this machine instead of in containers: real processes with real streams. */
export class LocalHandlers implements SessionHandlers {
  readonly asked: { kind: string; container: PodRef; options: unknown }[] = [];
  readonly sizes: string[] = [];
  log: (signal: AbortSignal) => AsyncIterable<Buffer> = async function* () {};
  /** Process ids of what was run. */
  readonly pids: number[] = [];
  /** Runs before anything is opened. */
  before: () => Promise<void> | void = () => {};

  async *logs(container: ContainerRef, options: LogsOptions, signal: AbortSignal): AsyncIterable<Buffer> {
    this.asked.push({ kind: 'logs', container, options });
    await this.before();
    yield* this.log(signal);
  }

  async exec(container: ContainerRef, options: ExecOptions, signal: AbortSignal): Promise<ProcessStreams> {
    this.asked.push({ kind: 'exec', container, options });
    await this.before();
    const [file = '', ...args] = options.command;
    const child = spawn(file, args, { signal, killSignal: 'SIGKILL' });
    await once(child, 'spawn');
    this.pids.push(child.pid ?? 0);
    child.on('error', () => {});
    const exitCode = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 137)));
    return {
      stdin: options.stdin ? child.stdin : undefined,
      stdout: child.stdout,
      stderr: options.tty ? undefined : child.stderr,
      resize: (columns, rows) => this.sizes.push(`${columns}x${rows}`),
      exitCode,
    };
  }

  attach(container: ContainerRef, options: AttachOptions, signal: AbortSignal): Promise<ProcessStreams> {
    return this.exec(container, { ...options, command: ['cat'] }, signal);
  }

  async portForward(pod: PodRef, port: number): Promise<Duplex> {
    this.asked.push({ kind: 'portForward', container: pod, options: port });
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    return socket;
  }

  kubelet(): Duplex {
    return Duplex.from(['HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok']);
  }

  async stats(): Promise<NodeStats> {
    return { timestampMs: 5, cpuTotalNanoseconds: 6, memoryWorkingSetBytes: 7, containers: [] };
  }
}
