import { setMaxListeners } from 'node:events';
import { Agent } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { inspect } from 'node:util';
import Docker from 'dockerode';
import type { Clock } from '../../../core/machinery/clock.ts';
import { RuntimeError } from '../runtime.ts';
import type { RuntimeReason } from '../runtime.ts';
import { dockerError } from './errors.ts';

/** How long a call may take, in milliseconds. */
export interface Deadlines {
  /** Anything Docker answers from memory, and opening a stream. */
  readonly quickMs: number;
  /** Creating, starting, killing and removing, which wait for disks, networks and each other. */
  readonly changeMs: number;
  /** A pull that reports no progress for this long is given up. */
  readonly pullStallMs: number;
}

export const defaultDeadlines: Deadlines = { quickMs: 15_000, changeMs: 120_000, pullStallMs: 60_000 };

export interface DockerClientOptions {
  readonly socketPath: string;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
}

/** One failed attempt tells which action it was and what the caller may expect of its reason. */
export interface CallOptions {
  /** As the rest of "Cannot …". */
  readonly action: string;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  /** The reason of an error that is not one of Docker's general ones. */
  readonly otherwise?: RuntimeReason;
}

/**
 * dockerode with what it lacks: every call ends, by answer, deadline or abort. docker-modem leaves a promise
 * unsettled when the daemon dies in the middle of a reply and has no deadline of its own, so each call is raced.
 * Long streams have their own connections, never returned to the pool of the short calls.
 */
export class DockerClient {
  readonly deadlines: Deadlines;
  readonly clock: Clock;
  readonly #callAgent = uninspected(new Agent({ keepAlive: true, maxFreeSockets: 8 }));
  readonly #streamAgent = uninspected(new Agent({ keepAlive: false }));
  readonly #calls: Docker;
  readonly #streams: Docker;
  readonly #open = new Set<Duplex>();
  #closed = false;

  constructor(options: DockerClientOptions) {
    this.deadlines = options.deadlines;
    this.clock = options.clock;
    this.#calls = connect(options.socketPath, this.#callAgent);
    this.#streams = connect(options.socketPath, this.#streamAgent);
  }

  /** Runs one short call. Throws RuntimeError, or the signal's reason when the caller gave up. */
  call<T>(options: CallOptions, body: (docker: Docker, abortSignal: AbortSignal) => Promise<T>): Promise<T> {
    return this.#race(options, (abortSignal) => body(this.#calls, abortSignal));
  }

  /**
   * Opens a stream; deadline and signal cover the opening only. The caller owns the stream and must destroy it.
   */
  async open(
    options: CallOptions,
    body: (docker: Docker, abortSignal: AbortSignal) => Promise<NodeJS.ReadableStream>,
  ): Promise<Duplex> {
    // Readable only, unless it was hijacked: then it is a socket.
    const stream = (await this.#race(options, (abortSignal) => body(this.#streams, abortSignal))) as Duplex;
    this.#open.add(stream);
    stream.once('close', () => this.#open.delete(stream));
    return stream;
  }

  /** Opens a GET whose reply is read as it comes. dockerode itself buffers and parses some of these. */
  openGet(options: CallOptions, path: string, query: Record<string, unknown>): Promise<Readable> {
    return this.open(options, (docker, abortSignal) => {
      const dial = {
        path: `${path}?`,
        method: 'GET',
        options: query,
        isStream: true,
        statusCodes: { 200: true },
      };
      return new Promise<Readable>((resolve, reject) => {
        docker.modem.dial({ ...dial, abortSignal }, (error, result) => {
          if (error) reject(error);
          else resolve(result as Readable);
        });
      });
    });
  }

  /** Ends every connection; whatever is under way or comes later fails with "unavailable". */
  close(): void {
    this.#closed = true;
    const error = new RuntimeError('unavailable', 'Cannot go on talking to Docker: the runtime was closed');
    for (const stream of this.#open) stream.destroy(error);
    this.#callAgent.destroy();
    this.#streamAgent.destroy();
  }

  async #race<T>(options: CallOptions, body: (abortSignal: AbortSignal) => Promise<T>): Promise<T> {
    const { action, deadlineMs, signal, otherwise } = options;
    signal.throwIfAborted();
    if (this.#closed) throw new RuntimeError('unavailable', `Cannot ${action}: the runtime was closed`);
    const abort = new AbortController();
    uninspected(abort.signal);
    // One signal may stand over many calls at once; each takes its listener off again.
    setMaxListeners(0, signal);
    let cancelDeadline = () => {};
    let onAbort = () => {};
    const ended = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason as Error);
      signal.addEventListener('abort', onAbort, { once: true });
      cancelDeadline = this.clock.after(deadlineMs, () => {
        const words = `Docker gave no answer within ${deadlineMs / 1000} s`;
        reject(new RuntimeError('timeout', `Cannot ${action}: ${words}`));
      });
    });
    try {
      return await Promise.race([
        body(abort.signal).catch((error: unknown) => {
          throw dockerError(action, error, otherwise);
        }),
        ended,
      ]);
    } catch (error) {
      abort.abort();
      throw error;
    } finally {
      cancelDeadline();
      signal.removeEventListener('abort', onAbort);
    }
  }
}

/**
 * docker-modem describes the options of every request for a log that nobody reads (util.inspect, hidden members, any
 * depth). Whatever hangs on an agent or a signal, which is most of the process, would be walked each time.
 */
function uninspected<T extends object>(value: T): T {
  return Object.defineProperty(value, inspect.custom, { value: () => value.constructor.name });
}

/** `agent` reaches docker-modem, which knows it; only dockerode's types do not. */
function connect(socketPath: string, agent: Agent): Docker {
  return new Docker({ socketPath, agent } as Docker.DockerOptions);
}
