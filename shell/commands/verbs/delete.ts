import { isNotFound } from '../../../core/api/errors.ts';
import type { KubernetesObject } from '../../../core/api/object.ts';
import type { DeleteOptions } from '../../../core/api/verbs.ts';
import { sanitizeLine } from '../../../core/printers/sanitize.ts';
import { UsageError } from '../command.ts';
import type { Command, Invocation } from '../command.ts';
import { completeTargets } from '../complete-targets.ts';
import { errorText } from '../errors.ts';
import { fileFlags, readManifests } from '../manifests.ts';
import type { ServedResource } from '../../../core/client/resource-index.ts';
import { parseTargets } from '../targets.ts';
import { dryRunFlag, inNamespace, servedKind } from './apply.ts';

export const deleteCommand: Command = {
  name: 'delete',
  summary: 'Delete objects; without arguments, the local cluster itself',
  usage: '(TYPE NAME ... | TYPE/NAME ... | TYPE -l LABELS | TYPE --all | -f FILE) [flags]',
  examples: [
    { says: 'One Pod, waiting until it is gone', line: 'delete pod web-1' },
    { says: 'Everything a file declares', line: 'delete -f app.yaml' },
    { says: 'A Pod whose node is lost, at once', line: 'delete pod web-1 --force' },
    { says: 'The local cluster with all its data', line: 'delete' },
  ],
  flags: [
    ...fileFlags,
    { name: 'selector', short: 'l', type: 'string', help: 'Only objects with these labels' },
    { name: 'field-selector', type: 'string', help: 'Only objects with these field values' },
    { name: 'all', type: 'boolean', help: 'All objects of the type in the namespace' },
    { name: 'all-namespaces', short: 'A', type: 'boolean', help: 'In every namespace' },
    {
      name: 'grace-period',
      type: 'integer',
      help: 'Seconds the containers get to end (default: the Pod decides)',
    },
    { name: 'now', type: 'boolean', help: 'The same as --grace-period=1' },
    { name: 'force', type: 'boolean', help: 'Do not wait for the node: the object is removed at once' },
    { name: 'wait', type: 'boolean', help: 'Wait until the objects are gone (default true)' },
    { name: 'timeout', type: 'string', help: 'Give up waiting after this long, such as 30s' },
    {
      name: 'cascade',
      type: 'string',
      bare: 'background',
      choices: ['background', 'foreground', 'orphan'],
      help: 'What happens to what the objects own (default background)',
    },
    { name: 'ignore-not-found', type: 'boolean', help: 'Say nothing of names that do not exist' },
    { name: 'yes', short: 'y', type: 'boolean', help: 'Do not ask' },
    dryRunFlag,
  ],
  complete: completeTargets,

  async run(invocation) {
    const { words, flags } = invocation;
    if (words.length === 0 && !flags.given('filename')) {
      const { deleteCluster } = await import('./cluster.ts');
      return deleteCluster(invocation);
    }
    const doomed = await findDoomed(invocation);
    return deleteAll(invocation, doomed);
  },
};

interface Doomed {
  readonly resource: ServedResource;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly uid?: string | undefined;
}

async function findDoomed(invocation: Invocation): Promise<readonly Doomed[]> {
  const { words, flags, session, io } = invocation;
  const index = await session.resources(io.signal);
  if (flags.given('filename')) {
    const manifests = await readManifests(flags, io);
    return manifests.map(({ object }) => {
      const resource = servedKind(index, object);
      const { namespace, name = '' } = inNamespace(resource, object, invocation).metadata;
      return { resource, namespace, name };
    });
  }
  const targets = parseTargets(words, index);
  const doomed: Doomed[] = [];
  for (const { resource, names } of targets) {
    const everywhere = flags.boolean('all-namespaces');
    const namespace = resource.namespaced && !everywhere ? session.namespace : undefined;
    if (names.length > 0) {
      doomed.push(...names.map((name) => ({ resource, namespace, name })));
      continue;
    }
    const [labelSelector, fieldSelector] = [flags.string('selector'), flags.string('field-selector')];
    if (labelSelector === undefined && fieldSelector === undefined && !flags.boolean('all')) {
      throw new UsageError('resource(s) were provided, but no name was specified');
    }
    const list = await session.cluster.client.list(resource, {
      namespace,
      signal: io.signal,
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
    });
    doomed.push(...list.items.map((item) => doomedObject(resource, item)));
  }
  if (doomed.length === 0 && !flags.boolean('ignore-not-found'))
    await io.stderr.write('No resources found\n');
  return doomed;
}

