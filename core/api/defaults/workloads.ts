import type { Deployment, ReplicaSet } from '../generated/apps-v1.ts';
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
