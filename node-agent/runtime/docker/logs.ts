import type { LogOptions } from '../runtime.ts';
import type { DockerClient } from './client.ts';
import { FrameParser } from './demultiplexer.ts';
import { dockerError } from './errors.ts';

/** "2026-01-02T03:04:05.123456789Z ", as Docker puts it before each message. */
const timestampBytes = 31;

/**
 * A container's log from Docker. Pulled, so that a slow reader holds back Docker and not our memory.
 * Ends quietly when `signal` aborts; throws "unavailable" when Docker goes away in the middle.
 */
export async function* containerLogs(
  client: DockerClient,
  container: { readonly id: string; readonly tty: boolean },
  options: LogOptions,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const action = `read the log of container "${container.id}"`;
  const call = { action, deadlineMs: client.deadlines.quickMs, signal };
  const stream = await client.openGet(call, `/containers/${container.id}/logs`, logQuery(options));
  const onAbort = () => stream.destroy();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    // With a terminal there is one stream, unframed.
    const text = container.tty ? undefined : new LogText(options.timestamps);
    // All that has arrived is one chunk here, so what is done for each is done for many lines.
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      const piece = text?.push(chunk) ?? chunk;
      if (piece.length > 0) yield piece;
    }
  } catch (error) {
    if (!signal.aborted) throw dockerError(action, error);
  } finally {
    signal.removeEventListener('abort', onAbort);
    stream.destroy();
  }
}

function logQuery(options: LogOptions): Record<string, unknown> {
  return {
    stdout: options.stream !== 'stderr',
    stderr: options.stream !== 'stdout',
    follow: options.follow,
    timestamps: options.timestamps,
    tail: options.tailLines === undefined ? 'all' : String(options.tailLines),
    ...(options.sinceMs === undefined ? {} : { since: (options.sinceMs / 1000).toFixed(3) }),
  };
}

/**
 * The text of a log, taken out of Docker's frames, a piece for each chunk. Docker frames every line, cuts lines at
 * 16 KiB and dates each part; only the first date of a line is one the reader expects, so the others are taken out.
 */
export class LogText {
  readonly #parser = new FrameParser();
  readonly #timestamps: boolean;
  readonly #midLine = { stdout: false, stderr: false };
  #cutBytes = 0;

  constructor(timestamps: boolean) {
    this.#timestamps = timestamps;
  }

  /** Takes the chunk's memory: the text is moved together in it, which costs a fifth of copying each line out. */
  push(chunk: Buffer): Buffer {
    let length = 0;
    this.#parser.push(chunk, (stream, start, end, starts) => {
      if (starts) this.#cutBytes = this.#timestamps && this.#midLine[stream] ? timestampBytes : 0;
      const from = Math.min(start + this.#cutBytes, end);
      this.#cutBytes = Math.max(0, this.#cutBytes - (end - start));
      this.#midLine[stream] = chunk[end - 1] !== 0x0a;
      chunk.copyWithin(length, from, end);
      length += end - from;
    });
    return chunk.subarray(0, length);
  }
}
