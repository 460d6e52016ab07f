import type { ClusterView } from '../cluster/cluster-state.ts';
import type { PodFacts } from '../cluster/pod-facts.ts';
import type { NodeFilter, Plugin, Refusal } from '../framework/plugin.ts';
import { termsOf, type Term, type Terms } from './affinity-terms.ts';

/** What a required affinity of a Pod already placed weighs for those it wants near it (upstream's default). */
const hardAffinityWeight = 1;

const affinityRefusal: Refusal = { reason: "node(s) didn't match pod affinity rules", resolvable: false };
const antiAffinityRefusal: Refusal = {
  reason: "node(s) didn't match pod anti-affinity rules",
  resolvable: true,
};
const existingRefusal: Refusal = {
  reason: "node(s) didn't satisfy existing pods anti-affinity rules",
  resolvable: true,
};

/** Keeps Pods near those they want near and away from those they do not, and from those that do not want them. */
export const interPodAffinity: Plugin = {
  name: 'InterPodAffinity',

  filter(facts, cluster) {
    if (!facts.shape.isMinded && cluster.mindedPods === 0) return undefined;
    return new AffinityFilter(facts, cluster);
  },

  score(facts, cluster) {
    if (termsOf(facts, cluster).preferred.length === 0 && cluster.mindedPods === 0) return undefined;
    const scorer = new AffinityScorer(facts, cluster);
    return {
      scope: 'pods',
      score: (slot) => scorer.score(slot),
      normalize: stretch,
      dispose: () => scorer.dispose(),
    };
  },

  mayHelp(event, { pod }) {
    switch (event.kind) {
      case 'pod-placed':
        return pod.spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution !== undefined;
      default:
        return true;
    }
  },
};

/** Sums of weights by the domains of one topology. */
class DomainSums {
  readonly #cluster: ClusterView;
  readonly #topologyKey: string;
  readonly #sums = new Map<number, number>();
  total = 0;

  constructor(cluster: ClusterView, topologyKey: string) {
    this.#cluster = cluster;
    this.#topologyKey = topologyKey;
  }

  hasLabel(slot: number): boolean {
    return this.#domainAt(slot) >= 0;
  }

  at(slot: number): number {
    return this.#sums.get(this.#domainAt(slot)) ?? 0;
  }

  add(slot: number, change: number): void {
    const domain = this.#domainAt(slot);
    if (domain < 0) return;
    this.#sums.set(domain, (this.#sums.get(domain) ?? 0) + change);
    this.total += change;
  }

  clear(): void {
    this.#sums.clear();
    this.total = 0;
  }

  #domainAt(slot: number): number {
    return this.#cluster.topologyOf(this.#topologyKey).domainOf[slot] ?? -1;
  }
}

/** Keeps sums up to date as Pods come and go, and makes them anew when nodes or namespaces change. */
abstract class AffinityCounter {
  protected readonly facts: PodFacts;
  protected readonly cluster: ClusterView;
  readonly #endObserving: () => void;
  #isStale = true;

