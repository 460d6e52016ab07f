import type { Clock } from '../../machinery/clock.ts';
import { addTo, deleteFrom } from '../../machinery/set-map.ts';
import type { Revision } from '../storage.ts';
import { Crowd } from './crowd.ts';
import type { StateChange } from './event.ts';
import { LabelWatchers } from './label-watchers.ts';
import type { CacheWatcher } from './watcher.ts';
import { eventOverheadBytes } from './watcher.ts';

/**
 * Finds the watchers that a change may concern: by key, by index value, by labels, or by prefix up to a slash (a
 * namespace), so that a thousand watchers of one node or one namespace each cost nothing when another one changes.
 */
export class Demultiplexer<T> {
  readonly #byKey = new Map<string, Set<CacheWatcher<T>>>();
  readonly #byPosting = new Map<string, Set<CacheWatcher<T>>>();
  readonly #byFolder = new Map<string, Set<CacheWatcher<T>>>();
  readonly #byLabels = new LabelWatchers<T>();
  /** By prefix: those who are told everything below it. */
  readonly #crowds = new Map<string, Crowd<T>>();
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  #touched: CacheWatcher<T>[] = [];
  readonly #touchedCrowds = new Set<Crowd<T>>();
  #batch = 0;
  #size = 0;
  #revision: Revision = 0;
  #nextWakeMs = 0;
  #wakeIsSet = false;

  /** `onError` is told of watchers that cannot be woken, which end with that failure. */
  constructor(clock: Clock, onError: (error: unknown) => void) {
    this.#clock = clock;
    this.#onError = onError;
  }

  get size(): number {
    return this.#size;
  }

  add(watcher: CacheWatcher<T>): void {
    this.#size++;
    const { scope } = watcher;
    if (scope.isWhole) return this.#join(watcher);
    const place = this.#place(watcher);
    if (place === undefined) return this.#byLabels.add(watcher);
    const [table, at] = place;
    addTo(table, at, watcher);
  }

