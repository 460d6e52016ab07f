import type { Clock } from '../../machinery/clock.ts';

/** How many seats were wanted over a time. */
export interface DemandStats {
  readonly highest: number;
  readonly average: number;
  readonly deviation: number;
  /** Falls slowly: half of what is no longer wanted is forgotten in five minutes. */
  readonly smoothed: number;
}

/** Upstream's (apf_controller.go), for a period of ten seconds. */
const smoothing = 0.977;

/** Follows a number through time: its average and deviation are by how long it had each value. */
export class SeatDemand {
  readonly #clock: Clock;
  #seats = 0;
  #sinceMs: number;
  #lastMs: number;
  #integral = 0;
  #squares = 0;
  #highest = 0;
  #smoothed = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = this.#lastMs = clock.monotonicMs();
  }

  get seats(): number {
    return this.#seats;
  }

  add(seats: number): void {
    this.#settle();
    this.#seats += seats;
    if (this.#seats > this.#highest) this.#highest = this.#seats;
  }

  /** What was wanted since the last call. */
  take(): DemandStats {
    this.#settle();
    const durationMs = this.#lastMs - this.#sinceMs;
    const average = durationMs === 0 ? this.#seats : this.#integral / durationMs;
    const variance = durationMs === 0 ? 0 : this.#squares / durationMs - average * average;
    const deviation = Math.sqrt(Math.max(0, variance));
    const envelope = average + deviation;
    this.#smoothed = Math.max(envelope, smoothing * this.#smoothed + (1 - smoothing) * envelope);
    const stats = { highest: this.#highest, average, deviation, smoothed: this.#smoothed };
    this.#sinceMs = this.#lastMs;
    this.#integral = this.#squares = 0;
    this.#highest = this.#seats;
    return stats;
  }

  #settle(): void {
    const nowMs = this.#clock.monotonicMs();
    const passedMs = nowMs - this.#lastMs;
    this.#integral += this.#seats * passedMs;
    this.#squares += this.#seats * this.#seats * passedMs;
    this.#lastMs = nowMs;
  }
}
