import { CelCostError } from './errors.ts';

/**
 * What expressions may cost at run time (apiserver/pkg/apis/cel/config.go). A unit is about one step of an
 * evaluation and stands for at most some 40 ns, so that what one call may cost is over within 50 ms: nobody else has
 * a turn meanwhile. Whoever evaluates several expressions lets others have theirs every `perTurn` units.
 */
export const costLimits = {
  perCall: 1_000_000,
  perRequest: 10_000_000,
  matchConditions: 2_500_000,
  perTurn: 100_000,
} as const;

/** In units, what steps cost that take longer here than the one unit that upstream charges. */
export const stepCosts = {
  /** Reading an element of a list. */
  element: 5,
  /** Reading an entry of a map: its name and its value. */
  entry: 12,
  /** Finding out where an element of a set or a keyed list belongs. */
  identity: 25,
  /** Making an error, and absorbing it. */
  error: 60,
  /** Reading a time or a length of time from its text. */
  time: 25,
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

/** Units between two looks at the clock: expressions that end before are never looked at. */
const clockEvery = 65_536;
/** Far more than units stand for: only what costs too little by mistake takes so long. */
const maxCpuMs = 250;

/** Counts one evaluation. */
export class Meter {
  cost = 0;
  readonly #limit: number;
  /** The next cost at which something is to be looked at. */
  #mark: number;
  #cpuAtFirst: number | undefined;

  constructor(limit: number) {
    this.#limit = limit;
    this.#mark = Math.min(limit, clockEvery);
  }

  /** @throws CelCostError */
  charge(units: number): void {
    this.cost += units;
    if (this.cost > this.#mark) this.#look();
  }

  #look(): void {
    if (this.cost > this.#limit) throw new CelCostError();
    this.#mark = Math.min(this.#limit, this.cost + clockEvery);
    const cpu = cpuMs();
    if (cpu - (this.#cpuAtFirst ??= cpu) > maxCpuMs) throw new CelCostError();
  }
}

/** Time that others' processes take does not count. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Of walking through this many characters, bytes or elements. */
export function traversal(size: number): number {
  return Math.ceil(size * 0.1);
}

/** Of reading data of this type, beyond the step itself: some of it is text that has to be read in turn. */
export function readingCost({ kind }: { readonly kind: string }): number {
  return kind === 'timestamp' || kind === 'duration' ? stepCosts.time : kind === 'bytes' ? 10 : 0;
}
