import type { Connection } from '../../../core/client/grpc/connection.ts';
import type { EtcdStore } from '../../../core/storage/etcd/store.ts';
import { atMost } from '../measure.ts';
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

/** The longest stall of core's event loop in anything that is measured, beside that of the floor. */
export class Stalls {
  readonly #core = new Map<string, number>();
  readonly #floor = new Map<string, number>();

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
    keepMost(this.#core, phase, ours.stallMs);
    keepMost(this.#floor, phase, bare.stallMs);
    return result;
  }

  measurement(): Measurement {
    const [phase, longest] = [...this.#core].reduce((a, b) => (b[1] > a[1] ? b : a), ['', 0]);
    const floor = Math.max(0, ...this.#floor.values());
    return atMost(`longest stall of core's event loop (${phase})`, longest, 50, 'ms', floor);
  }
}

function keepMost(stalls: Map<string, number>, phase: string, ms: number): void {
  stalls.set(phase, Math.max(ms, stalls.get(phase) ?? 0));
}
