import type { Duplex } from 'node:stream';
import type { ExecInspectInfo } from 'dockerode';
import type { ExecOptions, ProcessStreams } from '../runtime.ts';
import type { DockerClient } from './client.ts';
import { dockerError } from './errors.ts';
import { killProcess, processInContainer } from './process-handle.ts';
import type { ProcessHandle } from './process-handle.ts';
import { Resizer, lookUntil, splitConnection } from './streams.ts';

/**
 * Runs a command in a running container. Docker lets an exec'd process live on when its client goes, so it is killed
 * here, by its process number and start time, when `signal` aborts or the connection breaks.
 */
export async function execInContainer(
  client: DockerClient,
  containerId: string,
  options: ExecOptions,
  signal: AbortSignal,
): Promise<ProcessStreams> {
  const session = new ExecSession(client, containerId, options, signal);
  return session.run();
}

class ExecSession {
  readonly #client: DockerClient;
  readonly #containerId: string;
  readonly #options: ExecOptions;
  readonly #signal: AbortSignal;
  readonly #action: string;
  /** Inspecting and resizing go on after the caller's abort, which begins the killing. */
  readonly #ended = new AbortController();
  #execId = '';
  #process: ProcessHandle | undefined;

  constructor(client: DockerClient, containerId: string, options: ExecOptions, signal: AbortSignal) {
    this.#client = client;
    this.#containerId = containerId;
    this.#options = options;
    this.#signal = signal;
    this.#action = `run "${options.command.join(' ')}" in container "${containerId}"`;
  }

  async run(): Promise<ProcessStreams> {
    const connection = await this.#start();
    const { stdin, stdout, stderr, finished } = splitConnection(connection, this.#options);
    const resizer = new Resizer((columns, rows) => this.#resize(columns, rows));
    const started = this.#awaitStart().then(() => resizer.open());

    const onAbort = () => connection.destroy(this.#signal.reason as Error);
    this.#signal.addEventListener('abort', onAbort, { once: true });
    if (this.#signal.aborted) onAbort();
    const exitCode = this.#awaitExit(started, finished).finally(() => {
      this.#signal.removeEventListener('abort', onAbort);
      this.#ended.abort();
      connection.destroy();
    });
    exitCode.catch(() => {});
    // Not before it is known which process to kill should the caller go away.
    await started.catch(() => {});
    return { stdin, stdout, stderr, resize: (columns, rows) => resizer.resize(columns, rows), exitCode };
  }

  async #start(): Promise<Duplex> {
    const { command, tty, stdin } = this.#options;
    const call = { action: this.#action, deadlineMs: this.#client.deadlines.quickMs, signal: this.#signal };
    const execOptions = {
      Cmd: [...command],
      Tty: tty,
      AttachStdin: stdin,
      AttachStdout: true,
      AttachStderr: true,
    };
    const created = await this.#client.call(call, (docker, abortSignal) =>
      docker.getContainer(this.#containerId).exec({ ...execOptions, abortSignal }),
    );
    this.#execId = created.id;
    try {
      // Anything but a hijacked connection has been seen to lose output.
      return await this.#client.open(call, (docker, abortSignal) =>
        docker.getExec(created.id).start({ Tty: tty, Detach: false, hijack: true, stdin: true, abortSignal }),
      );
    } catch (error) {
      // It may have started all the same.
      void this.#killUnheard();
      throw error;
    }
  }

  /** Docker answers before the process runs and tells nobody when it does, so look until it has a number. */
  async #awaitStart(): Promise<void> {
    await lookUntil(this.#client.clock, this.#ended.signal, async () => {
      const info = await this.#inspect();
      if (info.Pid > 0) this.#process = await processInContainer(info.Pid, this.#containerId);
      return info.Pid > 0 || hasExited(info) ? true : undefined;
    });
  }

  async #awaitExit(started: Promise<void>, finished: Promise<void>): Promise<number> {
    try {
      await finished;
      await started.catch(() => {});
      // The output may end before the process, or before Docker has noticed that it did.
      return await lookUntil(this.#client.clock, this.#signal, async () => {
        const info = await this.#inspect(this.#signal);
        return hasExited(info) ? (info.ExitCode ?? 0) : undefined;
      });
    } catch (error) {
      await started.catch(() => {});
      if (this.#process !== undefined) await killProcess(this.#process);
      this.#signal.throwIfAborted();
      throw dockerError(this.#action, error);
    }
  }

  /** Ends a process whose connection never came about, if there is one within the time a call may take. */
  async #killUnheard(): Promise<void> {
    const { clock, deadlines } = this.#client;
    const cancel = clock.after(deadlines.quickMs, () => this.#ended.abort());
    await this.#awaitStart().catch(() => {});
    cancel();
    if (this.#process !== undefined) await killProcess(this.#process);
  }

  async #inspect(signal: AbortSignal = this.#ended.signal): Promise<ExecInspectInfo> {
    const call = { action: this.#action, deadlineMs: this.#client.deadlines.quickMs, signal };
    return this.#client.call(call, async (docker, abortSignal) =>
      docker.getExec(this.#execId).inspect({ abortSignal }),
    );
  }

  async #resize(columns: number, rows: number): Promise<void> {
    const call = {
      action: this.#action,
      deadlineMs: this.#client.deadlines.quickMs,
      signal: this.#ended.signal,
    };
    await this.#client.call(call, async (docker, abortSignal) => {
      const size = { w: columns, h: rows, abortSignal };
      await docker.getExec(this.#execId).resize(size);
    });
  }
}

/** Before its start an exec is not running either, but has no exit code yet. */
function hasExited(info: ExecInspectInfo): boolean {
  return !info.Running && info.ExitCode !== null;
}
