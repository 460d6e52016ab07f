import type { ClusterView } from '../cluster/cluster-state.ts';
import type { PodFacts } from '../cluster/pod-facts.ts';
import type { NodeFilter, NodeScorer, Plugin } from './plugin.ts';

export interface ProfileEntry {
  readonly plugin: Plugin;
  /** Of its score in the sum; 1 unless given. */
  readonly weight?: number;
}

/** The rules a scheduler goes by, in order: a node is refused by the first filter that does not allow it. */
export type Profile = readonly ProfileEntry[];

export interface NamedFilter {
  readonly plugin: string;
  readonly filter: NodeFilter;
}

export interface WeightedScorer {
  readonly plugin: string;
  readonly weight: number;
  readonly scorer: NodeScorer;
}

/** What a profile has to say about one kind of Pod. */
export interface Rules {
  readonly filters: readonly NamedFilter[];
  readonly scorers: readonly WeightedScorer[];
}

export function rulesFor(profile: Profile, facts: PodFacts, cluster: ClusterView): Rules {
  const filters: NamedFilter[] = [];
  const scorers: WeightedScorer[] = [];
  for (const { plugin, weight = 1 } of profile) {
    const filter = plugin.filter?.(facts, cluster);
    if (filter !== undefined) filters.push({ plugin: plugin.name, filter });
    const scorer = plugin.score?.(facts, cluster);
    if (scorer !== undefined) scorers.push({ plugin: plugin.name, weight, scorer });
  }
  return { filters, scorers };
}
