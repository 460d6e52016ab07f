import type { Clock } from './clock.ts';

/**
 * Shares out the event loop's time. In a turn of it there is work for so long, and whoever has not had his turn by then
 * waits for the next one, in order. What comes in all at once, from many connections or from one that was behind, would
 * be one long turn otherwise, in which nobody else is answered, no deadline is kept and no lease renewed.
 */
export class LoopTime {
  readonly #clock: Clock;
  readonly #turnMs: number;
  #waiting: (() => void)[] = [];
  #served = 0;
  /** When the turn's time is over; undefined while none has begun. */
  #endsMs: number | undefined;
  #isServing = false;

  constructor(clock: Clock, turnMs = 10) {
    this.#clock = clock;
    this.#turnMs = turnMs;
  }

  /** Resolves when it is the caller's turn: after everything that those before it do without waiting. */
  turn(): Promise<void> {
    return new Promise((go) => {
      this.#waiting.push(go);
      if (this.#isServing) return;
      this.#isServing = true;
      this.#serveSoon();
    });
  }

  /** A tick follows all microtasks, also those that microtasks add. */
  #serveSoon(): void {
    queueMicrotask(() => process.nextTick(() => this.#serve()));
  }

  #serve(): void {
    const go = this.#waiting[this.#served];
    if (go === undefined) {
      this.#waiting = [];
      this.#served = 0;
      this.#isServing = false;
      return;
    }
    const nowMs = this.#clock.monotonicMs();
    if (this.#endsMs === undefined) {
      this.#endsMs = nowMs + this.#turnMs;
      setImmediate(() => this.#nextTurn());
    }
    // Who comes next is served in the next turn.
    if (nowMs >= this.#endsMs) return;
    this.#served++;
    go();
    this.#serveSoon();
  }

  #nextTurn(): void {
    this.#endsMs = undefined;
    if (!this.#isServing) return;
    this.#waiting = this.#waiting.slice(this.#served);
    this.#served = 0;
    this.#serve();
  }
}

/**
 * Long work in stints, each with a turn of its own but for the first. Turns are had in order, however short they are:
 * whoever gave his back after every piece would wait for much longer than he works.
 */
export class Stints {
  readonly #clock: Clock;
  #endsMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#endsMs = clock.monotonicMs() + stintMs;
  }

  /** Whether it is time for the `next`. Asked for some pieces at a time, not for each. */
  get isOver(): boolean {
    return this.#clock.monotonicMs() >= this.#endsMs;
  }

  /** Resolves when it begins. */
  async next(): Promise<void> {
    await loopTimeOf(this.#clock).turn();
    this.#endsMs = this.#clock.monotonicMs() + stintMs;
  }
}

const stintMs = 2;

const byClock = new WeakMap<Clock, LoopTime>();

/** That of the process, which has one event loop; and of a test, which has a clock of its own. */
export function loopTimeOf(clock: Clock): LoopTime {
  let time = byClock.get(clock);
  if (time === undefined) {
    time = new LoopTime(clock);
    byClock.set(clock, time);
  }
  return time;
}
