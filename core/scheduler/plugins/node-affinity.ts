import type { Plugin } from '../framework/plugin.ts';
import { matchTerm, requiredNodes } from './node-selectors.ts';
import { changedNode } from './node-unschedulable.ts';

/** Node selectors and node affinity, required and preferred. */
export const nodeAffinity: Plugin = {
  name: 'NodeAffinity',

  filter({ pod }, { nodes }) {
    const matches = requiredNodes(pod);
    if (matches === undefined) return undefined;
    return {
      scope: 'node',
      allows(slot) {
        const node = nodes.nodeAt(slot);
        return node !== undefined && matches(node);
      },
      explain: () => [{ reason: "node(s) didn't match Pod's node affinity/selector", resolvable: false }],
    };
  },

  score({ pod }, { nodes }) {
    const preferred = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    const terms = preferred
      .filter(({ weight }) => weight !== 0)
      .map(({ weight, preference }) => ({ weight, matches: matchTerm(preference) }));
    if (terms.length === 0) return undefined;
    return {
      scope: 'node',
      normalize: 'highest-best',
      score(slot) {
        const node = nodes.nodeAt(slot);
        if (node === undefined) return 0;
        return terms.reduce((sum, { weight, matches }) => sum + (matches(node) ? weight : 0), 0);
      },
    };
  },

  mayHelp(event, { pod }) {
    const node = changedNode(event);
    return node !== undefined && (requiredNodes(pod)?.(node) ?? true);
  },
};
