import type { Connection } from '../../../core/client/grpc/connection.ts';
import type { EtcdStore } from '../../../core/storage/etcd/store.ts';
import { atMost, durationOf, median } from '../measure.ts';
import type { Measurement } from '../measure.ts';
import type { Child } from './child.ts';
import type { Clients } from './http2-client.ts';
import type { LoopReport } from './loop-watch.ts';
import { sharedNowMs } from './lateness.ts';

/** Everything that is measured, each part a process of its own: core, its etcd, the floor, and the clients here. */
export interface Bench {
  readonly core: Child;
  readonly floor: Child;
  readonly clients: Clients;
  /** The same over gRPC, each client with a connection of its own. */
  readonly grpc: readonly Connection[];
  readonly floorClients: Clients;
  /** Straight to etcd, for floors. */
  readonly store: EtcdStore;
  readonly stalls: Stalls;
}

export const storedPods = 10_000;
export const clientCount = 64;
export const podsPath = '/api/v1/namespaces/default/pods';

export function podPath(index: number): string {
  return `${podsPath}/pod-${index % storedPods}`;
}

/** A change that says when it was sent. */
export function touch() {
  return {
    method: 'PATCH',
    contentType: 'application/merge-patch+json',
    body: JSON.stringify({ metadata: { annotations: { sent: String(sharedNowMs()) } } }),
  };
}

/**
 * The longest stalls of core's event loop in all that is measured, beside those of the floor. Of the rounds of a phase
 * the middle one counts: one is the first, in which everything is compiled, and in one the machine did something else.
 */
export class Stalls {
  readonly #core = new Map<string, number[]>();
  readonly #floor = new Map<string, number[]>();

  /** One round of a phase, with reports of both processes. */
  async round<T>(
    phase: string,
    { core, floor }: Pick<Bench, 'core' | 'floor'>,
    work: () => Promise<T>,
  ): Promise<T> {
    const reports = () => Promise.all([core.call<LoopReport>('report'), floor.call<LoopReport>('report')]);
    await reports();
    const result = await work();
    const [ours, bare] = await reports();
    keep(this.#core, phase, ours.stallMs);
    keep(this.#floor, phase, bare.stallMs);
    return result;
  }

  measurements(): readonly Measurement[] {
    const longest = (of: (rounds: readonly number[]) => number) =>
      [...this.#core]
        .map(([phase, rounds]) => [phase, of(rounds)] as const)
        .reduce((a, b) => (b[1] > a[1] ? b : a), ['', 0]);
    const [phase, usual] = longest(median);
    const [worstPhase, worst] = longest((rounds) => Math.max(...rounds));
    const floor = [...this.#floor.values()];
    return [
      atMost(
        `longest stall of core's event loop in a round (${phase})`,
        usual,
        50,
        'ms',
        Math.max(0, ...floor.map(median)),
      ),
      durationOf(`… in the worst of all rounds (${worstPhase})`, worst, Math.max(0, ...floor.flat())),
    ];
  }
}

function keep(stalls: Map<string, number[]>, phase: string, ms: number): void {
  stalls.set(phase, [...(stalls.get(phase) ?? []), ms]);
}
