import type { Deployment } from '../../../core/api/generated/apps-v1.ts';
import { deployments } from '../../../core/api/generated/resources.ts';
import { isGone } from '../../../core/api/errors.ts';
import type { ObjectName } from '../../../core/api/object.ts';
import { restartWorkload, revisionsOf, rollBack } from '../../../core/client/operations/rollouts.ts';
import { alignColumns } from '../../../core/printers/columns-text.ts';
import { describePodTemplate } from '../../../core/printers/describe/pod-template.ts';
import { sanitizeLine } from '../../../core/printers/sanitize.ts';
import { UsageError } from '../command.ts';
import type { Command, Invocation } from '../command.ts';
import { completeTargets } from '../complete-targets.ts';
import { parseDurationMs } from '../../../core/machinery/duration.ts';
import { rolloutStatus } from '../../models/rollout-status.ts';
import { parseTargets } from '../targets.ts';

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
  run: (invocation) =>
    forEachDeployment(invocation, (_where, deployment) =>
      rollBack(invocation.session.cluster.client, deployment, invocation.flags.integer('to-revision') ?? 0, {
        signal: invocation.io.signal,
      }),
    ),
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
      const { client } = invocation.session.cluster;
      await restartWorkload(client, deployments, where, Date.now(), { signal: invocation.io.signal });
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

async function showHistory(invocation: Invocation): Promise<number> {
  const { flags, io, session } = invocation;
  const wanted = flags.integer('revision');
  for (const where of await deploymentNames(invocation)) {
    const deployment = await session.cluster.client.get(deployments, where, { signal: io.signal });
    const revisions = await revisionsOf(session.cluster.client, deployment, { signal: io.signal });
    if (wanted === undefined || wanted === 0) {
      const rows = revisions.map(({ number, changeCause = '<none>' }) => [
        String(number),
        sanitizeLine(changeCause),
      ]);
      const lines = alignColumns([['REVISION', 'CHANGE-CAUSE'], ...rows]);
      await io.stdout.write(`deployment.apps/${sanitizeLine(where.name)} \n${lines.join('\n')}\n\n`);
      continue;
    }
    const revision = revisions.find(({ number }) => number === wanted);
    if (revision === undefined)
      throw new Error(`unable to find the specified revision ${wanted} of deployment "${where.name}"`);
    const template = describePodTemplate(revision.replicaSet.spec.template ?? {}).join('\n');
    await io.stdout.write(
      `deployment.apps/${sanitizeLine(where.name)} with revision #${wanted}\n${template}\n`,
    );
  }
  return 0;
}
