import type { Node, NodeSelectorTerm, Pod } from '../../api/generated/core-v1.ts';
import { matchesRequirement, requirementFromObject } from '../../machinery/label-selector.ts';

export type NodeMatcher = (node: Node) => boolean;

/** Matches the nodes that a Pod's node selector and required affinity allow; undefined when it has neither. */
export function requiredNodes({ spec }: Pod): NodeMatcher | undefined {
  const matchers: NodeMatcher[] = [];
  const wanted = Object.entries(spec.nodeSelector ?? {});
  if (wanted.length > 0) {
    matchers.push(({ metadata }) => wanted.every(([key, value]) => metadata.labels?.[key] === value));
  }
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required !== undefined) {
    const terms = required.nodeSelectorTerms.map(matchTerm);
    matchers.push((node) => terms.some((matches) => matches(node)));
  }
  return matchers.length === 0 ? undefined : (node) => matchers.every((matches) => matches(node));
}

/** All expressions of a term must hold. An empty term matches nothing, as one that cannot be read. */
export function matchTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm): NodeMatcher {
  if (matchExpressions.length === 0 && matchFields.length === 0) return () => false;
  try {
    const labels = matchExpressions.map(requirementFromObject);
    const fields = matchFields.map(requirementFromObject);
    return ({ metadata }) =>
      labels.every((requirement) => matchesRequirement(requirement, metadata.labels)) &&
      fields.every((requirement) => matchesRequirement(requirement, { 'metadata.name': metadata.name }));
  } catch {
    return () => false;
  }
}
