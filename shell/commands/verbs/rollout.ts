import type { Deployment } from '../../../core/api/generated/apps-v1.ts';
import { deployments } from '../../../core/api/generated/resources.ts';
import { isGone } from '../../../core/api/errors.ts';
import type { ObjectName } from '../../../core/api/object.ts';
import type { Resource } from '../../../core/api/resource.ts';
import {
  isDeployment,
  revisionsOf,
  rollingResource,
  type RollingWorkload,
} from '../../../core/client/operations/revisions.ts';
import { restartWorkload, rollBack } from '../../../core/client/operations/rollouts.ts';
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
  summary: 'Show the revisions of a Deployment, StatefulSet or DaemonSet',
  usage: '(KIND NAME | KIND/NAME) [--revision=N]',
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
  summary: 'Go back to an earlier revision of a Deployment, StatefulSet or DaemonSet',
  usage: '(KIND NAME | KIND/NAME) [--to-revision=N]',
  examples: [
    { says: 'Back to the one before', line: 'rollout undo deployment/web' },
    { says: 'Back to revision 3', line: 'rollout undo deployment/web --to-revision=3' },
  ],
  flags: [{ name: 'to-revision', type: 'integer', help: 'Revision to go back to (default: the one before)' }],
  complete: completeTargets,
  run: (invocation) =>
    forEachWorkload(invocation, ({ workload }) =>
      rollBack(invocation.session.cluster.client, workload, invocation.flags.integer('to-revision') ?? 0, {
        signal: invocation.io.signal,
      }),
    ),
};

const restart: Command = {
  name: 'restart',
  summary: 'Replace all Pods of a Deployment, StatefulSet or DaemonSet, a few at a time',
  usage: '(KIND NAME | KIND/NAME)',
  examples: [{ says: 'Restart', line: 'rollout restart deployment/web' }],
  flags: [],
  complete: completeTargets,
  run: (invocation) =>
    forEachWorkload(invocation, async ({ resource, where }) => {
      const { client } = invocation.session.cluster;
      await restartWorkload(client, resource, where, Date.now(), { signal: invocation.io.signal });
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
      forEachWorkload(invocation, async ({ where, workload }) => {
        if (!isDeployment(workload)) throw new UsageError(`only deployments can be ${name}d`);
        if ((workload.spec.paused ?? false) === paused) {
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
  usage: 'SUBCOMMAND (KIND NAME | KIND/NAME) [flags]',
  examples: [...status.examples, ...undo.examples],
  flags: [],
  subcommands: [status, history, undo, restart, pause, resume],
  run: () => {
    throw new UsageError('name what to do: status, history, undo, restart, pause or resume');
  },
};

/** A workload that a command names. */
interface Named {
  readonly resource: Resource<RollingWorkload>;
  readonly where: ObjectName;
}

async function named({ words, session, io }: Invocation): Promise<readonly Named[]> {
  const targets = parseTargets(words, await session.resources(io.signal));
  const found = targets.flatMap(({ resource: { group, kind, plural }, names }) => {
    const resource = rollingResource(group, kind);
    if (resource === undefined)
      throw new UsageError(
        `no rollouts of ${plural} are known here: name a deployment, statefulset or daemonset`,
      );
    return names.map((name) => ({ resource, where: { namespace: session.namespace, name } }));
  });
  if (found.length === 0) throw new UsageError('name the workload, as deployment/NAME');
  return found;
}

async function deploymentNames(invocation: Invocation): Promise<readonly ObjectName[]> {
  return (await named(invocation)).map(({ resource, where }) => {
    if (resource.kind !== 'Deployment') throw new UsageError('only rollouts of deployments can be followed');
    return where;
  });
}

async function forEachWorkload(
  invocation: Invocation,
  change: (target: Named & { readonly workload: RollingWorkload }) => Promise<string>,
): Promise<number> {
  for (const { resource, where } of await named(invocation)) {
    const workload = await invocation.session.cluster.client.get(resource, where, {
      signal: invocation.io.signal,
    });
    const done = await change({ resource, where, workload });
    await invocation.io.stdout.write(`${titleOf(resource, where)} ${done}\n`);
  }
  return 0;
}

function titleOf({ kind, group }: Resource<RollingWorkload>, { name }: ObjectName): string {
  return `${kind.toLowerCase()}.${group}/${sanitizeLine(name)}`;
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
  for (const { resource, where } of await named(invocation)) {
    const { client } = session.cluster;
    const workload = await client.get(resource, where, { signal: io.signal });
    const revisions = await revisionsOf(client, workload, { signal: io.signal });
    const title = titleOf(resource, where);
    if (wanted === undefined || wanted === 0) {
      const rows = revisions.map(({ number, changeCause = '<none>' }) => [
        String(number),
        sanitizeLine(changeCause),
      ]);
      const lines = alignColumns([['REVISION', 'CHANGE-CAUSE'], ...rows]);
      await io.stdout.write(`${title} \n${lines.join('\n')}\n\n`);
      continue;
    }
    const revision = revisions.find(({ number }) => number === wanted);
    if (revision === undefined)
      throw new Error(
        `unable to find the specified revision ${wanted} of ${resource.kind.toLowerCase()} "${where.name}"`,
      );
    const template = describePodTemplate(revision.template).join('\n');
    await io.stdout.write(`${title} with revision #${wanted}\n${template}\n`);
  }
  return 0;
}
