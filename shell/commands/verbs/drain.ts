import type { Node, Pod } from '../../../core/api/generated/core-v1.ts';
import { drainNode, planDrain } from '../../../core/client/operations/nodes.ts';
import type { DrainPlan } from '../../../core/client/operations/nodes.ts';
import { systemClock } from '../../../core/machinery/clock.ts';
import { parseDurationMs } from '../../../core/machinery/duration.ts';
import type { Command, Flags, Invocation } from '../command.ts';
import { completeNames } from '../complete-targets.ts';
import { errorText } from '../errors.ts';
import { dryRunSuffix, isDryRun, makeSchedulable, nodeFlags, nodesOf } from './cordon.ts';

export const drain: Command = {
  name: 'drain',
  summary: 'Move the Pods of a node elsewhere, and keep new ones away',
  usage: '(NODE ... | -l LABELS) [flags]',
  examples: [
    { says: 'Before work on a machine', line: 'drain worker-1 --ignore-daemonsets' },
    {
      says: 'Pods that nobody makes anew and files of emptyDirs too',
      line: 'drain worker-1 --force --delete-emptydir-data --ignore-daemonsets',
    },
    { says: 'What that would do', line: 'drain worker-1 --force --dry-run' },
  ],
  flags: [
    ...nodeFlags,
    { name: 'ignore-daemonsets', type: 'boolean', help: 'Go on although Pods of DaemonSets stay' },
    { name: 'delete-emptydir-data', type: 'boolean', help: 'Go on although files in emptyDirs are lost' },
    { name: 'force', type: 'boolean', help: 'Go on although nobody makes some Pods anew' },
    { name: 'pod-selector', type: 'string', help: 'Only the Pods with these labels' },
    {
      name: 'grace-period',
      type: 'integer',
      help: 'Seconds the containers get to end (default: the Pod decides)',
    },
    { name: 'disable-eviction', type: 'boolean', help: 'Delete: disruption budgets are not asked' },
    { name: 'timeout', type: 'string', help: 'Give up after this long, such as 5m (default: never)' },
  ],
  complete: (request) => completeNames(request, 'nodes'),

  async run(invocation) {
    const { io } = invocation;
    const nodes = await nodesOf(invocation);
    for (const node of nodes) await makeSchedulable(invocation, node, false);
    const failures: string[] = [];
    for (const [index, node] of nodes.entries()) {
      const name = node.metadata.name ?? '';
      try {
        await drainOne(invocation, node);
        await io.stdout.write(`node/${name} drained${dryRunSuffix(invocation.flags)}\n`);
      } catch (error) {
        io.signal.throwIfAborted();
        const why = errorText(error).replace(/^error: /, '');
        failures.push(why);
        const pending = nodes.slice(index).map(({ metadata }) => ` ${metadata.name}\n`);
        await io.stderr.write(
          `error: unable to drain node "${name}" due to error: ${why}, continuing command...\n` +
            `There are pending nodes to be drained:\n${pending.join('')}`,
        );
      }
    }
    for (const failure of failures) await io.stderr.write(`error: ${failure}\n`);
    return failures.length === 0 ? 0 : 1;
  },
};

async function drainOne({ flags, session, io }: Invocation, node: Node): Promise<void> {
  const name = node.metadata.name ?? '';
  const timeout = flags.string('timeout');
  const timeoutMs = timeout === undefined ? 0 : parseDurationMs(timeout);
  const late = timeoutMs === 0 ? undefined : AbortSignal.timeout(timeoutMs);
  const signal = late === undefined ? io.signal : AbortSignal.any([io.signal, late]);
  const { client } = session.cluster;
  const podSelector = flags.string('pod-selector');
  const plan = await planDrain(client, name, signal, podSelector === undefined ? {} : { podSelector });
  const refusals = refusalsOf(plan, flags);
  if (refusals.length > 0) throw new Error(refusals.length === 1 ? refusals[0] : `[${refusals.join(', ')}]`);
  const warnings = warningsOf(plan);
  if (warnings.length > 0) await io.stderr.write(`Warning: ${warnings.join('; ')}\n`);
  const verb = flags.boolean('disable-eviction') ? ['deleting', 'deleted'] : ['evicting', 'evicted'];
  const say = (text: string) => void io.stdout.write(`${text}\n`);
  for (const pod of [...plan.evicted, ...plan.lost]) {
    await io.stderr.write(`${verb[0]} pod ${fullName(pod)}${dryRunSuffix(flags)}\n`);
  }
  if (isDryRun(flags)) return;
  try {
    await drainNode(client, name, plan, {
      clock: systemClock,
      signal,
      gracePeriodSeconds: graceOf(flags),
      disableEviction: flags.boolean('disable-eviction'),
      onPod: (pod, state, why = '') => {
        if (state === 'gone') say(`pod/${pod.metadata.name} ${verb[1]}`);
        if (state === 'held back')
          void io.stderr.write(
            `error when evicting pods/"${pod.metadata.name}" -n "${pod.metadata.namespace}" (will retry after 5s): ${why}\n`,
          );
      },
    });
  } catch (error) {
    if (late?.aborted === true && !io.signal.aborted)
      throw new Error(`drain did not complete within ${timeout}`, { cause: error });
    throw error;
  }
}

/** kubectl: a negative number leaves it to the Pod. */
function graceOf(flags: Flags): number | undefined {
  const seconds = flags.integer('grace-period') ?? -1;
  return seconds < 0 ? undefined : seconds;
}

/** What must be allowed first, in kubectl's words (kubectl/pkg/drain/filters.go). */
function refusalsOf({ lost, withLocalData, staying }: DrainPlan, flags: Flags): readonly string[] {
  const refuse = (pods: readonly Pod[], allowed: string, what: string, to: string) =>
    pods.length === 0 || flags.boolean(allowed)
      ? []
      : [`cannot delete ${what} (use --${allowed} to ${to}): ${pods.map(fullName).join(', ')}`];
  return [
    ...refuse(staying.filter(ofDaemonSet), 'ignore-daemonsets', 'DaemonSet-managed Pods', 'ignore'),
    ...refuse(withLocalData, 'delete-emptydir-data', 'Pods with local storage', 'override'),
    ...refuse(lost, 'force', 'Pods that declare no controller', 'override'),
  ];
}

function warningsOf({ lost, staying }: DrainPlan): readonly string[] {
  const warn = (pods: readonly Pod[], text: string) =>
    pods.length === 0 ? [] : [`${text}: ${pods.map(fullName).join(', ')}`];
  return [
    ...warn(lost, 'deleting Pods that declare no controller'),
    ...warn(staying.filter(ofDaemonSet), 'ignoring DaemonSet-managed Pods'),
  ];
}

function ofDaemonSet({ metadata }: Pod): boolean {
  return (
    metadata.ownerReferences?.some(({ kind, controller }) => kind === 'DaemonSet' && controller) === true
  );
}

function fullName({ metadata: { namespace, name } }: Pod): string {
  return `${namespace}/${name}`;
}
