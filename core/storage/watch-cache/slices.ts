import type { Clock } from '../../machinery/clock.ts';
import { nextTurn } from '../../machinery/next-turn.ts';

/** Cuts long work into slices, so that a list of 100,000 objects does not hold up everybody else's reply. */
export class Slices {
  readonly #clock: Clock;
  #endsMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#endsMs = clock.monotonicMs() + sliceMs;
  }

  /** Whether it is time to `pause`. Asked for some items at a time, not for each. */
  get due(): boolean {
    return this.#clock.monotonicMs() >= this.#endsMs;
  }

  /** Lets the event loop serve what waits. */
  async pause(): Promise<void> {
    await nextTurn();
    this.#endsMs = this.#clock.monotonicMs() + sliceMs;
  }
}

const sliceMs = 5;
