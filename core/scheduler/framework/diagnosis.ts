import type { ClusterView } from '../cluster/cluster-state.ts';
import type { PodClass, Rejection } from './pod-class.ts';

/** Why no node took a Pod, summed up over the nodes. */
export interface Diagnosis {
  readonly nodeCount: number;
  /** How many nodes were refused for each reason. */
  readonly reasons: ReadonlyMap<string, number>;
  /** The plug-ins that refused a node: only what concerns them can help. */
  readonly refusedBy: ReadonlySet<string>;
  /** Nodes from which Pods could be removed to make room. */
  readonly resolvableSlots: readonly number[];
}

/** Why one node refuses a Pod. */
export interface NodeExplanation {
  readonly node: string;
  /** Empty when the node allows the Pod. */
  readonly rejections: readonly Rejection[];
}

export function diagnose(podClass: PodClass, cluster: ClusterView): Diagnosis {
  const reasons = new Map<string, number>();
  const refusedBy = new Set<string>();
  const resolvableSlots: number[] = [];
  for (const slot of cluster.nodes.order) {
    const rejections = podClass.explain(slot);
    let resolvable = true;
    for (const { plugin, reason, resolvable: helps } of rejections) {
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      refusedBy.add(plugin);
      resolvable &&= helps;
    }
    if (resolvable) resolvableSlots.push(slot);
  }
  return { nodeCount: cluster.nodes.order.length, reasons, refusedBy, resolvableSlots };
}

/** Every node with what it has against the Pod, in the order in which nodes are looked at. */
export function explainNodes(podClass: PodClass, cluster: ClusterView): readonly NodeExplanation[] {
  return [...cluster.nodes.order].map((slot) => ({
    node: cluster.nodes.nameAt(slot),
    rejections: podClass.allows(slot) ? [] : podClass.explain(slot),
  }));
}

/** Upstream's sentence (framework/types.go, FitError): "0/3 nodes are available: 1 Insufficient cpu, 2 …." */
export function describeDiagnosis({ nodeCount, reasons }: Diagnosis): string {
  if (nodeCount === 0) return 'no nodes available to schedule pods';
  return describeReasons(nodeCount, reasons);
}

export function describeReasons(nodeCount: number, reasons: ReadonlyMap<string, number>): string {
  const counted = [...reasons].map(([reason, count]) => `${count} ${reason}`).sort();
  return `0/${nodeCount} nodes are available: ${counted.join(', ')}.`;
}
