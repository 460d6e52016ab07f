import type { Node } from '../../api/generated/core-v1.ts';
import type { ClusterView } from '../cluster/cluster-state.ts';
import type { PodFacts } from '../cluster/pod-facts.ts';

/**
 * One rule of placement. A plug-in is asked once for each kind of Pod what it has to say about it, and returns
 * functions that judge nodes by slot; a plug-in with nothing to say costs nothing. All of them only read the view,
 * so any Pod can be judged against any state, without placing it.
 */
export interface Plugin {
  readonly name: string;
  filter?(facts: PodFacts, cluster: ClusterView): NodeFilter | undefined;
  score?(facts: PodFacts, cluster: ClusterView): NodeScorer | undefined;
  /** Whether the event may let a Pod fit that this plug-in refused. Absent: every event may. */
  mayHelp?(event: ClusterEvent, facts: PodFacts): boolean;
}

/**
 * What a judgement depends on, and so how long it may be kept: on the node object; on what Pods take of the node
 * too; or on Pods elsewhere, which may change it at any time.
 */
export type Scope = 'node' | 'usage' | 'pods';

export interface NodeFilter {
  readonly scope: Scope;
  allows(slot: number): boolean;
  /** Why not: at least one reason. Asked only of nodes that are not allowed. */
  explain(slot: number): readonly Refusal[];
  /** Ends what the filter keeps up to date. */
  dispose?(): void;
}

/** Why a node does not take a Pod. */
export interface Refusal {
  /** Upstream's words, the same for all nodes refused for it: "Insufficient cpu". They are counted. */
  readonly reason: string;
  /** What this node in particular lacks: "needs 500m, 120m of 2 left". For people who ask why. */
  readonly detail?: string;
  /** Removing Pods from the node could help. */
  readonly resolvable: boolean;
}

export interface NodeScorer {
  readonly scope: Scope;
  /** Any number; 0 to 100 unless `normalize` says otherwise. */
  score(slot: number): number;
  /**
   * How raw scores become 0 to 100 among the nodes compared: as they are, in proportion to the highest, or so that
   * the highest counts 0 (upstream: helper/normalize_score.go), or by a function of the plug-in.
   */
  readonly normalize?: 'highest-best' | 'highest-worst' | ((scores: Float64Array, count: number) => void);
  dispose?(): void;
}

/** What happened in the cluster that may make a refused Pod fit. */
export type ClusterEvent =
  | { readonly kind: 'node-added'; readonly node: Node }
  | { readonly kind: 'node-changed'; readonly node: Node; readonly previous: Node }
  /** A Pod left its node, or weighs less there. */
  | { readonly kind: 'pod-removed'; readonly facts: PodFacts; readonly node: Node | undefined }
  | { readonly kind: 'pod-placed'; readonly facts: PodFacts; readonly node: Node | undefined };