  constructor(facts: PodFacts, cluster: ClusterView) {
    this.facts = facts;
    this.cluster = cluster;
    this.#endObserving = cluster.observe({
      podMoved: (slot, moved, sign) => {
        if (!this.#isStale) this.podMoved(slot, moved, sign);
      },
      nodeChanged: () => (this.#isStale = true),
      namespaceChanged: () => (this.#isStale = true),
    });
  }

  protected abstract podMoved(slot: number, moved: PodFacts, sign: 1 | -1): void;
  protected abstract clear(): void;
  /** Whether Pods without terms of their own matter. */
  protected abstract get mindsAll(): boolean;

  protected refresh(): void {
    if (!this.#isStale) return;
    this.#isStale = false;
    this.clear();
    for (const slot of this.cluster.nodes.order) {
      const pods = this.mindsAll ? this.cluster.podsAt(slot) : this.cluster.mindedPodsAt(slot);
      for (const facts of pods) this.podMoved(slot, facts, 1);
    }
  }

  dispose(): void {
    this.#endObserving();
  }
}

class AffinityFilter extends AffinityCounter implements NodeFilter {
  readonly scope = 'pods';
  readonly #terms: Terms;
  readonly #wanted: readonly DomainSums[];
  readonly #unwanted: readonly DomainSums[];
  /** Where Pods are that do not want this one near, by topology. */
  readonly #unwelcome = new Map<string, DomainSums>();
  readonly #wantsItself: boolean;

  constructor(facts: PodFacts, cluster: ClusterView) {
    super(facts, cluster);
    this.#terms = termsOf(facts, cluster);
    const { requiredAffinity, requiredAntiAffinity } = this.#terms;
    this.#wanted = requiredAffinity.map(({ topologyKey }) => new DomainSums(cluster, topologyKey));
    this.#unwanted = requiredAntiAffinity.map(({ topologyKey }) => new DomainSums(cluster, topologyKey));
    this.#wantsItself = matchesAll(requiredAffinity, facts);
  }

  allows(slot: number): boolean {
    return this.#refusal(slot) === undefined;
  }

  explain(slot: number): readonly Refusal[] {
    const refusal = this.#refusal(slot);
    return refusal === undefined ? [] : [refusal];
  }

  #refusal(slot: number): Refusal | undefined {
    this.refresh();
    if (!this.#isWanted(slot)) return affinityRefusal;
    if (this.#unwanted.some((sums) => sums.at(slot) > 0)) return antiAffinityRefusal;
    for (const sums of this.#unwelcome.values()) if (sums.at(slot) > 0) return existingRefusal;
    return undefined;
  }

  #isWanted(slot: number): boolean {
    if (this.#wanted.every((sums) => sums.at(slot) > 0)) return true;
    // The first of Pods that want to be together has nobody to join.
    const isFirst = this.#wantsItself && this.#wanted.every((sums) => sums.total === 0);
    return isFirst && this.#wanted.every((sums) => sums.hasLabel(slot));
  }

  protected override get mindsAll(): boolean {
    return this.#wanted.length > 0 || this.#unwanted.length > 0;
  }

  protected override podMoved(slot: number, moved: PodFacts, sign: 1 | -1): void {
    const { requiredAffinity, requiredAntiAffinity } = this.#terms;
    if (requiredAffinity.length > 0 && matchesAll(requiredAffinity, moved)) {
      for (const sums of this.#wanted) sums.add(slot, sign);
    }
    requiredAntiAffinity.forEach((term, i) => {
      if (term.matches(moved)) this.#unwanted[i]?.add(slot, sign);
    });
    if (!moved.shape.isMinded) return;
    for (const term of termsOf(moved, this.cluster).requiredAntiAffinity) {
      if (term.matches(this.facts)) this.#unwelcomeBy(term.topologyKey).add(slot, sign);
    }
  }

  protected override clear(): void {
    for (const sums of [...this.#wanted, ...this.#unwanted]) sums.clear();
    this.#unwelcome.clear();
  }

  #unwelcomeBy(topologyKey: string): DomainSums {
    const sums = this.#unwelcome.get(topologyKey) ?? new DomainSums(this.cluster, topologyKey);
    this.#unwelcome.set(topologyKey, sums);
    return sums;
  }
}

class AffinityScorer extends AffinityCounter {
  readonly #terms: Terms;
  readonly #sums = new Map<string, DomainSums>();

  constructor(facts: PodFacts, cluster: ClusterView) {
    super(facts, cluster);
    this.#terms = termsOf(facts, cluster);
  }

  score(slot: number): number {
    this.refresh();
    let total = 0;
    for (const sums of this.#sums.values()) total += sums.at(slot);
    return total;
  }

  protected override get mindsAll(): boolean {
    return this.#terms.preferred.length > 0;
  }

  protected override podMoved(slot: number, moved: PodFacts, sign: 1 | -1): void {
    for (const { topologyKey, weight, matches } of this.#terms.preferred) {
      if (matches(moved)) this.#by(topologyKey).add(slot, sign * weight);
    }
    if (!moved.shape.isMinded) return;
    const theirs = termsOf(moved, this.cluster);
    for (const { topologyKey, weight, matches } of theirs.preferred) {
      if (matches(this.facts)) this.#by(topologyKey).add(slot, sign * weight);
    }
    for (const { topologyKey, matches } of theirs.requiredAffinity) {
      if (matches(this.facts)) this.#by(topologyKey).add(slot, sign * hardAffinityWeight);
    }
  }

  protected override clear(): void {
    this.#sums.clear();
  }

  #by(topologyKey: string): DomainSums {
    const sums = this.#sums.get(topologyKey) ?? new DomainSums(this.cluster, topologyKey);
    this.#sums.set(topologyKey, sums);
    return sums;
  }
}

function matchesAll(terms: readonly Term[], facts: PodFacts): boolean {
  return terms.every((term) => term.matches(facts));
}

/** Stretches the sums, which may be negative, over 0 to 100 (upstream: interpodaffinity/scoring.go). */
function stretch(sums: Float64Array, count: number): void {
  let lowest = Infinity;
  let highest = -Infinity;
  for (let i = 0; i < count; i++) {
    lowest = Math.min(lowest, sums[i] as number);
    highest = Math.max(highest, sums[i] as number);
  }
  const range = highest - lowest;
  for (let i = 0; i < count; i++) {
    sums[i] = range === 0 ? 0 : Math.trunc((100 * ((sums[i] as number) - lowest)) / range);
  }
}
