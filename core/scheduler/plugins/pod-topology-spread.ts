import type { Node, Pod, TopologySpreadConstraint } from '../../api/generated/core-v1.ts';
import { untolerated } from '../../api/taints.ts';
import { LabelSelector, selectorFromObject } from '../../machinery/label-selector.ts';
import type { ClusterView } from '../cluster/cluster-state.ts';
import { DomainCounts } from '../cluster/domain-counts.ts';
import type { PodFacts } from '../cluster/pod-facts.ts';
import type { Topology } from '../cluster/topology.ts';
import type { Plugin, Refusal } from '../framework/plugin.ts';
import { withLabelKeys } from './label-keys.ts';
import { requiredNodes } from './node-selectors.ts';

const reason = "node(s) didn't match pod topology spread constraints";

/** Spreads alike Pods evenly over zones, hosts or whatever nodes are labelled by (KEP-895). */
export const podTopologySpread: Plugin = {
  name: 'PodTopologySpread',

  filter(facts, cluster) {
    const hard = constraintsOf(facts.pod, 'DoNotSchedule');
    if (hard.length === 0) return undefined;
    const counters = new SpreadCounters(facts, hard, cluster);
    return {
      scope: 'pods',
      allows: (slot) => counters.all().every((counter) => counter.allows(slot)),
      explain: (slot) => {
        const refusing = counters.all().find((counter) => !counter.allows(slot));
        return refusing === undefined ? [] : [refusing.explain(slot)];
      },
      dispose: () => counters.dispose(),
    };
  },

  score(facts, cluster) {
    const soft = constraintsOf(facts.pod, 'ScheduleAnyway');
    if (soft.length === 0) return undefined;
    const counters = new SpreadCounters(facts, soft, cluster);
    return {
      scope: 'pods',
      score: (slot) => counters.all().reduce((sum, counter) => sum + counter.load(slot), 0),
      normalize: preferLightest,
      dispose: () => counters.dispose(),
    };
  },

  mayHelp(event, { namespace }) {
    if (event.kind === 'node-added' || event.kind === 'node-changed') return true;
    return event.facts.namespace === namespace;
  },
};

/** The counters of a Pod's constraints, kept up to date as Pods come and go and made anew when nodes change. */
class SpreadCounters {
  readonly #facts: PodFacts;
  readonly #cluster: ClusterView;
  readonly #counters: readonly SpreadCounter[];
  readonly #endObserving: () => void;
  #isStale = true;

