import { isTooManyRequests, StatusError } from '../../api/errors.ts';
import { sleep } from '../../machinery/clock.ts';
import type { Clock } from '../../machinery/clock.ts';

/** As client-go (rest/request.go: maxRetries). */
export const mostTries = 10;

/**
 * How often and until when one call is tried: core refuses what it has no turn for before it does anything, and says
 * when to come again (upstream: client-go/rest/with_retry.go).
 */
export class Tries {
  readonly #clock: Clock;
  readonly #endMs: number;
  #left: number;

  /** Without a deadline the call itself may last for ever; it is begun only so often all the same. */
  constructor(clock: Clock, tries: number, deadlineMs = Infinity) {
    this.#clock = clock;
    this.#left = tries;
    this.#endMs = clock.monotonicMs() + deadlineMs;
  }

  /** Of the call's time; undefined where it has no end. */
  get leftMs(): number | undefined {
    const leftMs = this.#endMs - this.#clock.monotonicMs();
    return Number.isFinite(leftMs) ? Math.max(0, leftMs) : undefined;
  }

  /**
   * Resolves when the call is to be tried again. Rejects with the error where core does not want it again, or not in
   * time, and with the signal's reason.
   */
  async next(error: unknown, signal: AbortSignal | undefined): Promise<void> {
    const waitMs = retryAfterMs(error);
    this.#left--;
    if (waitMs === undefined || this.#left <= 0 || waitMs >= (this.leftMs ?? Infinity)) throw error;
    // The clock's timers do not keep a process alive, and somebody waits for this one.
    const alive = setInterval(() => undefined, 2 ** 30);
    try {
      await sleep(this.#clock, waitMs, signal);
    } finally {
      clearInterval(alive);
    }
  }
}

/** Undefined where nobody said that a call should be tried again. */
function retryAfterMs(error: unknown): number | undefined {
  if (!isTooManyRequests(error) || !(error instanceof StatusError)) return undefined;
  const seconds = error.status.details?.retryAfterSeconds;
  return seconds === undefined || seconds <= 0 ? undefined : seconds * 1_000;
}
