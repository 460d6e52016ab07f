import { StatusError } from '../../api/errors.ts';
import type { FlowSchema, PriorityLevelConfiguration } from '../../api/generated/flowcontrol-v1.ts';
import type { UserInfo } from '../../api/verbs.ts';
import type { Clock } from '../../machinery/clock.ts';
import type { MetricFamily } from '../../machinery/metrics/metrics.ts';
import type { RequestAttributes } from '../requests/attributes.ts';
import { currentSeats, seatLimits } from './allocation.ts';
import type { SeatLimits } from './allocation.ts';
import {
  catchAllLevel,
  catchAllSchema,
  exemptLevel,
  exemptSchema,
  suggestedLevels,
  suggestedSchemas,
} from './built-in.ts';
import { FlowMetrics } from './flow-metrics.ts';
import type { FlowCounts } from './flow-metrics.ts';
import { matches } from './matching.ts';
import { QueueSet } from './queue-set.ts';
import type { GivenSeats, QueueSetLimits, Refusal } from './queue-set.ts';
import { SeatDemand } from './seat-demand.ts';
import { flowHash } from './shuffle-sharding.ts';
import { seatsFor } from './work-estimate.ts';
import type { CountObjects } from './work-estimate.ts';

export interface FairnessOptions {
  readonly clock: Clock;
  /** How many seats all levels share (upstream: --max-requests-inflight and --max-mutating-requests-inflight). */
  readonly serverSeats: number;
  readonly count: CountObjects;
}

/** What a request was taken for; shown to its client. */
export interface Classification {
  readonly schemaUid: string | undefined;
  readonly levelUid: string | undefined;
}

/** The right to be served; given back once. */
export interface Seat {
  release(): void;
}

interface Level {
  readonly object: PriorityLevelConfiguration;
  readonly limits: SeatLimits;
  current: number;
  readonly demand: SeatDemand;
  /** Undefined: exempt. */
  readonly queues: QueueSet | undefined;
}

interface Flow {
  readonly schema: FlowSchema;
  readonly level: Level;
  readonly counts: FlowCounts;
}

/** A quarter of a request's time, as upstream. */
const waitLimitMs = 15_000;
const retryAfterSeconds = 1;

/**
 * API Priority and Fairness (KEP-1040): who asks for what belongs to a flow, a flow to a level, and a level has seats.
 * Until the cluster's own objects are known, the built-in ones hold.
 */
export class Fairness {
  readonly #options: FairnessOptions;
  readonly #metrics = new FlowMetrics();
  #levels = new Map<string, Level>();
  #flows: readonly Flow[] = [];

  constructor(options: FairnessOptions) {
    this.#options = options;
    this.configure([], []);
  }

