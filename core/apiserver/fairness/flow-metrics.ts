import { Counter, Histogram, read } from '../../machinery/metrics/metrics.ts';
import type { Count, Distribution, MetricFamily } from '../../machinery/metrics/metrics.ts';
import type { Refusal } from './queue-set.ts';

const waitBounds = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];
const executionBounds = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];
const labels = ['priority_level', 'flow_schema'];

/** What is counted of the requests of one schema in one level: looked up when the schema is, and then only added to. */
export interface FlowCounts {
  executing: number;
  executingSeats: number;
  queued: number;
  queuedSeats: number;
  readonly dispatched: Count;
  readonly waited: Distribution;
  readonly waitedInVain: Distribution;
  readonly executed: Distribution;
  refused(why: Refusal): Count;
}

/** What a level tells about itself when it is asked. */
export interface LevelGauges {
  readonly name: string;
  readonly nominal: number;
  readonly lower: number;
  readonly upper: number;
  readonly current: number;
  readonly demand: number;
}

/** Upstream's metrics (util/flowcontrol/metrics), by their names. */
export class FlowMetrics {
  readonly #dispatched = new Counter(
    'apiserver_flowcontrol_dispatched_requests_total',
    'Requests that were let in.',
    labels,
  );
  readonly #rejected = new Counter(
    'apiserver_flowcontrol_rejected_requests_total',
    'Requests that were turned away, by why.',
    [...labels, 'reason'],
  );
  readonly #waited = new Histogram(
    'apiserver_flowcontrol_request_wait_duration_seconds',
    'Time that requests waited for their turn, in seconds.',
    [...labels, 'execute'],
    waitBounds,
  );
  readonly #executed = new Histogram(
    'apiserver_flowcontrol_request_execution_seconds',
    'Time that requests held their seats, in seconds.',
    labels,
    executionBounds,
  );
  readonly #flows = new Map<
    string,
    { readonly level: string; readonly schema: string; readonly counts: FlowCounts }
  >();

  flow(level: string, schema: string): FlowCounts {
    const key = `${level}\0${schema}`;
    const known = this.#flows.get(key);
    if (known !== undefined) return known.counts;
    const counts: FlowCounts = {
      executing: 0,
      executingSeats: 0,
      queued: 0,
      queuedSeats: 0,
      dispatched: this.#dispatched.of(level, schema),
      waited: this.#waited.of(level, schema, 'true'),
      waitedInVain: this.#waited.of(level, schema, 'false'),
      executed: this.#executed.of(level, schema),
      refused: (why) => this.#rejected.of(level, schema, why),
    };
    this.#flows.set(key, { level, schema, counts });
    return counts;
  }

  families(levels: () => Iterable<LevelGauges>): readonly MetricFamily[] {
    const ofFlow = (name: string, help: string, value: (counts: FlowCounts) => number) =>
      read('gauge', `apiserver_flowcontrol_${name}`, help, labels, () =>
        [...this.#flows.values()].map(({ level, schema, counts }) => [value(counts), level, schema] as const),
      );
    const ofLevel = (name: string, help: string, value: (level: LevelGauges) => number) =>
      read('gauge', `apiserver_flowcontrol_${name}`, help, ['priority_level'], () =>
        [...levels()].map((level) => [value(level), level.name] as const),
      );
    return [
      this.#dispatched,
      this.#rejected,
      this.#waited,
      this.#executed,
      ofFlow('current_inqueue_requests', 'Requests that wait.', ({ queued }) => queued),
      ofFlow('current_inqueue_seats', 'Seats that are waited for.', ({ queuedSeats }) => queuedSeats),
      ofFlow('current_executing_requests', 'Requests that hold seats.', ({ executing }) => executing),
      ofFlow('current_executing_seats', 'Seats that are held.', ({ executingSeats }) => executingSeats),
      ofLevel('nominal_limit_seats', 'Seats of a level by its shares.', ({ nominal }) => nominal),
      ofLevel('lower_limit_seats', 'Seats that a level keeps when it lends.', ({ lower }) => lower),
      ofLevel('upper_limit_seats', 'Seats that a level may have when it borrows.', ({ upper }) => upper),
      ofLevel('current_limit_seats', 'Seats of a level at this time.', ({ current }) => current),
      ofLevel('demand_seats', 'Seats that are held or waited for.', ({ demand }) => demand),
    ];
  }
}
