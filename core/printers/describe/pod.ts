import type { Event, Pod, Toleration, TopologySpreadConstraint } from '../../api/generated/core-v1.ts';
import { ageSince } from '../age.ts';
import { selectorText } from '../containers.ts';
import { isSimulated } from '../pod-status.ts';
import { describeContainers } from './containers.ts';
import { Description, localTime } from './description.ts';
import { describeVolumes } from './volumes.ts';

/** A Pod as `kubectl describe pod` shows it (kubectl/pkg/describe). */
export function describePod(pod: Pod, events: readonly Event[], nowMs: number): string[] {
  const { metadata, spec, status } = pod;
  const to = new Description()
    .field(0, 'Name', metadata.name)
    .field(0, 'Namespace', metadata.namespace)
    .optional(0, 'Priority', spec.priority)
    .optional(0, 'Priority Class Name', spec.priorityClassName)
    .optional(0, 'Runtime Class Name', spec.runtimeClassName)
    .field(0, 'Service Account', spec.serviceAccountName)
    .field(0, 'Node', spec.nodeName ? `${spec.nodeName}/${status.hostIP ?? ''}` : '<none>')
    .optional(0, 'Start Time', localTime(status.startTime))
    .labels('Labels', metadata.labels)
    .annotations(metadata.annotations);
  describePhase(to, pod, nowMs);
  to.field(0, 'IP', status.podIP);
  describeAddresses(to, pod);
  const controller = metadata.ownerReferences?.find((owner) => owner.controller === true);
  if (controller !== undefined) to.field(0, 'Controlled By', `${controller.kind}/${controller.name}`);
  to.optional(0, 'NominatedNodeName', status.nominatedNodeName);
  if ((spec.initContainers ?? []).length > 0) {
    describeContainers(to, 'Init Containers', spec.initContainers ?? [], status.initContainerStatuses, pod);
  }
  describeContainers(to, 'Containers', spec.containers, status.containerStatuses, pod);
  describeConditions(to, pod);
  describeVolumes(to, spec.volumes);
  to.field(0, 'QoS Class', status.qosClass)
    .labels('Node-Selectors', spec.nodeSelector)
    .multiline('Tolerations', (spec.tolerations ?? []).map(tolerationText));
  describeSpread(to, spec.topologySpreadConstraints);
  return to.events(events, nowMs).toLines();
}

function describePhase(to: Description, { metadata, spec, status }: Pod, nowMs: number): void {
  const finished = status.phase === 'Failed' || status.phase === 'Succeeded';
  if (metadata.deletionTimestamp !== undefined && !finished) {
    to.field(0, 'Status', `Terminating (lasts ${ageSince(metadata.deletionTimestamp, nowMs)})`).field(
      0,
      'Termination Grace Period',
      `${metadata.deletionGracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 30}s`,
    );
  } else {
    const simulated = isSimulated({ metadata, spec, status });
    to.field(0, 'Status', simulated ? `${status.phase} (simulated: no container really runs)` : status.phase);
  }
  to.optional(0, 'Reason', status.reason).optional(0, 'Message', status.message);
  to.optional(0, 'SeccompProfile', spec.securityContext?.seccompProfile?.type);
}

function describeAddresses(to: Description, { status }: Pod): void {
  const addresses = status.podIPs ?? [];
  to.line(0, addresses.length === 0 ? 'IPs:\t<none>' : 'IPs:');
  for (const { ip } of addresses) to.field(1, 'IP', ip);
}

function describeConditions(to: Description, { spec, status }: Pod): void {
  const conditions = status.conditions ?? [];
  const gates = spec.readinessGates ?? [];
  if (gates.length > 0) {
    to.line(0, 'Readiness Gates:').line(1, 'Type\tStatus');
    for (const { conditionType } of gates) {
      const found = conditions.find(({ type }) => type === conditionType);
      to.line(1, `${conditionType} \t${found?.status ?? '<none>'} `);
    }
  }
  if (conditions.length === 0) return;
  to.line(0, 'Conditions:').line(1, 'Type\tStatus');
  for (const condition of conditions) to.line(1, `${condition.type} \t${condition.status} `);
}

/** Such as "node.kubernetes.io/not-ready:NoExecute op=Exists for 300s". */
export function tolerationText({
  key = '',
  value = '',
  effect,
  operator,
  tolerationSeconds,
}: Toleration): string {
  const subject = `${key}${value === '' ? '' : `=${value}`}${effect ? `:${effect}` : ''}`;
  const exists = operator === 'Exists' && value === '' ? `${subject === '' ? '' : ' '}op=Exists` : '';
  const seconds = tolerationSeconds === undefined ? '' : ` for ${tolerationSeconds}s`;
  return `${subject}${exists}${seconds}`;
}

function describeSpread(to: Description, constraints: readonly TopologySpreadConstraint[] | undefined): void {
  if (constraints === undefined || constraints.length === 0) return;
  to.multiline(
    'Topology Spread Constraints',
    constraints.map(
      ({ topologyKey, whenUnsatisfiable, maxSkew, labelSelector }) =>
        `${topologyKey}:${whenUnsatisfiable} when max skew ${maxSkew} is exceeded for selector ${selectorText(labelSelector)}`,
    ),
  );
}
