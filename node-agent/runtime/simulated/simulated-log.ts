import type { LogOptions } from '../runtime.ts';
import type { LogLine } from './state.ts';

/** One line of one stream. */
export interface LogRecord {
  readonly stream: LogLine['stream'];
  readonly data: Buffer;
}

/** Which lines a reader gets, of those there are; `from` is how many it has had before. */
export function selectLines(
  lines: readonly LogLine[],
  options: LogOptions,
  from: number,
): readonly LogRecord[] {
  const since = options.sinceMs ?? Number.NEGATIVE_INFINITY;
  const recent = lines.slice(from).filter((line) => line.timeMs >= since);
  const chosen = from === 0 && options.tailLines !== undefined ? lastOf(recent, options.tailLines) : recent;
  return chosen.map((line) => {
    const prefix = options.timestamps ? `${timestamp(line.timeMs)} ` : '';
    return { stream: line.stream, data: Buffer.from(`${prefix}${line.text}\n`) };
  });
}

function lastOf(lines: readonly LogLine[], count: number): readonly LogLine[] {
  return count <= 0 ? [] : lines.slice(-count);
}

/** With nine digits of a second, as Docker writes it. */
function timestamp(timeMs: number): string {
  return new Date(timeMs).toISOString().replace('Z', '000000Z');
}
