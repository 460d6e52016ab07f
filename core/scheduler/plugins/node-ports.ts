import type { Plugin } from '../framework/plugin.ts';

/** Keeps Pods off nodes where a host port they ask for is taken. */
export const nodePorts: Plugin = {
  name: 'NodePorts',

  filter(facts, cluster) {
    const { hostPorts } = facts.shape;
    if (hostPorts.length === 0) return undefined;
    const wanted = hostPorts.map(({ hostPort, protocol }) => `${hostPort}/${protocol}`).join(', ');
    return {
      scope: 'usage',
      allows: (slot) => !cluster.hasPortConflict(slot, facts),
      explain: () => [
        {
          reason: "node(s) didn't have free ports for the requested pod ports",
          detail: `one of ${wanted} is in use`,
          resolvable: true,
        },
      ],
    };
  },

  mayHelp: (event) =>
    event.kind === 'node-added' || (event.kind === 'pod-removed' && event.facts.shape.hostPorts.length > 0),
};
