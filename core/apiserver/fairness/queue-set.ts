import type { Clock } from '../../machinery/clock.ts';
import { hand } from './shuffle-sharding.ts';

export interface QueueSetLimits {
  /** How many seats may be taken at once. */
  readonly seats: number;
  /** Absent: whoever finds no seat is turned away. */
  readonly queuing?:
    { readonly queues: number; readonly handSize: number; readonly queueLengthLimit: number } | undefined;
}

/** Upstream's reasons for turning a request away. */
export type Refusal = 'concurrency-limit' | 'queue-full' | 'time-out' | 'cancelled';

export interface SeatRequest {
  readonly seats: number;
  /** Of the flow; asked for only where the request has to wait. */
  readonly hash: () => bigint;
  readonly signal: AbortSignal;
  /** Called when it waits, and when it no longer does. */
  readonly onQueued: (waits: boolean) => void;
}

/** Seats that were given; returned exactly once. */
export interface GivenSeats {
  release(): void;
}

/** Of a request that has not run yet: what it is reckoned to take (flowcontrol/fairqueuing/queueset). */
const expectedMs = 3;

interface Waiting {
  readonly seats: number;
  readonly settle: (outcome: GivenSeats | Refusal) => void;
}

interface Queue {
  waiting: Waiting[];
  waitingSeats: number;
  executingSeats: number;
  /** In seat-milliseconds of virtual time: when its next request would begin if all shared equally. */
  next: number;
}

/**
 * The seats of one priority level and those who wait for them. Flows wait in queues, and the queue that has had the
 * least so far goes first (start-time fair queuing): however many requests a flow sends, it gets no more than its
 * part. As long as there are seats, it is two additions.
 */
export class QueueSet {
  readonly #clock: Clock;
  readonly #waitLimitMs: number;
  #limits: QueueSetLimits;
  #queues: Queue[] = [];
  /** Those with somebody in them; some may be of an earlier configuration. */
  readonly #occupied = new Set<Queue>();
  #taken = 0;
  #virtualNow = 0;

  constructor(clock: Clock, limits: QueueSetLimits, waitLimitMs: number) {
    this.#clock = clock;
    this.#waitLimitMs = waitLimitMs;
    this.#limits = limits;
    this.#makeQueues();
  }

  get takenSeats(): number {
    return this.#taken;
  }

  configure(limits: QueueSetLimits): void {
    const queues = this.#limits.queuing?.queues;
    this.#limits = limits;
    if (limits.queuing?.queues !== queues) this.#makeQueues();
    this.#dispatch();
  }

  /** At once where there is a seat. Resolves to why not where there is none for it. */
  enter(request: SeatRequest): GivenSeats | Refusal | Promise<GivenSeats | Refusal> {
    const { seats } = request;
    if (this.#occupied.size === 0 && this.#fits(seats)) return this.#give(seats, undefined);
    const { queuing } = this.#limits;
    if (queuing === undefined) return 'concurrency-limit';
    if (request.signal.aborted) return 'cancelled';
    const queue = this.#choose(request.hash(), queuing.handSize);
    if (queue === undefined || queue.waiting.length >= queuing.queueLengthLimit) return 'queue-full';
    return this.#wait(request, queue);
  }

  #wait({ seats, signal, onQueued }: SeatRequest, queue: Queue): Promise<GivenSeats | Refusal> {
    return new Promise((resolve) => {
      const leave = (why: Refusal) => {
        queue.waiting.splice(queue.waiting.indexOf(waiting), 1);
        queue.waitingSeats -= seats;
        if (queue.waiting.length === 0) this.#occupied.delete(queue);
        waiting.settle(why);
        // It may have been the one that was too wide for the seats there are.
        this.#dispatch();
      };
      const cancelTimer = this.#clock.after(this.#waitLimitMs, () => leave('time-out'));
      const onAbort = () => leave('cancelled');
      signal.addEventListener('abort', onAbort, { once: true });
      const waiting: Waiting = {
        seats,
        settle: (outcome) => {
          cancelTimer();
          signal.removeEventListener('abort', onAbort);
          onQueued(false);
          resolve(outcome);
        },
      };
      // Whoever had nothing to do does not save up for later.
      if (queue.waiting.length === 0 && queue.executingSeats === 0)
        queue.next = Math.max(queue.next, this.#virtualNow);
      queue.waiting.push(waiting);
      queue.waitingSeats += seats;
      this.#occupied.add(queue);
      onQueued(true);
      this.#dispatch();
    });
  }

  /** The shortest of the flow's hand. */
  #choose(hash: bigint, handSize: number): Queue | undefined {
    let best: Queue | undefined;
    for (const card of hand(hash, this.#queues.length, handSize)) {
      const queue = this.#queues[card];
      if (queue === undefined) continue;
      if (best === undefined || workOf(queue) < workOf(best)) best = queue;
    }
    return best;
  }

  #dispatch(): void {
    while (this.#occupied.size > 0) {
      let first: Queue | undefined;
      for (const queue of this.#occupied) if (first === undefined || queue.next < first.next) first = queue;
      const waiting = first?.waiting[0];
      // The one whose turn it is waits for as many seats as it needs: narrow ones do not overtake it for ever.
      if (first === undefined || waiting === undefined || !this.#fits(waiting.seats)) return;
      first.waiting.shift();
      first.waitingSeats -= waiting.seats;
      if (first.waiting.length === 0) this.#occupied.delete(first);
      this.#virtualNow = Math.max(this.#virtualNow, first.next);
      first.next += expectedMs * waiting.seats;
      waiting.settle(this.#give(waiting.seats, first));
    }
  }

  #fits(seats: number): boolean {
    // What is wider than everything gets everything.
    return this.#taken + seats <= this.#limits.seats || this.#taken === 0;
  }

  #give(seats: number, queue: Queue | undefined): GivenSeats {
    this.#taken += seats;
    const beganMs = queue === undefined ? 0 : this.#clock.monotonicMs();
    if (queue !== undefined) queue.executingSeats += seats;
    let released = false;
    return {
      release: () => {
        if (released) return;
        released = true;
        this.#taken -= seats;
        if (queue !== undefined) {
          queue.executingSeats -= seats;
          // What it took is known now.
          queue.next += (this.#clock.monotonicMs() - beganMs - expectedMs) * seats;
        }
        if (this.#occupied.size > 0) this.#dispatch();
      },
    };
  }

  #makeQueues(): void {
    const make = () => ({ waiting: [], waitingSeats: 0, executingSeats: 0, next: this.#virtualNow });
    this.#queues = Array.from({ length: this.#limits.queuing?.queues ?? 0 }, make);
  }
}

function workOf({ waitingSeats, executingSeats }: Queue): number {
  return waitingSeats + executingSeats;
}