  remove(watcher: CacheWatcher<T>): void {
    if (this.#removed(watcher)) this.#size--;
  }

  all(): CacheWatcher<T>[] {
    const whole = [...this.#crowds.values()].flatMap(({ watchers }) => [...watchers]);
    const placed = [this.#byKey, this.#byPosting, this.#byFolder].flatMap((table) =>
      [...table.values()].flatMap((watchers) => [...watchers]),
    );
    return [...whole, ...placed, ...this.#byLabels.all()];
  }

  offer(change: StateChange<T>): void {
    const { key, before, after } = change;
    if (this.#byKey.size > 0) this.#offerTo(this.#byKey.get(key), change);
    if (this.#byPosting.size > 0) {
      for (const at of after?.postings ?? []) this.#offerTo(this.#byPosting.get(at), change);
      for (const at of before?.postings ?? []) {
        if (after?.postings.includes(at) !== true) this.#offerTo(this.#byPosting.get(at), change);
      }
    }
    if (this.#byLabels.size > 0) this.#offerTo(this.#byLabels.concernedBy(change), change);
    if (this.#byFolder.size === 0 && this.#crowds.size === 0) return;
    for (let slash = key.indexOf('/'); slash >= 0; slash = key.indexOf('/', slash + 1)) {
      const folder = key.slice(0, slash + 1);
      this.#offerTo(this.#byFolder.get(folder), change);
      this.#tell(this.#crowds.get(folder), change);
    }
    this.#offerTo(this.#byFolder.get(''), change);
  }

  /**
   * Ends an upstream batch, with which the cache came to `revision`: wakes the readers that it concerned, at once
   * after a quiet time. Waking a thousand readers a thousand times a second would be a million replies; so the more
   * were woken, the longer the next ones gather.
   */
  flush(revision: Revision): void {
    this.#batch++;
    this.#revision = revision;
    this.#schedule();
  }

  #schedule(): void {
    if ((this.#touched.length === 0 && this.#touchedCrowds.size === 0) || this.#wakeIsSet) return;
    this.#wakeIsSet = true;
    const waitMs = this.#nextWakeMs - this.#clock.monotonicMs();
    if (waitMs <= 0) this.#wake(this.#wakes());
    else this.#clock.after(waitMs, () => this.#wake(this.#wakes()));
  }

  /** Not more in one turn of the event loop than it takes well: each of them has something to write now. */
  #wake(wakes: Iterator<void>, before = 0): void {
    let woken = before;
    while (wakes.next().done !== true) {
      woken++;
      if (woken % atOnce !== 0) continue;
      setImmediate(() => this.#wake(wakes, woken));
      return;
    }
    this.#wakeIsSet = false;
    if (woken >= many) {
      const restMs = Math.min(maxRestMs, woken * restMsPerReader);
      this.#nextWakeMs = this.#clock.monotonicMs() + restMs;
    }
    this.#schedule();
  }

  /** One reader at each step. */
  *#wakes(): Generator<void, void, undefined> {
    const touched = this.#touched;
    const crowds = [...this.#touchedCrowds];
    this.#touched = [];
    this.#touchedCrowds.clear();
    for (const watcher of touched) {
      try {
        watcher.wake();
      } catch (error) {
        this.#onFailure(watcher, error);
      }
      yield;
    }
    for (const crowd of crowds) yield* crowd.wake(this.#revision, this.#onFailure);
  }

  /** Ends the one watch: if its failure ended the round, those behind it would never be woken again. */
  readonly #onFailure = (watcher: CacheWatcher<T>, cause: unknown): void => {
    const failure = new Error(`Cannot wake a watch of "${watcher.scope.prefix}": it is ended`, { cause });
    watcher.fail(failure);
    this.#onError(failure);
  };

  #join(watcher: CacheWatcher<T>): void {
    const { prefix } = watcher.scope;
    const crowd = this.#crowds.get(prefix) ?? new Crowd<T>();
    this.#crowds.set(prefix, crowd);
    crowd.watchers.add(watcher);
    watcher.join(crowd);
  }

  #removed(watcher: CacheWatcher<T>): boolean {
    const { scope } = watcher;
    if (scope.isWhole) {
      const crowd = this.#crowds.get(scope.prefix);
      if (crowd?.watchers.delete(watcher) !== true) return false;
      if (crowd.watchers.size === 0) this.#crowds.delete(scope.prefix);
      return true;
    }
    const place = this.#place(watcher);
    if (place === undefined) return this.#byLabels.remove(watcher);
    const [table, at] = place;
    return deleteFrom(table, at, watcher);
  }

  #tell(crowd: Crowd<T> | undefined, change: StateChange<T>): void {
    if (crowd === undefined) return;
    crowd.push(change, change.bytes + eventOverheadBytes, this.#batch);
    this.#touchedCrowds.add(crowd);
  }

  #offerTo(watchers: Iterable<CacheWatcher<T>> | undefined, change: StateChange<T>): void {
    if (watchers === undefined) return;
    for (const watcher of watchers) {
      if (!change.key.startsWith(watcher.scope.prefix)) continue;
      if (watcher.offer(change, this.#batch)) this.#touched.push(watcher);
    }
  }

  /** Undefined for those that only labels tell apart. */
  #place({ scope }: CacheWatcher<T>): [Map<string, Set<CacheWatcher<T>>>, string] | undefined {
    if (scope.key !== undefined) return [this.#byKey, scope.key];
    if (scope.posting !== undefined) return [this.#byPosting, scope.posting];
    if (scope.labels !== undefined) return undefined;
    return [this.#byFolder, scope.prefix.slice(0, scope.prefix.lastIndexOf('/') + 1)];
  }
}

/** As many as have written within some ten milliseconds; each further turn of a busy event loop makes the last later. */
const atOnce = 256;
/** Fewer readers than this are woken again without a rest. */
const many = 64;
const restMsPerReader = 0.02;
const maxRestMs = 20;
