import { systemClock } from '../../../core/machinery/clock.ts';
import { LiveTable } from '../../models/live-table.ts';
import type { Command } from '../command.ts';
import { CommandInterpreter } from '../interpreter.ts';
import { findKind } from '../find-kind.ts';

/** Shares of the width: a node's row is shorter than a Pod's. */
const nodesWeight = 2;
const podsWeight = 3;

export const panes: Command = {
  name: 'panes',
  summary: 'Watch nodes and Pods side by side, with a prompt below',
  usage: '[-n NAMESPACE | -A]',
  examples: [
    { says: 'Everything', line: 'panes' },
    { says: 'The Pods of one namespace', line: 'panes -n development' },
  ],
  flags: [
    { name: 'all-namespaces', short: 'A', type: 'boolean', help: 'Pods of every namespace (the default)' },
  ],

  async run({ flags, session, io }) {
    const { terminal } = io;
    if (terminal === undefined) throw new Error('panes need a terminal on both ends: use "get pods -w" here');
    const index = await session.resources(io.signal);
    const namespace = flags.given('namespace') ? session.namespace : undefined;
    const { showPanes } = await import('../../panes/index.ts');
    await showPanes({
      terminal,
      panes: [
        { model: new LiveTable(session.cluster, findKind(index, 'nodes'), undefined), weight: nodesWeight },
        { model: new LiveTable(session.cluster, findKind(index, 'pods'), namespace), weight: podsWeight },
      ],
      interpreter: new CommandInterpreter(session),
      clock: systemClock,
      signal: io.signal,
    });
    return 0;
  },
};