  constructor(facts: PodFacts, constraints: readonly TopologySpreadConstraint[], cluster: ClusterView) {
    this.#facts = facts;
    this.#cluster = cluster;
    this.#counters = constraints.map((constraint) => new SpreadCounter(facts.pod, constraint, cluster));
    this.#endObserving = cluster.observe({
      podMoved: (slot, moved, sign) => {
        if (this.#isStale) return;
        for (const counter of this.#counters) counter.podMoved(slot, moved, sign);
      },
      nodeChanged: () => (this.#isStale = true),
    });
  }

  all(): readonly SpreadCounter[] {
    if (this.#isStale) this.#count();
    return this.#counters;
  }

  dispose(): void {
    this.#endObserving();
  }

  #count(): void {
    this.#isStale = false;
    for (const counter of this.#counters) counter.clear();
    const matches = requiredNodes(this.#facts.pod);
    for (const slot of this.#cluster.nodes.order) {
      // A node counts only where every constraint finds its label.
      if (this.#counters.some((counter) => counter.domainAt(slot) < 0)) continue;
      for (const counter of this.#counters) counter.includeNode(slot, matches);
    }
    for (const slot of this.#cluster.nodes.order) {
      for (const facts of this.#cluster.podsAt(slot)) {
        for (const counter of this.#counters) counter.podMoved(slot, facts, 1);
      }
    }
  }
}

/** One constraint: the matching Pods of each domain. */
class SpreadCounter {
  readonly #pod: Pod;
  readonly #namespace: string;
  readonly #constraint: TopologySpreadConstraint;
  readonly #cluster: ClusterView;
  readonly #topology: Topology;
  readonly #selector: LabelSelector;
  /** The Pod itself counts where it goes, if it is one of those it is spread among. */
  readonly #self: 0 | 1;
  readonly #counts = new DomainCounts();
  readonly #isEligible = new Set<number>();

  constructor(pod: Pod, constraint: TopologySpreadConstraint, cluster: ClusterView) {
    this.#pod = pod;
    this.#namespace = pod.metadata.namespace ?? '';
    this.#constraint = constraint;
    this.#cluster = cluster;
    this.#topology = cluster.topologyOf(constraint.topologyKey);
    const { labels } = pod.metadata;
    this.#selector = withLabelKeys(
      selectorFromObject(constraint.labelSelector),
      labels,
      constraint.matchLabelKeys,
    );
    this.#self = this.#selector.matches(labels) ? 1 : 0;
  }

  domainAt(slot: number): number {
    return this.#topology.domainOf[slot] ?? -1;
  }

  clear(): void {
    this.#counts.clear();
    this.#isEligible.clear();
  }

  includeNode(slot: number, matches: ((node: Node) => boolean) | undefined): void {
    const node = this.#cluster.nodes.nodeAt(slot);
    if (node === undefined) return;
    const { nodeAffinityPolicy = 'Honor', nodeTaintsPolicy = 'Ignore' } = this.#constraint;
    if (nodeAffinityPolicy === 'Honor' && matches?.(node) === false) return;
    const { taints } = node.spec;
    const { tolerations } = this.#pod.spec;
    if (
      nodeTaintsPolicy === 'Honor' &&
      untolerated(taints, tolerations, ['NoSchedule', 'NoExecute']) !== undefined
    ) {
      return;
    }
    this.#isEligible.add(slot);
    this.#counts.include(this.domainAt(slot));
  }

  podMoved(slot: number, { namespace, labels, isTerminating }: PodFacts, sign: 1 | -1): void {
    if (namespace !== this.#namespace || isTerminating) return;
    if (!this.#isEligible.has(slot) || !this.#selector.matches(labels)) return;
    this.#counts.add(this.domainAt(slot), sign);
  }

  allows(slot: number): boolean {
    const domain = this.domainAt(slot);
    return domain >= 0 && this.#skewAt(domain) <= this.#constraint.maxSkew;
  }

  explain(slot: number): Refusal {
    const { topologyKey, maxSkew } = this.#constraint;
    const domain = this.domainAt(slot);
    if (domain < 0) {
      return {
        reason: `${reason} (missing required label)`,
        detail: `has no label "${topologyKey}"`,
        resolvable: false,
      };
    }
    const value = this.#cluster.nodes.nodeAt(slot)?.metadata.labels?.[topologyKey];
    const detail = `"${topologyKey}=${value}" has ${this.#counts.get(domain)} such Pods, the least anywhere is ${this.#lowest}; they may differ by ${maxSkew}`;
    return { reason, detail, resolvable: true };
  }

  /** How full the node's domain is, for scoring: fewer domains weigh less, so that zones do not drown hosts. */
  load(slot: number): number {
    const domain = this.domainAt(slot);
    if (domain < 0) return missing;
    return this.#counts.get(domain) * Math.log(this.#counts.size + 2) + (this.#constraint.maxSkew - 1);
  }

  #skewAt(domain: number): number {
    return this.#counts.get(domain) + this.#self - this.#lowest;
  }

  /** With fewer domains than wanted, those that are missing count as empty. */
  get #lowest(): number {
    return this.#counts.size < (this.#constraint.minDomains ?? 1) ? 0 : this.#counts.lowest;
  }
}

/** The load of a node without the label: it gets no points. */
const missing = Infinity;

/** Upstream: podtopologyspread/scoring.go, NormalizeScore. */
function preferLightest(loads: Float64Array, count: number): void {
  let lightest = Infinity;
  let heaviest = 0;
  for (let i = 0; i < count; i++) {
    const load = Math.round(loads[i] as number);
    if (load === missing) continue;
    lightest = Math.min(lightest, load);
    heaviest = Math.max(heaviest, load);
  }
  for (let i = 0; i < count; i++) {
    const load = Math.round(loads[i] as number);
    if (load === missing) loads[i] = 0;
    else loads[i] = heaviest === 0 ? 100 : Math.trunc((100 * (heaviest + lightest - load)) / heaviest);
  }
}

function constraintsOf(
  { spec }: Pod,
  when: TopologySpreadConstraint['whenUnsatisfiable'],
): readonly TopologySpreadConstraint[] {
  return (spec.topologySpreadConstraints ?? []).filter(({ whenUnsatisfiable }) => whenUnsatisfiable === when);
}
