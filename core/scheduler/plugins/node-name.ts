import type { Plugin } from '../framework/plugin.ts';
import { changedNode } from './node-unschedulable.ts';

/** A Pod that names its node goes there or nowhere. */
export const nodeName: Plugin = {
  name: 'NodeName',

  filter({ pod: { spec } }, { nodes }) {
    if (!spec.nodeName) return undefined;
    return {
      scope: 'node',
      allows: (slot) => nodes.nameAt(slot) === spec.nodeName,
      explain: () => [{ reason: "node(s) didn't match the requested node name", resolvable: false }],
    };
  },

  mayHelp: (event, { pod }) => changedNode(event)?.metadata.name === pod.spec.nodeName,
};
