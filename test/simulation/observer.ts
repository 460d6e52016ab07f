import type { ReplicaSet } from '../../core/api/generated/apps-v1.ts';
import type { Pod } from '../../core/api/generated/core-v1.ts';
import { pods, replicasets } from '../../core/api/generated/resources.ts';
import type { Client } from '../../core/client/client.ts';
import { controllerOf } from '../../core/controllers/runtime/owner-references.ts';

/**
 * Sees every state that Pods and ReplicaSets pass through and notes what must never happen: more replicas than were
 * ever asked for, or a Pod that moves from one node to another.
 */
export class Observer {
  readonly violations: string[] = [];
  readonly #client: Client;
  readonly #nodeOf = new Map<string, string>();
  readonly #mostWanted = new Map<string, number>();
  readonly #active = new Map<string, Set<string>>();

  constructor(client: Client) {
    this.#client = client;
  }

  /** Watches until disposed. */
  start(): AsyncDisposable {
    const stop = new AbortController();
    const watching = Promise.all([this.#watchSets(stop.signal), this.#watchPods(stop.signal)]);
    return {
      async [Symbol.asyncDispose]() {
        stop.abort();
        await watching;
      },
    };
  }

  async #watchSets(signal: AbortSignal): Promise<void> {
    for await (const batch of this.#client.watch(replicasets, { signal })) {
      for (const event of batch) if (event.type !== 'BOOKMARK') this.#setSeen(event.object);
    }
  }

  async #watchPods(signal: AbortSignal): Promise<void> {
    for await (const batch of this.#client.watch(pods, { signal })) {
      // The two watches are not in step: a ReplicaSet that grew is asked itself before its Pods are counted.
      for (const event of batch) {
        if (event.type !== 'BOOKMARK') await this.#podSeen(event.object, event.type === 'DELETED');
      }
    }
  }

  #setSeen({ metadata: { uid = '' }, spec }: ReplicaSet): void {
    this.#mostWanted.set(uid, Math.max(spec.replicas ?? 1, this.#mostWanted.get(uid) ?? 0));
  }

  async #podSeen(pod: Pod, isGone: boolean): Promise<void> {
    const { uid = '', name = '', namespace, deletionTimestamp } = pod.metadata;
    const { nodeName } = pod.spec;
    const before = this.#nodeOf.get(uid);
    if (nodeName && before !== undefined && before !== nodeName) {
      this.violations.push(`Pod "${name}" moved from "${before}" to "${nodeName}"`);
    }
    if (nodeName) this.#nodeOf.set(uid, nodeName);
    const owner = controllerOf(pod);
    if (owner === undefined) return;
    const active = this.#active.get(owner.uid) ?? new Set();
    this.#active.set(owner.uid, active);
    const isActive =
      !isGone &&
      deletionTimestamp === undefined &&
      pod.status.phase !== 'Succeeded' &&
      pod.status.phase !== 'Failed';
    if (!isActive) {
      active.delete(uid);
      return;
    }
    active.add(uid);
    if (active.size <= (this.#mostWanted.get(owner.uid) ?? 0)) return;
    const set = await this.#client.get(replicasets, { namespace, name: owner.name }).catch(() => undefined);
    if (set?.metadata.uid === owner.uid) this.#setSeen(set);
    const wanted = this.#mostWanted.get(owner.uid) ?? 0;
    if (active.size > wanted) {
      this.violations.push(
        `ReplicaSet "${owner.name}" has ${active.size} Pods and never wanted over ${wanted}`,
      );
    }
  }
}
