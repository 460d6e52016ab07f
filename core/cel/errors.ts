/** The expression cannot be run: its text names every problem with line, column and a caret, as upstream words it. */
export class CelCompileError extends Error {
  override readonly name = 'CelCompileError';
}

/** What an expression came to instead of a value, such as "no such key: foo". `&&`, `||` and macros may absorb it. */
export class CelError extends Error {
  override readonly name = 'CelError';

  constructor(message: string, options?: ErrorOptions) {
    // Errors are ordinary results here and may come by the thousand; finding out where each arose costs most.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message, options);
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** Runs what may fail as an ordinary result: errors that arise within do not find out where. */
export function untraced<T>(run: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return run();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The expression cost more than it may. Nothing absorbs this. */
export class CelCostError extends Error {
  override readonly name = 'CelCostError';

  constructor() {
    super('operation cancelled: actual cost limit exceeded');
  }
}

/** Variables that the expression uses took long enough: others must have a turn before it is run again. */
export class PendingTurn extends Error {
  override readonly name = 'PendingTurn';
}

export function noSuchOverload(): CelError {
  return new CelError('no such overload');
}

export function noSuchKey(key: unknown): CelError {
  return new CelError(`no such key: ${String(key)}`);
}

/** A problem with an expression, and where in it. */
export interface Issue {
  readonly offset: number;
  readonly message: string;
}

/** As cel-go prints problems: place, message, the line and a caret below it. */
export function formatIssues(expression: string, issues: readonly Issue[]): string {
  return issues
    .toSorted((a, b) => a.offset - b.offset)
    .map(({ offset, message }) => {
      const before = expression.slice(0, offset).split('\n');
      const line = expression.split('\n')[before.length - 1] ?? '';
      const column = before.at(-1)?.length ?? 0;
      return `ERROR: <input>:${before.length}:${column + 1}: ${message}\n | ${line}\n | ${'.'.repeat(column)}^`;
    })
    .join('\n');
}
