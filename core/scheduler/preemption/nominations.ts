import type { ClusterState } from '../cluster/cluster-state.ts';
import type { PodFacts } from '../cluster/pod-facts.ts';

interface Nomination {
  readonly facts: PodFacts;
  readonly nodeName: string;
}

/**
 * Holds the room that is being made for Pods until they take it. Pods of lower or equal priority see it as taken;
 * one of higher priority that needs it takes it, and the nominated Pod has to look again.
 */
export class Nominations {
  readonly #cluster: ClusterState;
  readonly #byUid = new Map<string, Nomination>();

  constructor(cluster: ClusterState) {
    this.#cluster = cluster;
  }

  nominate(facts: PodFacts, slot: number): void {
    this.withdraw(facts.uid);
    const nodeName = this.#cluster.nodes.nameAt(slot);
    this.#byUid.set(facts.uid, { facts, nodeName });
    this.#cluster.assume(facts, slot);
  }

  /** Frees the room, for the Pod itself to be placed or because it needs none any more. Returns the node. */
  withdraw(uid: string): string | undefined {
    const nomination = this.#byUid.get(uid);
    if (nomination === undefined) return undefined;
    this.#byUid.delete(uid);
    this.#cluster.forget(uid);
    return nomination.nodeName;
  }

  has(uid: string): boolean {
    return this.#byUid.has(uid);
  }

  /** Whether any room was held for Pods of lower priority; it is free now. */
  yieldTo(priority: number): boolean {
    const lower = [...this.#byUid.values()].filter(({ facts }) => facts.priority < priority);
    for (const { facts } of lower) this.withdraw(facts.uid);
    return lower.length > 0;
  }
}
