/** Which line work waits in; while there is somebody in the first, the second stands still. */
export type Line = 'first' | 'second';

/** Lets at most `limit` pieces of work run at once, the others wait in order, in one of two lines. */
export class Limiter {
  readonly #limit: number;
  readonly #waiting: Record<Line, (() => void)[]> = { first: [], second: [] };
  #running = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Rejects with the signal's reason when aborted while waiting. */
  async run<T>(signal: AbortSignal, work: () => Promise<T>, line: Line = 'first'): Promise<T> {
    await this.#enter(signal, this.#waiting[line]);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  /** Every item's result in order, or the first failure; no further item is begun after one. */
  async map<T, R>(items: readonly T[], signal: AbortSignal, work: (item: T) => Promise<R>): Promise<R[]> {
    let failed = false;
    return Promise.all(
      items.map((item) =>
        this.run(signal, async () => {
          if (failed) throw new Error('Cannot go on after another item failed');
          try {
            return await work(item);
          } catch (error) {
            failed = true;
            throw error;
          }
        }),
      ),
    );
  }

  #enter(signal: AbortSignal, line: (() => void)[]): Promise<void> | undefined {
    signal.throwIfAborted();
    if (this.#running < this.#limit) {
      this.#running += 1;
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        line.splice(line.indexOf(begin), 1);
        reject(signal.reason as Error);
      };
      const begin = () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      signal.addEventListener('abort', onAbort, { once: true });
      line.push(begin);
    });
  }

  /** A place that becomes free goes to the first in line without ever counting as free. */
  #leave(): void {
    const next = this.#waiting.first.shift() ?? this.#waiting.second.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}
