import type { Clock } from '../../core/machinery/clock.ts';

/** At most 30 frames a second for what the cluster does; a key is answered at once. */
const frameMs = 1000 / 30;
/** Ages and "since" go on by themselves. */
const tickMs = 1_000;

/** Decides when to draw. Everything that asks within one turn of the event loop is one frame. */
export class FrameTimer {
  readonly #clock: Clock;
  readonly #draw: () => void;
  #lastMs = -Infinity;
  #cancel: (() => void) | undefined;
  #cancelTick: (() => void) | undefined;
  #queued = false;
  #running = false;

  constructor(clock: Clock, draw: () => void) {
    this.#clock = clock;
    this.#draw = draw;
  }

  start(): void {
    this.#running = true;
    this.#frame();
  }

  stop(): void {
    this.#running = false;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#cancelTick?.();
  }

  /** Somebody is waiting for it: draws before the event loop turns. */
  now(): void {
    if (!this.#running || this.#queued) return;
    this.#queued = true;
    queueMicrotask(() => {
      this.#queued = false;
      if (this.#running) this.#frame();
    });
  }

  /** Something changed by itself. */
  soon(): void {
    if (!this.#running || this.#cancel !== undefined) return;
    const waitMs = Math.max(0, this.#lastMs + frameMs - this.#clock.monotonicMs());
    this.#cancel = this.#clock.after(waitMs, () => {
      this.#cancel = undefined;
      this.#frame();
    });
  }

  #frame(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#cancelTick?.();
    this.#draw();
    this.#lastMs = this.#clock.monotonicMs();
    this.#cancelTick = this.#clock.after(tickMs, () => this.#frame());
  }
}