  get families(): readonly MetricFamily[] {
    return this.#metrics.families(() =>
      [...this.#levels.values()].map(({ object, limits, current, demand }) => ({
        name: object.metadata.name ?? '',
        ...limits,
        current,
        demand: demand.seats,
      })),
    );
  }

  /** What the cluster's objects say from now on. Those that must be there are there, whether they are stored or not. */
  configure(levels: readonly PriorityLevelConfiguration[], schemas: readonly FlowSchema[]): void {
    const { clock, serverSeats } = this.#options;
    const wanted = levels.length === 0 ? suggestedLevels : levels;
    const all = [...missing([exemptLevel, catchAllLevel], wanted), ...wanted];
    const limits = seatLimits(
      all.map(({ spec }) => spec),
      serverSeats,
    );
    const next = new Map<string, Level>();
    for (const [index, object] of all.entries()) {
      const name = object.metadata.name ?? '';
      const own = limits[index] ?? { nominal: 0, lower: 0, upper: 0 };
      const before = this.#levels.get(name);
      // Those who hold a seat give it back where they took it; what they had before is what the next while begins with.
      const current = before === undefined ? own.nominal : clamp(before.current, own);
      next.set(name, {
        object,
        limits: own,
        current,
        demand: before?.demand ?? new SeatDemand(clock),
        queues: this.#queuesOf(object, current, before),
      });
    }
    this.#levels = next;
    const ranked = schemas.length === 0 ? suggestedSchemas : schemas;
    this.#flows = [...missing([exemptSchema, catchAllSchema], ranked), ...ranked]
      .toSorted(byPrecedence)
      .flatMap((schema) => {
        // A schema whose level is not there is for nobody.
        const level = next.get(schema.spec.priorityLevelConfiguration.name);
        if (level === undefined) return [];
        return [
          {
            schema,
            level,
            counts: this.#metrics.flow(level.object.metadata.name ?? '', schema.metadata.name ?? ''),
          },
        ];
      });
  }

  /** Lends seats that are not used to levels that want more; call it every ten seconds. */
  rebalance(): void {
    const levels = [...this.#levels.values()];
    const { seats } = currentSeats(
      levels.map(({ limits }) => limits),
      levels.map(({ demand }) => demand.take()),
    );
    for (const [index, level] of levels.entries()) {
      const current = seats[index] ?? level.current;
      if (current === level.current) continue;
      level.current = current;
      level.queues?.configure(queueLimits(level.object, current));
    }
  }

  /**
   * A seat, at once where there is one. Rejects with TooManyRequests, or with the signal's reason. Streams need none;
   * a watch gives its own back when it is under way.
   */
  enter(
    request: RequestAttributes,
    user: UserInfo,
    signal: AbortSignal,
    onClassified: (classification: Classification) => void,
  ): Seat | undefined | Promise<Seat> {
    if (request.longRunning && request.verb !== 'watch') return undefined;
    const flow = this.#flows.find(({ schema }) => matches(schema, user, request));
    // The last one is for everybody.
    if (flow === undefined) return undefined;
    const { schema, level, counts } = flow;
    onClassified({ schemaUid: schema.metadata.uid, levelUid: level.object.metadata.uid });
    const seats = seatsFor(request, this.#options.count, level.limits.nominal);
    level.demand.add(seats);
    if (level.queues === undefined) return this.#seated(flow, seats, undefined);
    const entered = level.queues.enter({
      seats,
      hash: () => flowHash(schema.metadata.name ?? '', distinguisher(schema, user, request)),
      signal,
      onQueued: (waits) => {
        counts.queued += waits ? 1 : -1;
        counts.queuedSeats += waits ? seats : -seats;
      },
    });
    if (entered instanceof Promise) return this.#afterWaiting(flow, seats, entered, signal);
    if (typeof entered === 'string') throw this.#refused(flow, seats, entered);
    return this.#seated(flow, seats, entered);
  }

  async #afterWaiting(
    flow: Flow,
    seats: number,
    entered: Promise<GivenSeats | Refusal>,
    signal: AbortSignal,
  ): Promise<Seat> {
    const { clock } = this.#options;
    const beganMs = clock.monotonicMs();
    const outcome = await entered;
    const waitedSeconds = (clock.monotonicMs() - beganMs) / 1_000;
    if (typeof outcome !== 'string') {
      flow.counts.waited.observe(waitedSeconds);
      return this.#seated(flow, seats, outcome);
    }
    flow.counts.waitedInVain.observe(waitedSeconds);
    const refused = this.#refused(flow, seats, outcome);
    signal.throwIfAborted();
    throw refused;
  }

  #seated({ level, counts }: Flow, seats: number, given: GivenSeats | undefined): Seat {
    const { clock } = this.#options;
    const beganMs = clock.monotonicMs();
    counts.dispatched.value++;
    counts.executing++;
    counts.executingSeats += seats;
    let released = false;
    return {
      release() {
        if (released) return;
        released = true;
        counts.executing--;
        counts.executingSeats -= seats;
        counts.executed.observe((clock.monotonicMs() - beganMs) / 1_000);
        level.demand.add(-seats);
        given?.release();
      },
    };
  }

  #refused({ level, counts }: Flow, seats: number, why: Refusal): StatusError {
    level.demand.add(-seats);
    counts.refused(why).value++;
    return new StatusError('TooManyRequests', 'Too many requests, please try again later.', {
      retryAfterSeconds,
    });
  }

  #queuesOf(
    object: PriorityLevelConfiguration,
    seats: number,
    before: Level | undefined,
  ): QueueSet | undefined {
    if (object.spec.type === 'Exempt') return undefined;
    const limits = queueLimits(object, seats);
    if (before?.queues === undefined) return new QueueSet(this.#options.clock, limits, waitLimitMs);
    before.queues.configure(limits);
    return before.queues;
  }
}

function queueLimits({ spec }: PriorityLevelConfiguration, seats: number): QueueSetLimits {
  const { limitResponse } = spec.limited ?? {};
  const { queues = 64, handSize = 8, queueLengthLimit = 50 } = limitResponse?.queuing ?? {};
  return {
    seats,
    ...(limitResponse?.type === 'Queue' ? { queuing: { queues, handSize, queueLengthLimit } } : {}),
  };
}

function distinguisher({ spec }: FlowSchema, user: UserInfo, { resource }: RequestAttributes): string {
  switch (spec.distinguisherMethod?.type) {
    case 'ByUser':
      return user.name;
    case 'ByNamespace':
      return resource?.namespace ?? '';
    default:
      return '';
  }
}

function missing<T extends PriorityLevelConfiguration | FlowSchema>(
  needed: readonly T[],
  present: readonly T[],
): readonly T[] {
  const names = new Set(present.map(({ metadata }) => metadata.name));
  return needed.filter(({ metadata }) => !names.has(metadata.name));
}

function byPrecedence(one: FlowSchema, other: FlowSchema): number {
  const difference = (one.spec.matchingPrecedence ?? 1000) - (other.spec.matchingPrecedence ?? 1000);
  return difference !== 0 ? difference : (one.metadata.name ?? '') < (other.metadata.name ?? '') ? -1 : 1;
}

function clamp(seats: number, { lower, upper }: SeatLimits): number {
  return Math.max(lower, Math.min(upper, seats));
}
