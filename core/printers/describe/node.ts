import type { Event, Node, Pod } from '../../api/generated/core-v1.ts';
import type { Lease } from '../../api/generated/coordination-v1.ts';
import { Quantity } from '../../machinery/quantity.ts';
import { ageSince } from '../age.ts';
import { nodeRoles } from '../tables/core.ts';
import { Description, localTime, sortedEntries } from './description.ts';

/** A node with the Pods on it and how much of it they ask for, as `kubectl describe node` shows it. */
export function describeNode(
  node: Node,
  pods: readonly Pod[],
  lease: Lease | undefined,
  events: readonly Event[],
  nowMs: number,
): string[] {
  const { metadata, spec, status } = node;
  const to = new Description()
    .field(0, 'Name', metadata.name)
    .field(0, 'Roles', nodeRoles(node))
    .labels('Labels', metadata.labels)
    .annotations(metadata.annotations)
    .field(0, 'CreationTimestamp', localTime(metadata.creationTimestamp))
    .multiline(
      'Taints',
      (spec.taints ?? []).map(({ key, value, effect }) => `${key}${value ? `=${value}` : ''}:${effect}`),
    )
    .field(0, 'Unschedulable', String(spec.unschedulable ?? false))
    .line(0, 'Lease:')
    .field(1, 'HolderIdentity', lease?.spec.holderIdentity ?? '<unset>')
    .field(1, 'AcquireTime', localTime(lease?.spec.acquireTime) || '<unset>')
    .field(1, 'RenewTime', localTime(lease?.spec.renewTime) || '<unset>');
  describeConditions(to, node);
  if ((status.addresses ?? []).length > 0) to.line(0, 'Addresses:');
  for (const { type, address } of status.addresses ?? []) to.field(1, type, address);
  amounts(to, 'Capacity', status.capacity);
  amounts(to, 'Allocatable', status.allocatable);
  describeSystem(to, node);
  to.optional(0, 'PodCIDR', spec.podCIDR)
    .optional(0, 'PodCIDRs', spec.podCIDRs?.join(','))
    .optional(0, 'ProviderID', spec.providerID);
  describePods(to, node, pods, nowMs);
  return to.events(events, nowMs).toLines();
}

function describeConditions(to: Description, { status }: Node): void {
  const conditions = status.conditions ?? [];
  if (conditions.length === 0) return;
  to.line(0, 'Conditions:')
    .line(1, 'Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage')
    .line(1, '----\t------\t-----------------\t------------------\t------\t-------');
  for (const { type, status: value, lastHeartbeatTime, lastTransitionTime, reason, message } of conditions) {
    to.line(
      1,
      `${type} \t${value} \t${localTime(lastHeartbeatTime)} \t${localTime(lastTransitionTime)} \t${reason ?? ''} \t${message ?? ''}`,
    );
  }
}

function amounts(to: Description, title: string, values: Readonly<Record<string, string>> | undefined): void {
  if (values === undefined || Object.keys(values).length === 0) return;
  to.line(0, `${title}:`);
  for (const [name, value] of sortedEntries(values)) to.field(1, name, value);
}

function describeSystem(to: Description, { status: { nodeInfo } }: Node): void {
  if (nodeInfo === undefined) return;
  to.line(0, 'System Info:')
    .field(1, 'Machine ID', nodeInfo.machineID)
    .field(1, 'System UUID', nodeInfo.systemUUID)
    .field(1, 'Boot ID', nodeInfo.bootID)
    .field(1, 'Kernel Version', nodeInfo.kernelVersion)
    .field(1, 'OS Image', nodeInfo.osImage)
    .field(1, 'Operating System', nodeInfo.operatingSystem)
    .field(1, 'Architecture', nodeInfo.architecture)
    .field(1, 'Container Runtime Version', nodeInfo.containerRuntimeVersion)
    .field(1, 'Kubelet Version', nodeInfo.kubeletVersion)
    .field(1, 'Kube-Proxy Version', nodeInfo.kubeProxyVersion);
}

/** Requests or limits of one resource, summed over the Pod's containers; init containers count by their largest. */
function podAmount({ spec }: Pod, kind: 'requests' | 'limits', resource: string): Quantity {
  const of = (
    resources: { [key in 'requests' | 'limits']?: Readonly<Record<string, string>> | undefined } | undefined,
  ) => Quantity.parse(resources?.[kind]?.[resource] ?? '0');
  const main = spec.containers.reduce(
    (sum, container) => sum.add(of(container.resources)),
    Quantity.parse('0'),
  );
  return (spec.initContainers ?? []).reduce((most, container) => {
    const amount = of(container.resources);
    return amount.compare(most) > 0 ? amount : most;
  }, main);
}

function describePods(to: Description, { status }: Node, all: readonly Pod[], nowMs: number): void {
  const pods = all.filter(({ status: { phase } }) => phase !== 'Succeeded' && phase !== 'Failed');
  const share = (amount: Quantity, resource: string) => {
    const whole = Quantity.parse(status.allocatable?.[resource] ?? '0').toNumber();
    const percent = whole === 0 ? 0 : Math.trunc((amount.toNumber() / whole) * 100);
    return `${amount.toString()} (${percent}%)`;
  };
  to.line(0, `Non-terminated Pods:\t(${pods.length} in total)`)
    .line(1, 'Namespace\tName\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge')
    .line(1, '---------\t----\t------------\t----------\t---------------\t-------------\t---');
  for (const pod of pods) {
    const cells = [
      pod.metadata.namespace,
      pod.metadata.name,
      share(podAmount(pod, 'requests', 'cpu'), 'cpu'),
      share(podAmount(pod, 'limits', 'cpu'), 'cpu'),
      share(podAmount(pod, 'requests', 'memory'), 'memory'),
      share(podAmount(pod, 'limits', 'memory'), 'memory'),
      ageSince(pod.metadata.creationTimestamp, nowMs),
    ];
    to.line(1, cells.join('\t'));
  }
  to.line(0, 'Allocated resources:')
    .line(1, '(Total limits may be over 100 percent, i.e., overcommitted.)')
    .line(1, 'Resource\tRequests\tLimits')
    .line(1, '--------\t--------\t------');
  for (const resource of ['cpu', 'memory', 'ephemeral-storage']) {
    const total = (kind: 'requests' | 'limits') =>
      pods.reduce((sum, pod) => sum.add(podAmount(pod, kind, resource)), Quantity.parse('0'));
    to.line(1, `${resource}\t${share(total('requests'), resource)}\t${share(total('limits'), resource)}`);
  }
}
