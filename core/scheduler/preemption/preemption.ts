import { randomBelow, type Random } from '../../machinery/random.ts';
import type { ClusterState } from '../cluster/cluster-state.ts';
import type { PodFacts } from '../cluster/pod-facts.ts';
import { describeReasons, type Diagnosis } from '../framework/diagnosis.ts';
import type { PodClass } from '../framework/pod-class.ts';
import { chooseCandidate, findVictims, type Candidate } from './victims.ts';

/** Nodes that are tried: a tenth of all, and no fewer than this (upstream: DefaultPreemptionArgs). */
const minCandidates = 100;

export type PreemptionPlan =
  | { readonly kind: 'evict'; readonly candidate: Candidate }
  /** There is nobody whose eviction would help. `message` follows "preemption: ", in upstream's words. */
  | { readonly kind: 'none'; readonly message: string }
  /** The Pod may evict nobody, or not now; `slot` is where those are that it evicted before and that still end. */
  | { readonly kind: 'ineligible'; readonly message: string; readonly slot?: number };

const noVictims = 'No preemption victims found for incoming pod';
const notHelpful = 'Preemption is not helpful for scheduling';

/** Whom to evict so that the Pod, which no node takes as things are, gets its place. */
export function planPreemption(
  cluster: ClusterState,
  podClass: PodClass,
  facts: PodFacts,
  diagnosis: Diagnosis,
  random: Random,
): PreemptionPlan {
  const { spec } = facts.pod;
  if (spec.preemptionPolicy === 'Never') {
    return { kind: 'ineligible', message: 'not eligible due to preemptionPolicy=Never.' };
  }
  const { nodeCount, resolvableSlots } = diagnosis;
  const slot = slotOfVictims(cluster, facts);
  // Where the node would not take the Pod whoever goes, it need not wait for them (upstream: PodEligibleToPreemptOthers).
  if (slot !== undefined && resolvableSlots.includes(slot)) {
    const message = 'not eligible due to a terminating pod on the nominated node.';
    return { kind: 'ineligible', slot, message };
  }
  const reasons = new Map<string, number>();
  const count = (reason: string, by = 1) => {
    if (by > 0) reasons.set(reason, (reasons.get(reason) ?? 0) + by);
  };
  count(notHelpful, nodeCount - resolvableSlots.length);
  if (facts.priority <= cluster.lowestPriority) {
    count(noVictims, resolvableSlots.length);
    return { kind: 'none', message: describeReasons(nodeCount, reasons) };
  }
  const enough = Math.max(minCandidates, Math.trunc(nodeCount / 10));
  const candidates: Candidate[] = [];
  const first = resolvableSlots.length === 0 ? 0 : randomBelow(random, resolvableSlots.length);
  for (let i = 0; i < resolvableSlots.length && candidates.length < enough; i++) {
    const slot = resolvableSlots[(first + i) % resolvableSlots.length] as number;
    const search = findVictims(cluster, podClass, facts, slot);
    if (search.kind === 'found') candidates.push(search.candidate);
    else if (search.kind === 'none') count(noVictims);
    else for (const { reason } of search.rejections) count(reason);
  }
  const candidate = chooseCandidate(candidates);
  if (candidate !== undefined) return { kind: 'evict', candidate };
  return { kind: 'none', message: describeReasons(nodeCount, reasons) };
}

/** Where Pods that were evicted for this one are still on their way out. */
function slotOfVictims(cluster: ClusterState, { nominatedNodeName, priority }: PodFacts): number | undefined {
  const slot = cluster.nodes.slotOf(nominatedNodeName);
  if (slot === undefined) return undefined;
  for (const { isTerminating, priority: lower } of cluster.podsAt(slot)) {
    if (lower < priority && isTerminating) return slot;
  }
  return undefined;
}
