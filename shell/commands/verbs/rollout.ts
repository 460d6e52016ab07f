import type { Deployment, ReplicaSet } from '../../../core/api/generated/apps-v1.ts';
import { deployments, replicasets } from '../../../core/api/generated/resources.ts';
import { isGone } from '../../../core/api/errors.ts';
import type { ObjectName } from '../../../core/api/object.ts';
import { alignColumns } from '../../../core/printers/columns-text.ts';
import { deepEqual } from '../../../core/machinery/json.ts';
import { describePodTemplate } from '../../../core/printers/describe/pod-template.ts';
import { sanitizeLine } from '../../terminal/sanitize.ts';
import { UsageError } from '../command.ts';
import type { Command, Invocation } from '../command.ts';
import { completeTargets } from '../complete-targets.ts';
import { parseDurationMs } from '../../../core/machinery/duration.ts';
import { rolloutStatus } from '../../models/rollout-status.ts';
import { parseTargets } from '../targets.ts';

const revisionAnnotation = 'deployment.kubernetes.io/revision';
const changeCauseAnnotation = 'kubernetes.io/change-cause';
const restartedAtAnnotation = 'kubectl.kubernetes.io/restartedAt';
const hashLabel = 'pod-template-hash';

const status: Command = {
  name: 'status',
  summary: 'Follow a rollout until it has succeeded or failed',
  usage: '(deployment NAME | deployment/NAME) [--watch=false] [--timeout=DURATION]',
  examples: [{ says: 'Wait for a rollout', line: 'rollout status deployment/web --timeout=2m' }],
  flags: [
    { name: 'watch', short: 'w', type: 'boolean', help: 'Follow until the rollout is done (default true)' },
    { name: 'timeout', type: 'string', help: 'Give up after this long, such as 2m' },
  ],
  complete: completeTargets,
  run: followStatus,
};

const history: Command = {
  name: 'history',
  summary: 'Show the revisions of a Deployment',
  usage: '(deployment NAME | deployment/NAME) [--revision=N]',
  examples: [
    { says: 'All revisions', line: 'rollout history deployment/web' },
    { says: 'What revision 2 ran', line: 'rollout history deployment/web --revision=2' },
  ],
  flags: [{ name: 'revision', type: 'integer', help: 'Show the Pod template of this revision' }],
  complete: completeTargets,
  run: showHistory,
};

const undo: Command = {
  name: 'undo',
  summary: 'Go back to an earlier revision of a Deployment',
  usage: '(deployment NAME | deployment/NAME) [--to-revision=N]',
  examples: [
    { says: 'Back to the one before', line: 'rollout undo deployment/web' },
    { says: 'Back to revision 3', line: 'rollout undo deployment/web --to-revision=3' },
  ],
  flags: [{ name: 'to-revision', type: 'integer', help: 'Revision to go back to (default: the one before)' }],
  complete: completeTargets,
  run: (invocation) => forEachDeployment(invocation, undoOne),
};

const restart: Command = {
  name: 'restart',
  summary: 'Replace all Pods of a Deployment, a few at a time',
  usage: '(deployment NAME | deployment/NAME)',
  examples: [{ says: 'Restart', line: 'rollout restart deployment/web' }],
  flags: [],
  complete: completeTargets,
  run: (invocation) =>
    forEachDeployment(invocation, async (where) => {
      const restartedAt = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
      const patch = {
        spec: { template: { metadata: { annotations: { [restartedAtAnnotation]: restartedAt } } } },
      };
      await invocation.session.cluster.client.patch(deployments, where, 'merge', patch, {
        signal: invocation.io.signal,
      });
      return 'restarted';
    }),
};

const pause = pausing('pause', true);
const resume = pausing('resume', false);

