import type { Deployment, ReplicaSet } from '../../api/generated/apps-v1.ts';
import type { Event, Pod } from '../../api/generated/core-v1.ts';
import { selectorText } from '../containers.ts';
import { Description, localTime } from './description.ts';
import { writePodTemplate } from './pod-template.ts';

/** A Deployment as `kubectl describe deployment` shows it. `replicaSets` are the ones it controls. */
export function describeDeployment(
  deployment: Deployment,
  replicaSets: readonly ReplicaSet[],
  events: readonly Event[],
  nowMs: number,
): string[] {
  const { metadata, spec, status } = deployment;
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0, unavailableReplicas = 0 } = status;
  const to = new Description()
    .field(0, 'Name', metadata.name)
    .field(0, 'Namespace', metadata.namespace)
    .field(0, 'CreationTimestamp', localTime(metadata.creationTimestamp))
    .labels('Labels', metadata.labels)
    .annotations(metadata.annotations)
    .field(0, 'Selector', selectorText(spec.selector))
    .field(
      0,
      'Replicas',
      `${spec.replicas ?? 0} desired | ${updatedReplicas} updated | ${replicas} total | ${availableReplicas} available | ${unavailableReplicas} unavailable`,
    )
    .field(0, 'StrategyType', spec.strategy?.type)
    .field(0, 'MinReadySeconds', spec.minReadySeconds ?? 0);
  const rolling = spec.strategy?.rollingUpdate;
  if (rolling !== undefined) {
    to.field(
      0,
      'RollingUpdateStrategy',
      `${rolling.maxUnavailable} max unavailable, ${rolling.maxSurge} max surge`,
    );
  }
  writePodTemplate(to, spec.template);
  const conditions = status.conditions ?? [];
  if (conditions.length > 0)
    to.line(0, 'Conditions:').line(1, 'Type\tStatus\tReason').line(1, '----\t------\t------');
  for (const { type, status: value, reason } of conditions) to.line(1, `${type} \t${value}\t${reason ?? ''}`);
  const newest = newestOf(deployment, replicaSets);
  const old = replicaSets.filter((set) => set !== newest && (set.spec.replicas ?? 0) > 0);
  to.field(0, 'OldReplicaSets', old.length === 0 ? '<none>' : old.map(replicaSetText).join(', '));
  to.field(0, 'NewReplicaSet', newest === undefined ? '<none>' : replicaSetText(newest));
  return to.events(events, nowMs).toLines();
}

function newestOf({ metadata }: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined {
  const revision = metadata.annotations?.['deployment.kubernetes.io/revision'];
  return sets.find((set) => set.metadata.annotations?.['deployment.kubernetes.io/revision'] === revision);
}

function replicaSetText({ metadata, spec, status }: ReplicaSet): string {
  return `${metadata.name} (${status.replicas}/${spec.replicas ?? 0} replicas created)`;
}

/** A ReplicaSet; `pods` are the ones it controls. */
export function describeReplicaSet(
  { metadata, spec, status }: ReplicaSet,
  pods: readonly Pod[],
  events: readonly Event[],
  nowMs: number,
): string[] {
  const controller = metadata.ownerReferences?.find((owner) => owner.controller === true);
  const inPhase = (phase: string) => pods.filter((pod) => pod.status.phase === phase).length;
  const to = new Description()
    .field(0, 'Name', metadata.name)
    .field(0, 'Namespace', metadata.namespace)
    .field(0, 'Selector', selectorText(spec.selector))
    .labels('Labels', metadata.labels)
    .annotations(metadata.annotations);
  if (controller !== undefined) to.field(0, 'Controlled By', `${controller.kind}/${controller.name}`);
  to.field(0, 'Replicas', `${status.replicas} current / ${spec.replicas ?? 0} desired`).field(
    0,
    'Pods Status',
    `${inPhase('Running')} Running / ${inPhase('Pending')} Waiting / ${inPhase('Succeeded')} Succeeded / ${inPhase('Failed')} Failed`,
  );
  writePodTemplate(to, spec.template ?? {});
  return to.events(events, nowMs).toLines();
}
