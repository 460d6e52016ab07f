import type { Clock } from '../../machinery/clock.ts';
import { keyOf } from '../recent-changes.ts';
import type { WatchBatch } from '../storage.ts';

/** A watch of one prefix that waits for the hub. */
export interface HubReader {
  readonly prefix: string;
  /** Resolves when there may be something new; the reader looks for itself. */
  wait(): Promise<void>;
  readonly wake: () => void;
}

/** Those whom a batch does not concern hear of the revision at once after a quiet time, and else this often. */
const progressEveryMs = 20;

/**
 * Who reads from the hub. A batch wakes the readers of what it changed. The others only have to know how far the
 * store has come: waking a reader for every kind at every change of any would cost more than the change itself.
 */
export class HubReaders {
  readonly #clock: Clock;
  readonly #readers = new Set<HubReader>();
  #nextProgressMs = 0;
  #progressIsSet = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(prefix: string): HubReader {
    let resolve: (() => void) | undefined;
    const reader: HubReader = {
      prefix,
      wait: () =>
        new Promise((wake) => {
          resolve = wake;
        }),
      wake: () => {
        resolve?.();
        resolve = undefined;
      },
    };
    this.#readers.add(reader);
    return reader;
  }

  remove(reader: HubReader): void {
    this.#readers.delete(reader);
  }

  wakeAll(): void {
    for (const reader of this.#readers) reader.wake();
  }

  wakeFor({ changes }: WatchBatch): void {
    for (const reader of this.#readers)
      if (changes.some((change) => keyOf(change).startsWith(reader.prefix))) reader.wake();
    if (this.#progressIsSet) return;
    const waitMs = this.#nextProgressMs - this.#clock.monotonicMs();
    if (waitMs <= 0) {
      this.#progress();
      return;
    }
    this.#progressIsSet = true;
    this.#clock.after(waitMs, () => {
      this.#progressIsSet = false;
      this.#progress();
    });
  }

  #progress(): void {
    this.#nextProgressMs = this.#clock.monotonicMs() + progressEveryMs;
    this.wakeAll();
  }
}