function pausing(name: 'pause' | 'resume', paused: boolean): Command {
  return {
    name,
    summary: paused ? 'Hold a rollout where it is' : 'Continue a paused rollout',
    usage: '(deployment NAME | deployment/NAME)',
    examples: [{ says: paused ? 'Hold' : 'Continue', line: `rollout ${name} deployment/web` }],
    flags: [],
    complete: completeTargets,
    run: (invocation) =>
      forEachDeployment(invocation, async (where, deployment) => {
        if ((deployment.spec.paused ?? false) === paused) {
          throw new Error(`deployments.apps "${where.name}" is ${paused ? 'already' : 'not'} paused`);
        }
        const patch = { spec: { paused: paused ? true : null } };
        await invocation.session.cluster.client.patch(deployments, where, 'merge', patch, {
          signal: invocation.io.signal,
        });
        return `${name}d`;
      }),
  };
}

export const rollout: Command = {
  name: 'rollout',
  summary: 'Follow, review, undo, restart, pause or resume a rollout',
  usage: 'SUBCOMMAND (deployment NAME | deployment/NAME) [flags]',
  examples: [...status.examples, ...undo.examples],
  flags: [],
  subcommands: [status, history, undo, restart, pause, resume],
  run: () => {
    throw new UsageError('name what to do: status, history, undo, restart, pause or resume');
  },
};

async function deploymentNames({ words, session, io }: Invocation): Promise<readonly ObjectName[]> {
  const targets = parseTargets(words, await session.resources(io.signal));
  const found = targets.flatMap(({ resource, names }) => {
    if (resource.kind !== 'Deployment')
      throw new UsageError(`no rollouts of ${resource.plural} are known here: name a deployment`);
    return names.map((name) => ({ namespace: session.namespace, name }));
  });
  if (found.length === 0) throw new UsageError('name the deployment');
  return found;
}

async function forEachDeployment(
  invocation: Invocation,
  change: (where: ObjectName, deployment: Deployment, invocation: Invocation) => Promise<string>,
): Promise<number> {
  for (const where of await deploymentNames(invocation)) {
    const deployment = await invocation.session.cluster.client.get(deployments, where, {
      signal: invocation.io.signal,
    });
    const done = await change(where, deployment, invocation);
    await invocation.io.stdout.write(`deployment.apps/${sanitizeLine(where.name)} ${done}\n`);
  }
  return 0;
}

async function followStatus(invocation: Invocation): Promise<number> {
  const { flags, io } = invocation;
  const timeout = flags.string('timeout');
  const timeoutMs = timeout === undefined ? 0 : parseDurationMs(timeout);
  const signal = timeoutMs > 0 ? AbortSignal.any([io.signal, AbortSignal.timeout(timeoutMs)]) : io.signal;
  const follow = !flags.given('watch') || flags.boolean('watch');
  for (const where of await deploymentNames(invocation)) await followOne(invocation, where, signal, follow);
  if (signal.aborted && !io.signal.aborted) throw new Error('timed out waiting for the condition');
  return 0;
}

