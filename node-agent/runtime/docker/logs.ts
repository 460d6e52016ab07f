import type { Readable } from 'node:stream';
import type { LogOptions, LogRecord } from '../runtime.ts';
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
): AsyncGenerator<LogRecord> {
  const action = `read the log of container "${container.id}"`;
  const call = { action, deadlineMs: client.deadlines.quickMs, signal };
  const stream = await client.openGet(call, `/containers/${container.id}/logs`, logQuery(options));
  const onAbort = () => stream.destroy();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    if (container.tty) yield* rawRecords(stream);
    else yield* framedRecords(stream, options.timestamps);
  } catch (error) {
    if (!signal.aborted) throw dockerError(action, error);
  } finally {
    signal.removeEventListener('abort', onAbort);
    stream.destroy();
  }
}

export function logQuery(options: LogOptions): Record<string, unknown> {
  return {
    stdout: true,
    stderr: true,
    follow: options.follow,
    timestamps: options.timestamps,
    tail: options.tailLines === undefined ? 'all' : String(options.tailLines),
    ...(options.sinceMs === undefined ? {} : { since: (options.sinceMs / 1000).toFixed(3) }),
  };
}

/** With a terminal there is one stream, unframed. */
async function* rawRecords(stream: Readable): AsyncGenerator<LogRecord> {
  for await (const data of stream) yield { stream: 'stdout', data: data as Buffer };
}

/**
 * Docker cuts lines at 16 KiB and dates each piece; only the first date of a line is one the reader expects, so the
 * others are taken out.
 */
async function* framedRecords(stream: Readable, timestamps: boolean): AsyncGenerator<LogRecord> {
  const parser = new FrameParser();
  const midLine = { stdout: false, stderr: false };
  let cutBytes = 0;
  for await (const chunk of stream) {
    for (const piece of parser.push(chunk as Buffer)) {
      if (piece.starts) cutBytes = timestamps && midLine[piece.stream] ? timestampBytes : 0;
      const data = piece.data.subarray(cutBytes);
      cutBytes = Math.max(0, cutBytes - piece.data.length);
      midLine[piece.stream] = piece.data.at(-1) !== 0x0a;
      if (data.length > 0) yield { stream: piece.stream, data };
    }
  }
}
