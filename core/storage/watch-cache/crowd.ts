import type { Revision } from '../storage.ts';
import type { CacheEvent, StateChange } from './event.ts';
import type { CacheWatcher } from './watcher.ts';

/**
 * The watchers that are all told the same: everything below one prefix. They share one log of events, in which each
 * has a place of its own, so a change costs the same however many of them there are, and those who read at the same
 * time are handed the same array.
 */
export class Crowd<T> {
  readonly watchers = new Set<CacheWatcher<T>>();
  #events: CacheEvent<T>[] = [];
  /** Of each event: all bytes before it, since ever, and the upstream batch that it came in. */
  #bytesBefore: number[] = [];
  #batches: number[] = [];
  #bytes = 0;
  /** Where the log begins: how many events were dropped from its front. */
  #start = 0;
  /** While readers are woken one group after the other: how far they all read, and of which revision that is. */
  #wave: { readonly end: number; readonly revision: Revision } | undefined;
  #last:
    { readonly from: number; readonly to: number; readonly events: readonly CacheEvent<T>[] } | undefined;

  /** Where the next event will be. */
  get end(): number {
    return this.#start + this.#events.length;
  }

  /** Where readers stop for now. */
  get readable(): number {
    return this.#wave?.end ?? this.end;
  }

  /** The revision of all that can be read; `current` is that of the cache. */
  revision(current: Revision): Revision {
    return this.#wave?.revision ?? current;
  }

  push(change: StateChange<T>, bytes: number, batch: number): void {
    const event = change.eventFor(undefined);
    if (event === undefined) return;
    this.#events.push(event);
    this.#bytesBefore.push(this.#bytes);
    this.#batches.push(batch);
    this.#bytes += bytes;
  }

  /** Everything from a place on that can be read. */
  from(place: number): readonly CacheEvent<T>[] {
    const to = this.readable;
    if (this.#last?.from !== place || this.#last.to !== to)
      this.#last = { from: place, to, events: this.#events.slice(place - this.#start, to - this.#start) };
    return this.#last.events;
  }

  /** How much is unread from a place on; nothing while all of it came in one batch: that alone makes nobody slow. */
  bytesBehind(place: number): number {
    const at = place - this.#start;
    if (this.#batches[at] === this.#batches.at(-1)) return 0;
    return this.#bytes - (this.#bytesBefore[at] ?? this.#bytes);
  }

  /**
   * Wakes those who wait, one at each step, and cuts those who are too slow. What happens between two steps is left
   * for the next time, or else the last ones would be handed other arrays than the first. `onFailure` is told of one
   * that cannot be woken; the others are.
   */
  *wake(
    revision: Revision,
    onFailure: (watcher: CacheWatcher<T>, cause: unknown) => void,
  ): Generator<void, void, undefined> {
    this.#wave = { end: this.end, revision };
    try {
      for (const watcher of this.watchers) {
        try {
          if (!watcher.wakeInCrowd()) continue;
        } catch (error) {
          onFailure(watcher, error);
        }
        yield;
      }
    } finally {
      this.#wave = undefined;
    }
    this.#forget();
  }

  /** What everybody has read. */
  #forget(): void {
    let least = this.end;
    for (const { place } of this.watchers) least = Math.min(least, place);
    const read = least - this.#start;
    // Dropping from the front moves the rest: not for a few at a time.
    if (read === 0 || read < this.#events.length / 2) return;
    this.#events = this.#events.slice(read);
    this.#bytesBefore = this.#bytesBefore.slice(read);
    this.#batches = this.#batches.slice(read);
    this.#start = least;
    this.#last = undefined;
  }
}
