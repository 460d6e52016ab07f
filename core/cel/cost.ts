import { CelCostError } from './errors.ts';

/**
 * What expressions may cost at run time (apiserver/pkg/apis/cel/config.go). A unit is about one step of an
 * evaluation, so a request's budget is some tenths of a second of work.
 */
export const costLimits = {
  perCall: 1_000_000,
  perRequest: 10_000_000,
  matchConditions: 2_500_000,
} as const;

/** What the expressions of one request may still cost together. */
export class CostBudget {
  #remaining: number;
  readonly #perCall: number;

  constructor(total: number = costLimits.perRequest, perCall: number = costLimits.perCall) {
    this.#remaining = total;
    this.#perCall = perCall;
  }

  get remaining(): number {
    return this.#remaining;
  }

  get isSpent(): boolean {
    return this.#remaining <= 0;
  }

  /** A meter for one evaluation; what it counts is taken from here by `settle`. */
  meter(): Meter {
    return new Meter(Math.min(this.#perCall, this.#remaining));
  }

  /** @returns what the evaluation cost */
  settle(meter: Meter): number {
    this.#remaining -= meter.cost;
    return meter.cost;
  }
}

/** Counts one evaluation. */
export class Meter {
  cost = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @throws CelCostError */
  charge(units: number): void {
    this.cost += units;
    if (this.cost > this.#limit) throw new CelCostError();
  }
}

/** Of walking through this many characters, bytes or elements. */
export function traversal(size: number): number {
  return Math.ceil(size * 0.1);
}
