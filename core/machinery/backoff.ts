import { randomFraction, type Random } from './random.ts';

export interface BackoffOptions {
  /** The delay after the first failure. */
  readonly initialMs: number;
  /** No delay is longer, jitter included. */
  readonly maxMs: number;
  /** Growth from one failure to the next; 2 unless given. */
  readonly factor?: number;
  /** Adds up to this share of the delay at random: 0.1 gives 100 % to 110 %. Needs `random`. */
  readonly jitter?: number;
  readonly random?: Random;
}

/** The delay before the next try after `failures` (one or more) failures in a row, in milliseconds. */
export function backoffDelayMs(options: BackoffOptions, failures: number): number {
  const { initialMs, maxMs, factor = 2, jitter = 0, random } = options;
  // The exponent may overflow to Infinity; the cap takes care of it.
  const delayMs = Math.min(maxMs, initialMs * factor ** Math.max(0, failures - 1));
  if (jitter === 0 || random === undefined) return delayMs;
  return Math.min(maxMs, delayMs * (1 + jitter * randomFraction(random)));
}

/** Counts failures of one thing and says how long to wait after each. */
export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  get failures(): number {
    return this.#failures;
  }

  /** Records a failure; returns the delay before the next try. */
  nextMs(): number {
    this.#failures++;
    return backoffDelayMs(this.#options, this.#failures);
  }

  reset(): void {
    this.#failures = 0;
  }
}

/** A back-off per key, as client-go's ItemExponentialFailureRateLimiter. Keys stay until forgotten. */
export class KeyedBackoff<K> {
  readonly #options: BackoffOptions;
  readonly #failures = new Map<K, number>();

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  failures(key: K): number {
    return this.#failures.get(key) ?? 0;
  }

  /** Records a failure of `key`; returns the delay before its next try. */
  nextMs(key: K): number {
    const failures = this.failures(key) + 1;
    this.#failures.set(key, failures);
    return backoffDelayMs(this.#options, failures);
  }

  forget(key: K): void {
    this.#failures.delete(key);
  }
}
