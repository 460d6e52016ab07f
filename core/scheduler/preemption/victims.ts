import type { ClusterState } from '../cluster/cluster-state.ts';
import type { PodFacts } from '../cluster/pod-facts.ts';
import type { PodClass, Rejection } from '../framework/pod-class.ts';

/** A node with the Pods that would have to go. */
export interface Candidate {
  readonly slot: number;
  /** Most important first; never empty. */
  readonly victims: readonly PodFacts[];
}

export type VictimSearch =
  | { readonly kind: 'found'; readonly candidate: Candidate }
  /** Nothing on the node is less important than the Pod. */
  | { readonly kind: 'none' }
  /** Even without everything less important the Pod would not fit. */
  | { readonly kind: 'refused'; readonly rejections: readonly Rejection[] };

/**
 * The fewest and least important Pods whose end would let the Pod onto the node: all less important ones are taken
 * off in thought, and put back as long as it still fits (upstream: default_preemption.go, SelectVictimsOnNode).
 * The cluster is as before when this returns.
 */
export function findVictims(
  cluster: ClusterState,
  podClass: PodClass,
  facts: PodFacts,
  slot: number,
): VictimSearch {
  const lesser = [...cluster.podsAt(slot)].filter(({ priority }) => priority < facts.priority);
  if (lesser.length === 0) return { kind: 'none' };
  lesser.sort(compareImportance);
  const victims: PodFacts[] = [];
  using without = cluster.withoutPods(slot, lesser);
  const rejections = podClass.explain(slot);
  if (rejections.length > 0) return { kind: 'refused', rejections };
  for (const candidate of lesser) {
    without.putBack(candidate);
    if (podClass.explain(slot).length === 0) continue;
    without.take(candidate);
    victims.push(candidate);
  }
  return victims.length === 0 ? { kind: 'none' } : { kind: 'found', candidate: { slot, victims } };
}

/** Where least is lost; the earlier of equal ones (upstream: preemption.go, pickOneNodeForPreemption). */
export function chooseCandidate(candidates: readonly Candidate[]): Candidate | undefined {
  return candidates.reduce<Candidate | undefined>(
    (best, candidate) => (best === undefined || compareLoss(candidate, best) < 0 ? candidate : best),
    undefined,
  );
}

/** The more important first: by priority, then the one that runs longer. */
function compareImportance(a: PodFacts, b: PodFacts): number {
  return b.priority - a.priority || a.startSeconds - b.startSeconds;
}

function compareLoss(a: Candidate, b: Candidate): number {
  return (
    highest(a) - highest(b) ||
    total(a) - total(b) ||
    a.victims.length - b.victims.length ||
    // Of the most important victims' starts the later one: less work is lost.
    earliestStart(b) - earliestStart(a)
  );
}

function highest({ victims }: Candidate): number {
  return victims[0]?.priority ?? 0;
}

/** Counted from the lowest priority there is, so that many negative ones do not look better than one. */
function total({ victims }: Candidate): number {
  return victims.reduce((sum, { priority }) => sum + priority + 2 ** 31, 0);
}

function earliestStart(candidate: Candidate): number {
  const top = candidate.victims.filter(({ priority }) => priority === highest(candidate));
  return Math.min(...top.map(({ startSeconds }) => startSeconds));
}
