import { Notifier } from './notifier.ts';
import { keyOf } from './recent-changes.ts';
import type { Change, Revision } from './storage.ts';

/** After so many revisions without a change of its own, a watch tells of its progress unasked. */
const quietRevisions = 100;

/**
 * One watch of a store in this process: what it has yet to tell. A core has one for each of its kinds, and a write
 * concerns one of them: the others are not woken to hear that it was none of theirs.
 */
export class PrefixReader {
  readonly prefix: string;
  readonly #wakes = new Notifier();
  #changedFrom: Revision | undefined;
  /** Everything up to here was told. */
  #position: Revision;
  #wanted: Revision = 0;

  constructor(prefix: string, after: Revision) {
    this.prefix = prefix;
    this.#position = after;
  }

  /** The first revision with something to tell; undefined where there is none. */
  get changedFrom(): Revision | undefined {
    return this.#changedFrom;
  }

  /** Below it something changed in `revision`. */
  changed(revision: Revision): void {
    this.#changedFrom ??= revision;
    this.#wakes.notify();
  }

  /** All that changed in `revision`, whatever it was. */
  heardOf(revision: Revision, changes: readonly Change[]): void {
    if (changes.some((change) => keyOf(change).startsWith(this.prefix))) this.changed(revision);
    else if (this.#changedFrom === undefined && this.wantsProgress(revision)) this.#wakes.notify();
  }

  want(revision: Revision): void {
    this.#wanted = Math.max(this.#wanted, revision);
    this.#wakes.notify();
  }

  wantsProgress(newest: Revision): boolean {
    if (newest <= this.#position) return false;
    return (
      newest - this.#position >= quietRevisions || (this.#wanted > this.#position && newest >= this.#wanted)
    );
  }

  told(revision: Revision, isMore: boolean): void {
    this.#position = revision;
    this.#changedFrom = isMore ? revision + 1 : undefined;
  }

  wake(): void {
    this.#wakes.notify();
  }

  wait(): Promise<void> {
    return this.#wakes.wait();
  }

  wakeOn(signal: AbortSignal): Disposable {
    return this.#wakes.wakeOn(signal);
  }
}
