import type { Lease } from '../../api/generated/coordination-v1.ts';
import type { Node } from '../../api/generated/core-v1.ts';
import type { Clock } from '../../machinery/clock.ts';

interface Heartbeat {
  /** What the node says of itself; only that it changes counts. */
  renewTime: string | undefined;
  reportTime: string | undefined;
  /** When it last changed, on our own clock. */
  seenMs: number;
}

/**
 * When each node was last heard of. The times that nodes write are compared and never reckoned with: their clocks
 * may be hours off.
 */
export class Heartbeats {
  readonly #clock: Clock;
  readonly #nodes = new Map<string, Heartbeat>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  leaseSeen({ metadata: { name = '' }, spec }: Lease): void {
    const heartbeat = this.#of(name);
    if (heartbeat.renewTime === spec.renewTime) return;
    heartbeat.renewTime = spec.renewTime;
    heartbeat.seenMs = this.#clock.monotonicMs();
  }

  nodeSeen({ metadata: { name = '' }, status }: Node): void {
    const heartbeat = this.#of(name);
    const reportTime = status.conditions?.find(({ type }) => type === 'Ready')?.lastHeartbeatTime;
    if (heartbeat.reportTime === reportTime) return;
    heartbeat.reportTime = reportTime;
    heartbeat.seenMs = this.#clock.monotonicMs();
  }

  /** Milliseconds since the node was heard of, or since we began to listen. */
  silenceMs(name: string): number {
    return this.#clock.monotonicMs() - this.#of(name).seenMs;
  }

  /** Begins to listen anew: when nothing could be heard for reasons of our own. */
  restartAll(): void {
    for (const heartbeat of this.#nodes.values()) heartbeat.seenMs = this.#clock.monotonicMs();
  }

  forget(name: string): void {
    this.#nodes.delete(name);
  }

  #of(name: string): Heartbeat {
    const known = this.#nodes.get(name);
    if (known !== undefined) return known;
    const heartbeat = { renewTime: undefined, reportTime: undefined, seenMs: this.#clock.monotonicMs() };
    this.#nodes.set(name, heartbeat);
    return heartbeat;
  }
}
