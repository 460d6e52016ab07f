import type { Node, NodeSelectorTerm, Pod } from '../../core/api/generated/core-v1.ts';
import { matchesRequirement, requirementFromObject } from '../../core/machinery/label-selector.ts';
import { Quantity } from '../../core/machinery/quantity.ts';
import { hostPorts } from './pod-network.ts';
import type { Rejection } from './pod-context.ts';
import type { PendingResize } from './resize.ts';

/**
 * Whether this node can take a Pod that was bound to it (upstream: pkg/kubelet/lifecycle/predicate.go). The scheduler
 * has asked the same, but somebody may bind by hand, and the node may have changed meanwhile.
 */
export function admitPod(pod: Pod, node: Node | undefined, others: readonly Pod[]): Rejection | undefined {
  return (
    (node === undefined
      ? undefined
      : (resourceRejection(pod, node, others) ?? affinityRejection(pod, node))) ?? portRejection(pod, others)
  );
}

/** Whether this node has what a Pod that it runs asks for now (upstream: canResizePod in pkg/kubelet/allocation). */
export function admitResize(
  pod: Pod,
  node: Node | undefined,
  others: readonly Pod[],
): PendingResize | undefined {
  if (node === undefined) return undefined;
  const never = resourceRejection(pod, node, []);
  if (never !== undefined) return { reason: 'Infeasible', message: never.message };
  const notNow = resourceRejection(pod, node, others);
  return notNow === undefined ? undefined : { reason: 'Deferred', message: notNow.message };
}

function resourceRejection(pod: Pod, node: Node, others: readonly Pod[]): Rejection | undefined {
  const allocatable = node.status.allocatable ?? {};
  const podLimit = Number(allocatable['pods'] ?? Number.POSITIVE_INFINITY);
  if (others.length + 1 > podLimit) return insufficient('pods', '1', String(others.length), String(podLimit));
  const wanted = podRequests(pod);
  for (const [name, request] of wanted) {
    if (request.isZero) continue;
    let used = Quantity.zero;
    for (const other of others) used = used.add(podRequests(other).get(name) ?? Quantity.zero);
    const capacity = Quantity.parse(allocatable[name] ?? '0');
    if (used.add(request).compare(capacity) > 0) {
      const unit = (quantity: Quantity) => String(name === 'cpu' ? quantity.toMilli() : quantity.toNumber());
      return insufficient(name, unit(request), unit(used), unit(capacity));
    }
  }
  return undefined;
}

function insufficient(name: string, requested: string, used: string, capacity: string): Rejection {
  return {
    reason: `OutOf${name}`,
    message:
      `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, ` +
      `capacity: ${capacity}`,
  };
}

/** The larger of what runs together and what each init step needs, plus the overhead (KEP-753's sum). */
export function podRequests({ spec }: Pod): Map<string, Quantity> {
  const total = new Map<string, Quantity>();
  const sidecars = new Map<string, Quantity>();
  const peak = new Map<string, Quantity>();
  for (const { resources } of spec.containers) addTo(total, resources?.requests);
  for (const { resources, restartPolicy } of spec.initContainers ?? []) {
    if (restartPolicy === 'Always') {
      addTo(sidecars, resources?.requests);
      raiseTo(peak, sidecars);
    } else {
      const step = new Map(sidecars);
      addTo(step, resources?.requests);
      raiseTo(peak, step);
    }
  }
  for (const [name, amount] of sidecars) total.set(name, (total.get(name) ?? Quantity.zero).add(amount));
  raiseTo(total, peak);
  addTo(total, spec.overhead);
  return total;
}

function addTo(sum: Map<string, Quantity>, amounts: Readonly<Record<string, string>> | undefined): void {
  for (const [name, amount] of Object.entries(amounts ?? {})) {
    sum.set(name, (sum.get(name) ?? Quantity.zero).add(Quantity.parse(amount)));
  }
}

function raiseTo(peak: Map<string, Quantity>, amounts: ReadonlyMap<string, Quantity>): void {
  for (const [name, amount] of amounts) {
    const before = peak.get(name);
    if (before === undefined || amount.compare(before) > 0) peak.set(name, amount);
  }
}

function affinityRejection(pod: Pod, node: Node): Rejection | undefined {
  const labels = node.metadata.labels ?? {};
  const selector = Object.entries(pod.spec.nodeSelector ?? {});
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const fits =
    selector.every(([key, value]) => labels[key] === value) &&
    (required === undefined || required.nodeSelectorTerms.some((term) => termMatches(term, node)));
  if (fits) return undefined;
  return {
    reason: 'NodeAffinity',
    message: "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
  };
}

/** An empty term matches nothing. */
function termMatches({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: Node): boolean {
  if (matchExpressions.length === 0 && matchFields.length === 0) return false;
  const fields = { 'metadata.name': node.metadata.name };
  return (
    matchExpressions.every((term) => matchesRequirement(requirementFromObject(term), node.metadata.labels)) &&
    matchFields.every((term) => matchesRequirement(requirementFromObject(term), fields))
  );
}

function portRejection(pod: Pod, others: readonly Pod[]): Rejection | undefined {
  const taken = others.flatMap(hostPorts);
  const conflict = hostPorts(pod).some((port) =>
    taken.some(
      (other) =>
        other.hostPort === port.hostPort &&
        other.protocol === port.protocol &&
        (isAny(other.hostIp) || isAny(port.hostIp) || other.hostIp === port.hostIp),
    ),
  );
  if (!conflict) return undefined;
  return {
    reason: 'NodePorts',
    message: "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
  };
}

function isAny(ip: string | undefined): boolean {
  return ip === undefined || ip === '0.0.0.0' || ip === '::';
}
