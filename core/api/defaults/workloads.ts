import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from '../generated/apps-v1.ts';
import type { PodTemplate, ReplicationController } from '../generated/core-v1.ts';
import type { Mutable } from '../object.ts';
import { defaultPodSpec } from './pod.ts';
import { setDefault } from './set-default.ts';

/** Upstream's defaults of apps/v1 (pkg/apis/apps/v1/defaults.go). */
export function defaultDeployment({ spec }: Mutable<Deployment>): void {
  setDefault(spec, 'replicas', 1);
  setDefault(spec, 'revisionHistoryLimit', 10);
  setDefault(spec, 'progressDeadlineSeconds', 600);
  spec.strategy ??= {};
  setDefault(spec.strategy, 'type', 'RollingUpdate');
  if (spec.strategy.type === 'RollingUpdate') {
    setDefault(spec.strategy, 'rollingUpdate', {});
    if (spec.strategy.rollingUpdate !== undefined) {
      setDefault(spec.strategy.rollingUpdate, 'maxUnavailable', '25%');
      setDefault(spec.strategy.rollingUpdate, 'maxSurge', '25%');
    }
  }
  if (spec.template?.spec !== undefined) defaultPodSpec(spec.template.spec);
}

export function defaultReplicaSet({ spec }: Mutable<ReplicaSet>): void {
  setDefault(spec, 'replicas', 1);
  if (spec.template?.spec !== undefined) defaultPodSpec(spec.template.spec);
}

export function defaultStatefulSet({ spec }: Mutable<StatefulSet>): void {
  setDefault(spec, 'podManagementPolicy', 'OrderedReady');
  setDefault(spec, 'replicas', 1);
  setDefault(spec, 'revisionHistoryLimit', 10);
  spec.updateStrategy ??= {};
  setDefault(spec.updateStrategy, 'type', 'RollingUpdate');
  if (spec.updateStrategy.type === 'RollingUpdate') {
    spec.updateStrategy.rollingUpdate ??= {};
    setDefault(spec.updateStrategy.rollingUpdate, 'partition', 0);
  }
  spec.persistentVolumeClaimRetentionPolicy ??= {};
  setDefault(spec.persistentVolumeClaimRetentionPolicy, 'whenDeleted', 'Retain');
  setDefault(spec.persistentVolumeClaimRetentionPolicy, 'whenScaled', 'Retain');
  for (const claim of spec.volumeClaimTemplates ?? []) {
    setDefault(claim.spec, 'volumeMode', 'Filesystem');
    setDefault(claim.status, 'phase', 'Pending');
  }
  if (spec.template?.spec !== undefined) defaultPodSpec(spec.template.spec);
}

export function defaultDaemonSet({ spec }: Mutable<DaemonSet>): void {
  setDefault(spec, 'revisionHistoryLimit', 10);
  spec.updateStrategy ??= {};
  setDefault(spec.updateStrategy, 'type', 'RollingUpdate');
  if (spec.updateStrategy.type === 'RollingUpdate') {
    spec.updateStrategy.rollingUpdate ??= {};
    setDefault(spec.updateStrategy.rollingUpdate, 'maxUnavailable', 1);
    setDefault(spec.updateStrategy.rollingUpdate, 'maxSurge', 0);
  }
  if (spec.template?.spec !== undefined) defaultPodSpec(spec.template.spec);
}

/** The oldest of them: what it is called and selects follows from its template. */
export function defaultReplicationController({ metadata, spec }: Mutable<ReplicationController>): void {
  setDefault(spec, 'replicas', 1);
  const labels = spec.template?.metadata?.labels;
  if (labels !== undefined) {
    spec.selector ??= { ...labels };
    metadata.labels ??= { ...labels };
  }
  if (spec.template?.spec !== undefined) defaultPodSpec(spec.template.spec);
}

export function defaultPodTemplate({ template }: Mutable<PodTemplate>): void {
  if (template?.spec !== undefined) defaultPodSpec(template.spec);
}
