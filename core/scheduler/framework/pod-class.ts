import type { ClusterView } from '../cluster/cluster-state.ts';
import type { NodeTable } from '../cluster/node-table.ts';
import type { PodFacts } from '../cluster/pod-facts.ts';
import type { Diagnosis } from './diagnosis.ts';
import type { Refusal } from './plugin.ts';
import { rulesFor, type NamedFilter, type Profile, type WeightedScorer } from './profile.ts';

/** A refusal and whose it is. */
export interface Rejection extends Refusal {
  readonly plugin: string;
}

const refused = 0;
const allowed = 1;

/**
 * Pods that no rule tells apart, and what is known of each node for them. A judgement is kept until its node
 * changes, so that the thousandth Pod of a Deployment costs a few array reads a node.
 */
export class PodClass {
  readonly facts: PodFacts;
  readonly #nodes: NodeTable;
  readonly #nodeFilters: readonly NamedFilter[];
  readonly #usageFilters: readonly NamedFilter[];
  readonly #podFilters: readonly NamedFilter[];
  readonly #filters: readonly NamedFilter[];
  readonly #usageScorers: readonly WeightedScorer[];
  readonly #otherScorers: readonly WeightedScorer[];
  readonly #nodeScores: Float64Array[] = [];
  #nodeVerdicts = new Uint8Array(0);
  #nodeGenerations = new Float64Array(0);
  #verdicts = new Uint8Array(0);
  #generations = new Float64Array(0);
  #usageScores = new Float64Array(0);
  /** The version of the table at which no node allowed these Pods. */
  #hopelessAt = -1;
  #diagnosed: { readonly version: number; readonly diagnosis: Diagnosis } | undefined;

  constructor(profile: Profile, facts: PodFacts, cluster: ClusterView) {
    this.facts = facts;
    this.#nodes = cluster.nodes;
    const { filters, scorers } = rulesFor(profile, facts, cluster);
    this.#filters = filters;
    this.#nodeFilters = filters.filter(({ filter }) => filter.scope === 'node');
    this.#usageFilters = filters.filter(({ filter }) => filter.scope === 'usage');
    this.#podFilters = filters.filter(({ filter }) => filter.scope === 'pods');
    const isPlain = ({ scorer }: WeightedScorer) =>
      scorer.scope === 'usage' && scorer.normalize === undefined;
    this.#usageScorers = scorers.filter(isPlain);
    this.#otherScorers = scorers.filter((entry) => !isPlain(entry));
  }

  /** Whether nothing has changed since no node was found. */
  get isHopeless(): boolean {
    return this.#hopelessAt === this.#nodes.version;
  }

  markHopeless(): void {
    this.#hopelessAt = this.#nodes.version;
  }