/** Prints a line whenever the answer changes, and returns when the rollout is done; throws when it failed. */
async function followOne(
  { session, io }: Invocation,
  where: ObjectName,
  signal: AbortSignal,
  follow: boolean,
): Promise<void> {
  const { client } = session.cluster;
  let said = '';
  const say = async (deployment: Deployment) => {
    const { done, text } = rolloutStatus(deployment);
    if (text !== said) await io.stdout.write(`${sanitizeLine(text)}\n`);
    said = text;
    return done;
  };
  const fieldSelector = `metadata.name=${where.name}`;
  if ((await say(await client.get(deployments, where, { signal }))) || !follow) return;
  while (!signal.aborted) {
    const { items, resourceVersion } = await client.list(deployments, {
      namespace: where.namespace,
      fieldSelector,
      signal,
    });
    for (const item of items) if (await say(item)) return;
    try {
      const stop = new AbortController();
      const events = client.watch(deployments, {
        namespace: where.namespace,
        fieldSelector,
        resourceVersion,
        signal: AbortSignal.any([signal, stop.signal]),
      });
      for await (const batch of events) {
        for (const event of batch) {
          if (event.type === 'BOOKMARK') continue;
          if (event.type === 'DELETED') throw new Error(`deployment "${where.name}" was deleted`);
          if (await say(event.object)) return stop.abort();
        }
      }
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
}

async function ownReplicaSets(
  { session, io }: Invocation,
  deployment: Deployment,
): Promise<readonly ReplicaSet[]> {
  const { namespace, uid } = deployment.metadata;
  const { items } = await session.cluster.client.list(replicasets, { namespace, signal: io.signal });
  return items
    .filter(({ metadata }) =>
      metadata.ownerReferences?.some((owner) => owner.uid === uid && owner.controller === true),
    )
    .toSorted((a, b) => revisionOf(a) - revisionOf(b));
}

function revisionOf(replicaSet: ReplicaSet): number {
  return Number(replicaSet.metadata.annotations?.[revisionAnnotation] ?? 0);
}

async function showHistory(invocation: Invocation): Promise<number> {
  const { flags, io, session } = invocation;
  const wanted = flags.integer('revision');
  for (const where of await deploymentNames(invocation)) {
    const deployment = await session.cluster.client.get(deployments, where, { signal: io.signal });
    const sets = await ownReplicaSets(invocation, deployment);
    if (wanted === undefined || wanted === 0) {
      const rows = sets.map((set) => [
        String(revisionOf(set)),
        sanitizeLine(set.metadata.annotations?.[changeCauseAnnotation] ?? '<none>'),
      ]);
      const lines = alignColumns([['REVISION', 'CHANGE-CAUSE'], ...rows]);
      await io.stdout.write(`deployment.apps/${sanitizeLine(where.name)} \n${lines.join('\n')}\n\n`);
      continue;
    }
    const set = sets.find((candidate) => revisionOf(candidate) === wanted);
    if (set === undefined)
      throw new Error(`unable to find the specified revision ${wanted} of deployment "${where.name}"`);
    const template = describePodTemplate(set.spec.template ?? {}).join('\n');
    await io.stdout.write(
      `deployment.apps/${sanitizeLine(where.name)} with revision #${wanted}\n${template}\n`,
    );
  }
  return 0;
}

async function undoOne(where: ObjectName, deployment: Deployment, invocation: Invocation): Promise<string> {
  const { flags, session, io } = invocation;
  if (deployment.spec.paused === true) {
    throw new Error(
      `you cannot rollback a paused deployment; resume it first with "rollout resume deployment/${where.name}" and try again`,
    );
  }
  const sets = await ownReplicaSets(invocation, deployment);
  const wanted = flags.integer('to-revision') ?? 0;
  const target = wanted === 0 ? sets.at(-2) : sets.find((set) => revisionOf(set) === wanted);
  if (target === undefined) {
    throw new Error(
      wanted === 0
        ? `no rollout history found for deployment "${where.name}"`
        : `unable to find specified revision ${wanted} in history`,
    );
  }
  const template = withoutHash(target.spec.template ?? {});
  if (deepEqual(template, deployment.spec.template))
    return `skipped rollback (current template already matches revision ${revisionOf(target)})`;
  const patch = [
    // Undo only what was seen: a change that came between makes the test fail.
    { op: 'test', path: '/metadata/resourceVersion', value: deployment.metadata.resourceVersion },
    { op: 'replace', path: '/spec/template', value: template },
  ];
  await session.cluster.client.patch(deployments, where, 'json', patch, { signal: io.signal });
  return 'rolled back';
}

function withoutHash(
  template: NonNullable<ReplicaSet['spec']['template']>,
): NonNullable<ReplicaSet['spec']['template']> {
  const { [hashLabel]: _hash, ...labels } = template.metadata?.labels ?? {};
  return { ...template, metadata: { ...template.metadata, labels } };
}
