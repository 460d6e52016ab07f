import type { Taint } from '../../api/generated/core-v1.ts';
import type { Plugin } from '../framework/plugin.ts';
import { changedNode } from './node-unschedulable.ts';
import { untolerated } from '../../api/taints.ts';

const hard: readonly Taint['effect'][] = ['NoSchedule', 'NoExecute'];

/** Keeps Pods off nodes with taints they do not tolerate, and prefers nodes with fewer PreferNoSchedule ones. */
export const taintToleration: Plugin = {
  name: 'TaintToleration',

  filter({ pod: { spec } }, { nodes }) {
    const offending = (slot: number) => untolerated(nodes.nodeAt(slot)?.spec.taints, spec.tolerations, hard);
    return {
      scope: 'node',
      allows: (slot) => offending(slot) === undefined,
      explain(slot) {
        const { key = '', value = '', effect } = offending(slot) ?? {};
        return [
          {
            reason: `node(s) had untolerated taint {${key}: ${value}}`,
            detail: `a toleration for "${key}" with effect ${effect} would allow it`,
            resolvable: false,
          },
        ];
      },
    };
  },

  score({ pod: { spec } }, { nodes }) {
    const tolerations = spec.tolerations?.filter(({ effect }) => !effect || effect === 'PreferNoSchedule');
    return {
      scope: 'node',
      normalize: 'highest-worst',
      score(slot) {
        let count = 0;
        for (const taint of nodes.nodeAt(slot)?.spec.taints ?? []) {
          if (untolerated([taint], tolerations, ['PreferNoSchedule']) !== undefined) count++;
        }
        return count;
      },
    };
  },

  mayHelp(event, { pod }) {
    const node = changedNode(event);
    return node !== undefined && untolerated(node.spec.taints, pod.spec.tolerations, hard) === undefined;
  },
};
