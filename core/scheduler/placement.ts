import { randomBelow, type Random } from '../machinery/random.ts';
import type { ClusterView } from './cluster/cluster-state.ts';
import type { PodClass } from './framework/pod-class.ts';

/** Fewer nodes than this are all looked at. */
const minCandidates = 100;

/**
 * How many nodes that fit are enough to choose from: half of 125 nodes, a tenth of 5,000, never below a twentieth
 * (upstream: schedule_one.go, numFeasibleNodesToFind).
 */
export function enoughCandidates(nodeCount: number): number {
  if (nodeCount < minCandidates) return nodeCount;
  const percent = Math.max(5, Math.trunc(50 - nodeCount / 125));
  return Math.max(minCandidates, Math.trunc((nodeCount * percent) / 100));
}

/** Finds nodes for Pods, one after the other. Goes on where the last search ended, so that all nodes get their turn. */
export class Placement {
  readonly #cluster: ClusterView;
  readonly #random: Random;
  #next = 0;
  #candidates = new Int32Array(1024);
  #totals = new Float64Array(1024);

  constructor(cluster: ClusterView, random: Random) {
    this.#cluster = cluster;
    this.#random = random;
  }

  /** The best node's slot, of several as good one by chance; undefined when no node allows the Pod. */
  findSlot(podClass: PodClass): number | undefined {
    if (podClass.isHopeless) return undefined;
    const count = this.#findCandidates(podClass);
    if (count === 0) {
      podClass.markHopeless();
      return undefined;
    }
    if (count === 1) return this.#candidates[0];
    podClass.score(this.#candidates, count, this.#totals);
    return this.#best(count);
  }

  #findCandidates(podClass: PodClass): number {
    const { order } = this.#cluster.nodes;
    const nodeCount = order.length;
    const enough = enoughCandidates(nodeCount);
    if (this.#candidates.length < enough) {
      this.#candidates = new Int32Array(2 * enough);
      this.#totals = new Float64Array(2 * enough);
    }
    let position = nodeCount === 0 ? 0 : this.#next % nodeCount;
    let found = 0;
    for (let looked = 0; looked < nodeCount && found < enough; looked++) {
      const slot = order[position] as number;
      if (podClass.allows(slot)) this.#candidates[found++] = slot;
      if (++position === nodeCount) position = 0;
    }
    this.#next = position;
    return found;
  }

  #best(count: number): number {
    let best = 0;
    let ties = 1;
    for (let i = 1; i < count; i++) {
      const total = this.#totals[i] as number;
      const highest = this.#totals[best] as number;
      if (total > highest) {
        best = i;
        ties = 1;
      } else if (total === highest && randomBelow(this.#random, ++ties) === 0) best = i;
    }
    return this.#candidates[best] as number;
  }
}
