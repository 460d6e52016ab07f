import type { Node } from '../../api/generated/core-v1.ts';
import type { ClusterEvent, Plugin } from '../framework/plugin.ts';
import { tolerates } from '../../api/taints.ts';

const taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' } as const;

/** Keeps Pods off cordoned nodes, unless they tolerate that. */
export const nodeUnschedulable: Plugin = {
  name: 'NodeUnschedulable',

  filter({ pod }, { nodes }) {
    if (tolerates(pod.spec.tolerations, taint)) return undefined;
    return {
      scope: 'node',
      allows: (slot) => !isCordoned(nodes.nodeAt(slot)),
      explain: () => [{ reason: 'node(s) were unschedulable', resolvable: false }],
    };
  },

  mayHelp: (event) => {
    const node = changedNode(event);
    return node !== undefined && !isCordoned(node);
  },
};

/** The node that an event is about, if it came or changed. */
export function changedNode(event: ClusterEvent): Node | undefined {
  return event.kind === 'node-added' || event.kind === 'node-changed' ? event.node : undefined;
}

function isCordoned(node: Node | undefined): boolean {
  return node?.spec.unschedulable === true;
}
