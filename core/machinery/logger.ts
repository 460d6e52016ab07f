import type { Clock } from './clock.ts';

export type LogFields = Readonly<Record<string, unknown>>;

/** Structured logs: a sentence for people, fields for machines. Never secrets. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  /** `error` is told with its causes. */
  error(message: string, error: unknown, fields?: LogFields): void;
  /** The same logger with fields that every line carries. */
  with(fields: LogFields): Logger;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

const order: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** One JSON object a line. `write` gets the line with its newline. */
export function jsonLogger(
  write: (line: string) => void,
  clock: Clock,
  level: LogLevel = 'info',
  fields: LogFields = {},
): Logger {
  const log = (at: LogLevel, message: string, more: LogFields = {}) => {
    if (order.indexOf(at) < order.indexOf(level)) return;
    const time = new Date(clock.now()).toISOString();
    write(`${JSON.stringify({ time, level: at, message, ...fields, ...more })}\n`);
  };
  return {
    debug: (message, more) => log('debug', message, more),
    info: (message, more) => log('info', message, more),
    warn: (message, more) => log('warn', message, more),
    error: (message, error, more) => log('error', message, { ...more, error: describeError(error) }),
    with: (more) => jsonLogger(write, clock, level, { ...fields, ...more }),
  };
}

/** The messages of an error and its causes, outermost first. */
export function describeError(error: unknown): string {
  const messages: string[] = [];
  let current = error;
  while (current !== undefined && current !== null && messages.length < 8) {
    messages.push(
      current instanceof Error
        ? current.message
        : typeof current === 'string'
          ? current
          : JSON.stringify(current),
    );
    current = current instanceof Error ? current.cause : undefined;
  }
  return messages.join(': ');
}

/** Says nothing; for tests. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  with: () => silentLogger,
};