function doomedObject(resource: ServedResource, object: KubernetesObject): Doomed {
  const { namespace, name = '', uid } = object.metadata;
  return { resource, namespace, name, uid };
}

async function deleteAll(invocation: Invocation, doomed: readonly Doomed[]): Promise<number> {
  const { flags, io } = invocation;
  const options = deleteOptions(invocation);
  if (flags.boolean('force')) {
    await io.stderr.write(
      'Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n',
    );
  }
  let code = 0;
  const waiting: Doomed[] = [];
  const mode = flags.string('dry-run') ?? 'none';
  const suffix = mode === 'none' ? '' : ` (${mode} dry run)`;
  for (const one of doomed) {
    try {
      const uid = mode === 'client' ? undefined : await deleteOne(invocation, one, options);
      const forced = flags.boolean('force') ? 'force deleted' : 'deleted';
      await io.stdout.write(`${kindText(one.resource)} "${sanitizeLine(one.name)}" ${forced}${suffix}\n`);
      if (uid !== undefined) waiting.push({ ...one, uid });
    } catch (error) {
      if (isNotFound(error) && flags.boolean('ignore-not-found')) continue;
      code = 1;
      await io.stderr.write(`${errorText(error)}\n`);
    }
  }
  const wait = flags.given('wait') ? flags.boolean('wait') : !flags.boolean('force');
  if (wait && mode === 'none') await Promise.all(waiting.map((one) => untilGone(invocation, one)));
  return code;
}

function kindText({ group, singular, kind }: ServedResource): string {
  const name = singular || kind.toLowerCase();
  return group === '' ? name : `${name}.${group}`;
}

/** Resolves to the UID that is still there, or undefined when the object is gone. */
async function deleteOne(
  { session, io }: Invocation,
  { resource, namespace, name, uid }: Doomed,
  options: DeleteOptions,
): Promise<string | undefined> {
  const left = await session.cluster.client.delete(
    resource,
    { namespace, name },
    { ...options, ...(uid === undefined ? {} : { preconditions: { uid } }), signal: io.signal },
  );
  return left?.metadata.uid;
}

function deleteOptions({ flags }: Invocation): DeleteOptions {
  const grace = flags.boolean('now') ? 1 : flags.integer('grace-period');
  if (grace === 0 && !flags.boolean('force')) {
    // As kubectl: without --force, 0 still lets the node confirm.
    return { ...cascade(flags.string('cascade')), gracePeriodSeconds: 1, ...dryRun(flags.string('dry-run')) };
  }
  const seconds = flags.boolean('force') ? (grace ?? 0) : grace;
  if (flags.boolean('force') && seconds !== undefined && seconds > 0) {
    throw new UsageError('--force and --grace-period greater than 0 cannot be specified together');
  }
  return {
    ...cascade(flags.string('cascade')),
    ...(seconds === undefined || seconds < 0 ? {} : { gracePeriodSeconds: seconds }),
    ...dryRun(flags.string('dry-run')),
  };
}

function cascade(value: string | undefined): DeleteOptions {
  const policies = { background: 'Background', foreground: 'Foreground', orphan: 'Orphan' } as const;
  return { propagationPolicy: policies[(value ?? 'background') as keyof typeof policies] };
}

function dryRun(value: string | undefined): DeleteOptions {
  return value === 'server' ? { dryRun: true } : {};
}

/** Resolves when the object with this UID is gone: deleted, or replaced by another of the same name. */
async function untilGone(
  { session, io }: Invocation,
  { resource, namespace, name, uid }: Doomed,
): Promise<void> {
  const { client } = session.cluster;
  const stop = new AbortController();
  const signal = AbortSignal.any([io.signal, stop.signal]);
  const fieldSelector = `metadata.name=${name}`;
  const list = await client.list(resource, { namespace, fieldSelector, signal });
  if (list.items[0]?.metadata.uid !== uid) return;
  const events = client.watch(resource, {
    namespace,
    fieldSelector,
    resourceVersion: list.resourceVersion,
    signal,
  });
  for await (const batch of events) {
    const gone = batch.some((event) => event.type === 'DELETED' && event.object.metadata.uid === uid);
    if (!gone) continue;
    stop.abort();
    return;
  }
}
