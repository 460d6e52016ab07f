import type { Node } from '../../../core/api/generated/core-v1.ts';
import { nodes } from '../../../core/api/generated/resources.ts';
import { setSchedulable } from '../../../core/client/operations/nodes.ts';
import { UsageError } from '../command.ts';
import type { Command, Flag, Invocation } from '../command.ts';
import { completeNames } from '../complete-targets.ts';
import { errorText } from '../errors.ts';
import { parseObject } from '../targets.ts';
import { dryRunFlag } from './apply.ts';

export const nodeFlags: readonly Flag[] = [
  { name: 'selector', short: 'l', type: 'string', help: 'The nodes with these labels' },
  dryRunFlag,
];

export const cordon = command('cordon', 'Keep new Pods away from a node', 'Before work on a machine', false);
export const uncordon = command('uncordon', 'Let Pods come to a node again', 'After work on a machine', true);

function command(name: string, summary: string, says: string, schedulable: boolean): Command {
  return {
    name,
    summary,
    usage: '(NODE ... | -l LABELS) [flags]',
    examples: [{ says, line: `${name} worker-1` }],
    flags: nodeFlags,
    complete: (request) => completeNames(request, 'nodes'),
    run: (invocation) => changeAll(invocation, schedulable),
  };
}

async function changeAll(invocation: Invocation, schedulable: boolean): Promise<number> {
  const { io } = invocation;
  let code = 0;
  for (const node of await nodesOf(invocation)) {
    try {
      await makeSchedulable(invocation, node, schedulable);
    } catch (error) {
      io.signal.throwIfAborted();
      await io.stderr.write(`${errorText(error)}\n`);
      code = 1;
    }
  }
  return code;
}

/** Tells what it did in kubectl's words: "node/a cordoned", or "already cordoned" where there was nothing to do. */
export async function makeSchedulable(
  { flags, session, io }: Invocation,
  { metadata: { name = '' }, spec }: Node,
  schedulable: boolean,
): Promise<void> {
  const done = schedulable ? 'uncordoned' : 'cordoned';
  if ((spec.unschedulable === true) === !schedulable) {
    await io.stdout.write(`node/${name} already ${done}${dryRunSuffix(flags)}\n`);
    return;
  }
  if (!isDryRun(flags)) await setSchedulable(session.cluster.client, name, schedulable, io.signal);
  await io.stdout.write(`node/${name} ${done}${dryRunSuffix(flags)}\n`);
}

export function isDryRun(flags: Invocation['flags']): boolean {
  return (flags.string('dry-run') ?? 'none') !== 'none';
}

export function dryRunSuffix(flags: Invocation['flags']): string {
  if (!isDryRun(flags)) return '';
  return flags.string('dry-run') === 'server' ? ' (server dry run)' : ' (dry run)';
}

/** The nodes that are named or chosen by labels. Throws what went wrong with any of them. */
export async function nodesOf({ command, words, flags, session, io }: Invocation): Promise<readonly Node[]> {
  const selector = flags.string('selector');
  const { client } = session.cluster;
  const { signal } = io;
  if (selector !== undefined) {
    if (words.length > 0) throw new UsageError('cannot specify both a node name and a --selector option');
    return (await client.list(nodes, { labelSelector: selector, signal })).items;
  }
  if (words.length === 0) throw new UsageError(`USAGE: ${command.name} NODE [flags]`);
  const index = await session.resources(signal);
  const names = words.map((word) => {
    const { resource, name } = parseObject([word], index, 'node');
    if (resource.kind !== 'Node')
      throw new UsageError(`cannot ${command.name} a ${resource.kind}: name a node`);
    return name;
  });
  return Promise.all(names.map((name) => client.get(nodes, { name }, { signal })));
}
