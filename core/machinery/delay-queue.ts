import type { Clock } from './clock.ts';

interface Entry<K> {
  readonly key: K;
  dueMs: number;
  index: number;
}

/**
 * Hands each key out once its delay has passed, in order of time, with one timer however many keys wait.
 * A key that waits already keeps the earlier of its two times, as client-go's delaying queue.
 */
export class DelayQueue<K> {
  readonly #clock: Clock;
  readonly #onDue: (key: K) => void;
  readonly #heap: Entry<K>[] = [];
  readonly #entries = new Map<K, Entry<K>>();
  #cancelTimer: (() => void) | undefined;
  #timerDueMs = Infinity;

  constructor(clock: Clock, onDue: (key: K) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  get size(): number {
    return this.#heap.length;
  }

  add(key: K, delayMs: number): void {
    const dueMs = this.#clock.monotonicMs() + delayMs;
    const waiting = this.#entries.get(key);
    if (waiting === undefined) {
      const entry = { key, dueMs, index: this.#heap.length };
      this.#entries.set(key, entry);
      this.#heap.push(entry);
      this.#moveUp(entry);
    } else if (dueMs < waiting.dueMs) {
      waiting.dueMs = dueMs;
      this.#moveUp(waiting);
    }
    this.#arm();
  }

  clear(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#timerDueMs = Infinity;
    this.#heap.length = 0;
    this.#entries.clear();
  }

  #arm(): void {
    const first = this.#heap[0];
    if (first === undefined || this.#timerDueMs <= first.dueMs) return;
    this.#cancelTimer?.();
    this.#timerDueMs = first.dueMs;
    this.#cancelTimer = this.#clock.after(Math.max(0, first.dueMs - this.#clock.monotonicMs()), () =>
      this.#fire(),
    );
  }

  #fire(): void {
    this.#cancelTimer = undefined;
    this.#timerDueMs = Infinity;
    const nowMs = this.#clock.monotonicMs();
    // Timers of the platform may fire up to a millisecond early; waiting that bit again would only burn a turn.
    for (let first = this.#heap[0]; first !== undefined && first.dueMs <= nowMs + 1; first = this.#heap[0]) {
      this.#removeFirst(first);
      this.#onDue(first.key);
    }
    this.#arm();
  }

  #removeFirst(first: Entry<K>): void {
    this.#entries.delete(first.key);
    const last = this.#heap.pop() as Entry<K>;
    if (last === first) return;
    this.#heap[0] = last;
    last.index = 0;
    this.#moveDown(last);
  }

  #moveUp(entry: Entry<K>): void {
    while (entry.index > 0) {
      const parent = this.#heap[(entry.index - 1) >> 1] as Entry<K>;
      if (parent.dueMs <= entry.dueMs) return;
      this.#swap(parent, entry);
    }
  }

  #moveDown(entry: Entry<K>): void {
    for (;;) {
      const left = this.#heap[2 * entry.index + 1];
      const right = this.#heap[2 * entry.index + 2];
      const child = right !== undefined && left !== undefined && right.dueMs < left.dueMs ? right : left;
      if (child === undefined || child.dueMs >= entry.dueMs) return;
      this.#swap(entry, child);
    }
  }

  /** `upper` stands above `lower` and they change places. */
  #swap(upper: Entry<K>, lower: Entry<K>): void {
    const index = upper.index;
    this.#heap[index] = lower;
    this.#heap[lower.index] = upper;
    upper.index = lower.index;
    lower.index = index;
  }
}
