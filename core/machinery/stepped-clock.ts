import type { Clock } from './clock.ts';

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that moves only when told to, for tests and simulations. Both its times move together. */
export class SteppedClock implements Clock {
  readonly #timers = new Set<Timer>();
  readonly #startMs: number;
  #elapsedMs = 0;
  #order = 0;

  /** Starts at the given wall time in milliseconds since the epoch. */
  constructor(startMs = Date.UTC(2030, 0, 1)) {
    this.#startMs = startMs;
  }

  now(): number {
    return this.#startMs + this.#elapsedMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { dueMs: this.#elapsedMs + Math.max(0, delayMs), order: this.#order++, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Milliseconds until the next timer; undefined when none waits. */
  get nextTimerMs(): number | undefined {
    const next = this.#next();
    return next === undefined ? undefined : next.dueMs - this.#elapsedMs;
  }

  /** Moves time and runs what comes due, in order, each at its own time. Timers set on the way run too if they come due. */
  advance(durationMs: number): void {
    const endMs = this.#elapsedMs + durationMs;
    for (let next = this.#next(); next !== undefined && next.dueMs <= endMs; next = this.#next())
      this.#run(next);
    this.#elapsedMs = endMs;
  }

  /** As `advance`, but lets the promises that each timer settled run before time moves on. */
  async advanceAsync(durationMs: number): Promise<void> {
    const endMs = this.#elapsedMs + durationMs;
    await settlePromises();
    for (let next = this.#next(); next !== undefined && next.dueMs <= endMs; next = this.#next()) {
      this.#run(next);
      await settlePromises();
    }
    this.#elapsedMs = endMs;
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (
        next === undefined ||
        timer.dueMs < next.dueMs ||
        (timer.dueMs === next.dueMs && timer.order < next.order)
      ) {
        next = timer;
      }
    }
    return next;
  }

  #run(timer: Timer): void {
    this.#timers.delete(timer);
    this.#elapsedMs = Math.max(this.#elapsedMs, timer.dueMs);
    timer.callback();
  }
}

/** A turn of the event loop: every promise that can settle without input or time has. */
function settlePromises(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
