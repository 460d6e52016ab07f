import type { Clock } from '../../machinery/clock.ts';
import { addTo, deleteFrom } from '../../machinery/set-map.ts';
import { keyOf } from '../recent-changes.ts';
import type { RecentChanges } from '../recent-changes.ts';
import type { Revision, WatchBatch } from '../storage.ts';

/** A watch of one prefix that waits for the hub. */
export interface HubReader {
  readonly prefix: string;
  /**
   * Resolves when there may be something new, which the reader looks for itself: to the revision up to which there
   * was nothing for it while it waited, which the hub may have forgotten since; 0 where nobody knows.
   */
  wait(): Promise<Revision>;
  wake(passed: Revision): void;
}

/** Those whom a batch does not concern hear of the revision at once after a quiet time, and else this often. */
const progressEveryMs = 1_000;

/**
 * Who reads from the hub. A batch wakes the readers of what it changed. The others only have to know how far the
 * store has come, and whoever waits for that asks for it: waking a reader for every kind at every change of any would
 * cost more than the change itself.
 */
export class HubReaders {
  readonly #recent: Pick<RecentChanges, 'position'>;
  readonly #clock: Clock;
  readonly #byPrefix = new Map<string, Set<HubReader>>();
  /** How many prefixes there are of each length: what a key is cut to, to find its readers. */
  readonly #lengths = new Map<number, number>();
  /**
   * The prefixes whose readers are to hear of revisions that were not reached yet, and the last of those. Until then
   * they hear of every batch: somebody else may wait for less, and others ask for more all the time.
   */
  readonly #asked = new Map<string, Revision>();
  #nextProgressMs = 0;
  #progressIsSet = false;

  constructor(recent: Pick<RecentChanges, 'position'>, clock: Clock) {
    this.#recent = recent;
    this.#clock = clock;
  }

  add(prefix: string): HubReader {
    let resolve: ((passed: Revision) => void) | undefined;
    const reader: HubReader = {
      prefix,
      wait: () =>
        new Promise((wake) => {
          resolve = wake;
        }),
      wake: (passed) => {
        resolve?.(passed);
        resolve = undefined;
      },
    };
    if (addTo(this.#byPrefix, prefix, reader))
      this.#lengths.set(prefix.length, (this.#lengths.get(prefix.length) ?? 0) + 1);
    return reader;
  }

  remove(reader: HubReader): void {
    const { prefix } = reader;
    if (!deleteFrom(this.#byPrefix, prefix, reader) || this.#byPrefix.has(prefix)) return;
    const left = (this.#lengths.get(prefix.length) ?? 0) - 1;
    if (left > 0) this.#lengths.set(prefix.length, left);
    else this.#lengths.delete(prefix.length);
  }

  /** Has them all look whether the hub is still there. */
  wakeAll(passed: Revision = 0): void {
    for (const readers of this.#byPrefix.values()) for (const reader of readers) reader.wake(passed);
  }

  /** Wakes the readers of exactly this prefix as the store comes to `revision`, at the latest when it is there. */
  ask(prefix: string, revision: Revision): void {
    if (revision <= this.#recent.position) this.#wake(prefix, this.#recent.position);
    else this.#asked.set(prefix, Math.max(revision, this.#asked.get(prefix) ?? 0));
  }

  /** `before` is how far the hub had come until this batch, its last. */
  wakeFor({ changes, revision }: WatchBatch, before: Revision): void {
    for (const change of changes) {
      const key = keyOf(change);
      for (const length of this.#lengths.keys()) this.#wake(key.slice(0, length), before);
    }
    for (const [prefix, last] of this.#asked) {
      if (last <= revision) this.#asked.delete(prefix);
      this.#wake(prefix, revision);
    }
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

  /** The readers of exactly this prefix. */
  #wake(prefix: string, passed: Revision): void {
    for (const reader of this.#byPrefix.get(prefix) ?? []) reader.wake(passed);
  }

  #progress(): void {
    this.#nextProgressMs = this.#clock.monotonicMs() + progressEveryMs;
    this.wakeAll(this.#recent.position);
  }
}
