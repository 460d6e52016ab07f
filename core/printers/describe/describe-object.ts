import type { Deployment, ReplicaSet } from '../../api/generated/apps-v1.ts';
import type { Event, Namespace, Node, Pod } from '../../api/generated/core-v1.ts';
import { events as eventResource, leases, pods, replicasets } from '../../api/generated/resources.ts';
import type { KubernetesObject, ObjectName } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import { selectorFromObject } from '../../machinery/label-selector.ts';
import { describeNode } from './node.ts';
import {
  describeAnything,
  describeConfigMap,
  describeNamespace,
  describeSecret,
  describeServiceAccount,
} from './objects.ts';
import { describePod } from './pod.ts';
import { describeDeployment, describeReplicaSet } from './workloads.ts';

/** As much of a client as a description needs, to read what belongs to an object. */
export interface DescribeReader {
  get<T extends KubernetesObject>(
    resource: Resource<T>,
    name: ObjectName,
    options: { readonly signal: AbortSignal },
  ): Promise<T>;
  list<T extends KubernetesObject>(
    resource: Resource<T>,
    options: {
      readonly namespace?: string | undefined;
      readonly labelSelector?: string;
      readonly fieldSelector?: string;
      readonly signal: AbortSignal;
    },
  ): Promise<{ readonly items: readonly T[] }>;
}

export interface DescribeOptions {
  readonly nowMs: number;
  /** Whether to ask for what happened to the object. */
  readonly events: boolean;
  readonly signal: AbortSignal;
}

/** The lines of `describe`: the object, what belongs to it, what happened to it. Texts are as the cluster has them. */
export async function describeObject(
  reader: DescribeReader,
  resource: { readonly group: string; readonly kind: string },
  object: KubernetesObject,
  options: DescribeOptions,
): Promise<readonly string[]> {
  const { nowMs, signal } = options;
  const events = options.events ? await eventsOf(reader, object, signal) : [];
  switch (`${resource.group}/${resource.kind}`) {
    case '/Pod':
      return describePod(object as Pod, events, nowMs);
    case '/Node':
      return describeNodeWithPods(reader, object as Node, events, options);
    case '/Namespace':
      return describeNamespace(object as Namespace, events, nowMs);
    case '/ConfigMap':
      return describeConfigMap(object, events, nowMs);
    case '/Secret':
      return describeSecret(object);
    case '/ServiceAccount':
      return describeServiceAccount(object, events, nowMs);
    case 'apps/Deployment': {
      const sets = await ownedBy(reader, replicasets, object as Deployment, signal);
      return describeDeployment(object as Deployment, sets, events, nowMs);
    }
    case 'apps/ReplicaSet': {
      const owned = await ownedBy(reader, pods, object as ReplicaSet, signal);
      return describeReplicaSet(object as ReplicaSet, owned, events, nowMs);
    }
    default:
      return describeAnything(object, events, nowMs);
  }
}

async function eventsOf(
  reader: DescribeReader,
  { metadata, kind }: KubernetesObject,
  signal: AbortSignal,
): Promise<readonly Event[]> {
  const { namespace = 'default', name, uid } = metadata;
  const fieldSelector = `involvedObject.kind=${kind},involvedObject.name=${name}`;
  const { items } = await reader.list(eventResource, { namespace, fieldSelector, signal });
  // A later object of the same name has events of its own; nodes are named by name alone.
  return items.filter(
    ({ involvedObject }) => kind === 'Node' || !involvedObject.uid || involvedObject.uid === uid,
  );
}

async function describeNodeWithPods(
  reader: DescribeReader,
  node: Node,
  events: readonly Event[],
  { nowMs, signal }: DescribeOptions,
): Promise<readonly string[]> {
  const name = node.metadata.name ?? '';
  const [{ items }, lease] = await Promise.all([
    reader.list(pods, { fieldSelector: `spec.nodeName=${name}`, signal }),
    reader.get(leases, { namespace: 'kube-node-lease', name }, { signal }).catch(() => undefined),
  ]);
  return describeNode(node, items, lease, events, nowMs);
}

async function ownedBy<T extends KubernetesObject>(
  reader: DescribeReader,
  resource: Resource<T>,
  owner: KubernetesObject & { readonly spec: { readonly selector?: unknown } },
  signal: AbortSignal,
): Promise<readonly T[]> {
  const labelSelector = selectorFromObject(owner.spec.selector).toString();
  const { namespace, uid } = owner.metadata;
  const { items } = await reader.list(resource, { namespace, labelSelector, signal });
  return items.filter(
    ({ metadata }) => metadata.ownerReferences?.some((reference) => reference.uid === uid) === true,
  );
}