  /** Why no node allows these Pods; made once for every state of the nodes, however many Pods wait. */
  diagnosis(make: () => Diagnosis): Diagnosis {
    const version = this.#nodes.version;
    if (this.#diagnosed?.version !== version) this.#diagnosed = { version, diagnosis: make() };
    return this.#diagnosed.diagnosis;
  }

  allows(slot: number): boolean {
    if (this.#generations[slot] !== this.#nodes.generation[slot]) this.#judge(slot);
    if (this.#verdicts[slot] === refused) return false;
    for (const { filter } of this.#podFilters) if (!filter.allows(slot)) return false;
    return true;
  }

  /** Why the node is refused: by the first rule that does. */
  explain(slot: number): readonly Rejection[] {
    const first = this.#filters.find(({ filter }) => !filter.allows(slot));
    return first?.filter.explain(slot).map((refusal) => ({ ...refusal, plugin: first.plugin })) ?? [];
  }

  /** Adds up the weighted scores of the first `count` candidates; all of them are allowed. */
  score(candidates: Int32Array, count: number, totals: Float64Array): void {
    for (let i = 0; i < count; i++) totals[i] = this.#usageScores[candidates[i] as number] as number;
    this.#otherScorers.forEach((entry, index) => this.#scoreOther(entry, index, candidates, count, totals));
  }

  /** The parts of one node's score, before they are normalized: for explanations. */
  scoreParts(slot: number): readonly { plugin: string; weight: number; score: number }[] {
    return [...this.#usageScorers, ...this.#otherScorers].map(({ plugin, weight, scorer }) => ({
      plugin,
      weight,
      score: scorer.score(slot),
    }));
  }

  dispose(): void {
    for (const { filter } of this.#filters) filter.dispose?.();
    for (const { scorer } of this.#otherScorers) scorer.dispose?.();
  }

  #judge(slot: number): void {
    if (slot >= this.#verdicts.length) this.#grow();
    if (this.#nodeGenerations[slot] !== this.#nodes.nodeGeneration[slot]) this.#judgeNode(slot);
    this.#generations[slot] = this.#nodes.generation[slot] as number;
    const fits =
      this.#nodeVerdicts[slot] === allowed && this.#usageFilters.every(({ filter }) => filter.allows(slot));
    this.#verdicts[slot] = fits ? allowed : refused;
    if (!fits) return;
    let total = 0;
    for (const { weight, scorer } of this.#usageScorers) total += weight * scorer.score(slot);
    this.#usageScores[slot] = total;
  }

  #judgeNode(slot: number): void {
    this.#nodeGenerations[slot] = this.#nodes.nodeGeneration[slot] as number;
    const allows = this.#nodeFilters.every(({ filter }) => filter.allows(slot));
    this.#nodeVerdicts[slot] = allows ? allowed : refused;
    if (!allows) return;
    this.#otherScorers.forEach(({ scorer }, index) => {
      if (scorer.scope === 'node') (this.#nodeScores[index] as Float64Array)[slot] = scorer.score(slot);
    });
  }

  #scoreOther(
    { scorer, weight }: WeightedScorer,
    index: number,
    candidates: Int32Array,
    count: number,
    totals: Float64Array,
  ): void {
    const kept = scorer.scope === 'node' ? this.#nodeScores[index] : undefined;
    const scores = scratch(count);
    for (let i = 0; i < count; i++) {
      const slot = candidates[i] as number;
      scores[i] = kept === undefined ? scorer.score(slot) : (kept[slot] as number);
    }
    normalize(scorer.normalize, scores, count);
    for (let i = 0; i < count; i++) {
      totals[i] = (totals[i] as number) + weight * (scores[i] as number);
    }
  }

  #grow(): void {
    const size = this.#nodes.podLimit.length;
    this.#nodeVerdicts = Uint8Array.from({ length: size }, (_, i) => this.#nodeVerdicts[i] ?? 0);
    this.#verdicts = Uint8Array.from({ length: size }, (_, i) => this.#verdicts[i] ?? 0);
    this.#nodeGenerations = grown(this.#nodeGenerations, size);
    this.#generations = grown(this.#generations, size);
    this.#usageScores = grown(this.#usageScores, size);
    this.#otherScorers.forEach(({ scorer }, index) => {
      if (scorer.scope !== 'node') return;
      this.#nodeScores[index] = grown(this.#nodeScores[index] ?? new Float64Array(0), size);
    });
  }
}

let scratchScores = new Float64Array(1024);

function scratch(count: number): Float64Array {
  if (scratchScores.length < count) scratchScores = new Float64Array(2 * count);
  return scratchScores;
}

function normalize(how: WeightedScorer['scorer']['normalize'], scores: Float64Array, count: number): void {
  if (how === undefined) return;
  if (typeof how === 'function') return how(scores, count);
  let highest = 0;
  for (let i = 0; i < count; i++) highest = Math.max(highest, scores[i] as number);
  for (let i = 0; i < count; i++) {
    const share = highest === 0 ? 0 : Math.trunc((100 * (scores[i] as number)) / highest);
    scores[i] = how === 'highest-best' ? share : 100 - share;
  }
}

function grown(array: Float64Array, size: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(size);
  larger.set(array);
  return larger;
}
