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
  #last:
    { readonly from: number; readonly to: number; readonly events: readonly CacheEvent<T>[] } | undefined;

  /** Where the next event will be. */
  get end(): number {
    return this.#start + this.#events.length;
  }

  push(change: StateChange<T>, bytes: number, batch: number): void {
    const event = change.eventFor(undefined);
    if (event === undefined) return;
    this.#events.push(event);
    this.#bytesBefore.push(this.#bytes);
    this.#batches.push(batch);
    this.#bytes += bytes;
  }

  /** Everything from a place on. */
  from(place: number): readonly CacheEvent<T>[] {
    const to = this.end;
    if (this.#last?.from !== place || this.#last.to !== to)
      this.#last = { from: place, to, events: this.#events.slice(place - this.#start) };
    return this.#last.events;
  }

  /** How much is unread from a place on; nothing while all of it came in one batch: that alone makes nobody slow. */
  bytesBehind(place: number): number {
    const at = place - this.#start;
    if (this.#batches[at] === this.#batches.at(-1)) return 0;
    return this.#bytes - (this.#bytesBefore[at] ?? this.#bytes);
  }

  /** Wakes those who wait and cuts those who are too slow; how many were woken. */
  wake(): number {
    let woken = 0;
    for (const watcher of this.watchers) if (watcher.wakeInCrowd()) woken++;
    this.#forget();
    return woken;
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
