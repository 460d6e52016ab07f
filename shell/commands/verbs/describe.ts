import type { Deployment, ReplicaSet } from '../../../core/api/generated/apps-v1.ts';
import type { Event, Namespace, Node, Pod } from '../../../core/api/generated/core-v1.ts';
import { events as eventResource, leases, pods, replicasets } from '../../../core/api/generated/resources.ts';
import { isNotFound } from '../../../core/api/errors.ts';
import type { KubernetesObject } from '../../../core/api/object.ts';
import { describeNode } from '../../../core/printers/describe/node.ts';
import {
  describeAnything,
  describeConfigMap,
  describeNamespace,
  describeSecret,
  describeServiceAccount,
} from '../../../core/printers/describe/objects.ts';
import { describePod } from '../../../core/printers/describe/pod.ts';
import { describeDeployment, describeReplicaSet } from '../../../core/printers/describe/workloads.ts';
import { selectorFromObject } from '../../../core/machinery/label-selector.ts';
import { sanitizeLine } from '../../terminal/sanitize.ts';
import type { Command, Invocation } from '../command.ts';
import { completeTargets } from '../complete-targets.ts';
import { errorText } from '../errors.ts';
import type { ServedResource } from '../../../core/client/resource-index.ts';
import { parseTargets } from '../targets.ts';
import type { Target } from '../targets.ts';

export const describe: Command = {
  name: 'describe',
  summary: 'Show one object in full, with what happened to it',
  usage: '(TYPE [NAME_PREFIX ...] | TYPE/NAME ...) [flags]',
  examples: [
    { says: 'A Pod and its events', line: 'describe pod web-1' },
    { says: 'A node and what runs on it', line: 'describe node wheelhouse' },
  ],
  flags: [
    { name: 'all-namespaces', short: 'A', type: 'boolean', help: 'In every namespace' },
    { name: 'selector', short: 'l', type: 'string', help: 'Only objects with these labels' },
    { name: 'show-events', type: 'boolean', help: 'Show events (default true)' },
  ],
  complete: completeTargets,

  async run(invocation) {
    const { words, session, io } = invocation;
    const targets = parseTargets(words, await session.resources(io.signal));
    let code = 0;
    let shown = 0;
    for (const target of targets) {
      const { objects, errors } = await find(invocation, target);
      for (const object of objects) {
        const lines = await describeObject(invocation, target.resource, object);
        await io.stdout.write(
          `${shown++ > 0 ? '\n\n' : ''}${lines.map((line) => `${sanitizeLine(line)}\n`).join('')}`,
        );
      }
      for (const error of errors) {
        code = 1;
        await io.stderr.write(`${errorText(error)}\n`);
      }
    }
    if (shown === 0 && code === 0)
      await io.stderr.write(`No resources found in ${session.namespace} namespace.\n`);
    return code;
  },
};

/** A name that does not exist may be the beginning of several, as in kubectl. */
async function find(
  { flags, session, io }: Invocation,
  { resource, names }: Target,
): Promise<{ objects: readonly KubernetesObject[]; errors: readonly unknown[] }> {
  const { client } = session.cluster;
  const namespace = resource.namespaced && !flags.boolean('all-namespaces') ? session.namespace : undefined;
  const selector = flags.string('selector');
  const list = async () =>
    (
      await client.list(resource, {
        namespace,
        signal: io.signal,
        ...(selector === undefined ? {} : { labelSelector: selector }),
      })
    ).items;
  if (names.length === 0) return { objects: await list(), errors: [] };
  const objects: KubernetesObject[] = [];
  const errors: unknown[] = [];
  for (const name of names) {
    try {
      objects.push(await client.get(resource, { namespace, name }, { signal: io.signal }));
    } catch (error) {
      const matching = isNotFound(error)
        ? (await list()).filter(({ metadata }) => metadata.name?.startsWith(name))
        : [];
      if (matching.length === 0) errors.push(error);
      objects.push(...matching);
    }
  }
  return { objects, errors };
}

async function describeObject(
  invocation: Invocation,
  resource: ServedResource,
  object: KubernetesObject,
): Promise<readonly string[]> {
  const nowMs = Date.now();
  const events = await eventsOf(invocation, object);
  switch (`${resource.group}/${resource.kind}`) {
    case '/Pod':
      return describePod(object as Pod, events, nowMs);
    case '/Node':
      return describeNodeWithPods(invocation, object as Node, events, nowMs);
    case '/Namespace':
      return describeNamespace(object as Namespace, events, nowMs);
    case '/ConfigMap':
      return describeConfigMap(object, events, nowMs);
    case '/Secret':
      return describeSecret(object);
    case '/ServiceAccount':
      return describeServiceAccount(object, events, nowMs);
    case 'apps/Deployment': {
      const sets = await ownedBy(invocation, replicasets, object as Deployment);
      return describeDeployment(object as Deployment, sets, events, nowMs);
    }
    case 'apps/ReplicaSet': {
      const owned = await ownedBy(invocation, pods, object as ReplicaSet);
      return describeReplicaSet(object as ReplicaSet, owned, events, nowMs);
    }
    default:
      return describeAnything(object, events, nowMs);
  }
}

async function eventsOf(
  { flags, session, io }: Invocation,
  { metadata, kind }: KubernetesObject,
): Promise<readonly Event[]> {
  if (flags.given('show-events') && !flags.boolean('show-events')) return [];
  const namespace = metadata.namespace ?? 'default';
  const fieldSelector = `involvedObject.kind=${kind},involvedObject.name=${metadata.name}`;
  const { items } = await session.cluster.client.list(eventResource, {
    namespace,
    fieldSelector,
    signal: io.signal,
  });
  // A later object of the same name has events of its own; nodes are named by name alone.
  return items.filter(
    ({ involvedObject }) => kind === 'Node' || !involvedObject.uid || involvedObject.uid === metadata.uid,
  );
}

async function describeNodeWithPods(
  { session, io }: Invocation,
  node: Node,
  events: readonly Event[],
  nowMs: number,
): Promise<readonly string[]> {
  const { client } = session.cluster;
  const name = node.metadata.name ?? '';
  const [{ items }, lease] = await Promise.all([
    client.list(pods, { fieldSelector: `spec.nodeName=${name}`, signal: io.signal }),
    client.get(leases, { namespace: 'kube-node-lease', name }, { signal: io.signal }).catch(() => undefined),
  ]);
  return describeNode(node, items, lease, events, nowMs);
}

async function ownedBy<T extends KubernetesObject>(
  { session, io }: Invocation,
  kind: Parameters<typeof session.cluster.client.list<T>>[0],
  owner: KubernetesObject & { readonly spec: { readonly selector?: unknown } },
): Promise<readonly T[]> {
  const labelSelector = selectorFromObject(owner.spec.selector).toString();
  const { namespace, uid } = owner.metadata;
  const { items } = await session.cluster.client.list(kind, { namespace, labelSelector, signal: io.signal });
  return items.filter(
    ({ metadata }) => metadata.ownerReferences?.some((reference) => reference.uid === uid) === true,
  );
}
