import type { Duplex } from 'node:stream';
import { PassThrough, Writable, pipeline } from 'node:stream';
import type { Readable } from 'node:stream';
import { sleep } from '../../../core/machinery/clock.ts';
import type { Clock } from '../../../core/machinery/clock.ts';
import { Demultiplexer } from './demultiplexer.ts';

/** One hijacked connection seen as the three streams of a process. */
export interface ConnectionStreams {
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable | undefined;
  /** When Docker has sent all output. Rejects when the connection breaks before. */
  readonly finished: Promise<void>;
}

export function splitConnection(
  connection: Duplex,
  options: { readonly tty: boolean; readonly stdin: boolean },
): ConnectionStreams {
  const stdout = new PassThrough();
  const stderr = options.tty ? undefined : new PassThrough();
  // A reader that goes away must not bring the process down with an unhandled error.
  for (const stream of [stdout, stderr]) stream?.on('error', () => {});
  const finished = new Promise<void>((resolve, reject) => {
    const target = stderr === undefined ? stdout : new Demultiplexer(stdout, stderr);
    pipeline(connection, target, (error) => (error ? reject(error) : resolve()));
  });
  finished.catch(() => {});
  return { stdin: options.stdin ? stdinOf(connection) : undefined, stdout, stderr, finished };
}

/** Ending it closes the process's standard input and leaves the output open. */
function stdinOf(connection: Duplex): Writable {
  const stdin = new Writable({
    write(chunk: Buffer, _, done) {
      if (connection.writable) connection.write(chunk, done);
      else done(new Error('Cannot write to standard input: the process has ended'));
    },
    final(done) {
      if (connection.writable) connection.end(done);
      else done();
    },
  });
  stdin.on('error', () => {});
  return stdin;
}

/**
 * Window sizes on their way to a terminal: only the newest counts, one request is under way at a time, and none is
 * sent before `open`, because Docker answers 500 before the process runs.
 */
export class Resizer {
  readonly #send: (columns: number, rows: number) => Promise<unknown>;
  #wanted: { readonly columns: number; readonly rows: number } | undefined;
  #open = false;
  #sending = false;

  constructor(send: (columns: number, rows: number) => Promise<unknown>) {
    this.#send = send;
  }

  resize(columns: number, rows: number): void {
    this.#wanted = { columns, rows };
    void this.#flush();
  }

  open(): void {
    this.#open = true;
    void this.#flush();
  }

  async #flush(): Promise<void> {
    if (!this.#open || this.#sending) return;
    this.#sending = true;
    while (this.#wanted !== undefined) {
      const { columns, rows } = this.#wanted;
      this.#wanted = undefined;
      // The process may have ended meanwhile, and then its size matters to nobody.
      await this.#send(columns, rows).catch(() => {});
    }
    this.#sending = false;
  }
}

const longestLookMs = 1_000;

/**
 * What `look` answers once it answers. For the few things Docker tells only when asked: at once, soon, then ever
 * more rarely, up to a second apart.
 */
export async function lookUntil<T>(
  clock: Clock,
  signal: AbortSignal,
  look: () => Promise<T | undefined>,
): Promise<T> {
  for (let delayMs = 1; ; delayMs = Math.min(delayMs * 2, longestLookMs)) {
    const answer = await look();
    if (answer !== undefined) return answer;
    await sleep(clock, delayMs, signal);
  }
}
