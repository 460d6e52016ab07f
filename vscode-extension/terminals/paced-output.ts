import { sleep, type Clock } from '../../core/machinery/clock.ts';

/** Characters that are handed to the window between two pauses; it draws about ten times as many. */
const portion = 256 * 1024;
const pauseMs = 50;

/**
 * Writes to a terminal no faster than the window can draw. The editor itself does not hold anybody back, so whoever
 * writes must await this.
 */
export class PacedOutput {
  readonly #write: (text: string) => void;
  readonly #clock: Clock;
  #sinceMs = -Infinity;
  #written = 0;

  constructor(write: (text: string) => void, clock: Clock) {
    this.#write = write;
    this.#clock = clock;
  }

  async write(text: string): Promise<void> {
    for (let at = 0; at < text.length;) {
      const nowMs = this.#clock.monotonicMs();
      if (nowMs - this.#sinceMs > pauseMs) {
        this.#sinceMs = nowMs;
        this.#written = 0;
      }
      const piece = text.slice(at, endOf(text, at + portion));
      at += piece.length;
      if (this.#written > 0 && this.#written + piece.length > portion) {
        await sleep(this.#clock, pauseMs);
        this.#sinceMs = this.#clock.monotonicMs();
        this.#written = 0;
      }
      this.#written += piece.length;
      this.#write(piece);
    }
  }
}

/** Where a piece ends: not within a character of two code units, which would arrive as two that say nothing. */
function endOf(text: string, end: number): number {
  return end < text.length && /[\ud800-\udbff]/.test(text.charAt(end - 1)) ? end - 1 : end;
}
