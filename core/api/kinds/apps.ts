import {
  defaultDaemonSet,
  defaultDeployment,
  defaultReplicaSet,
  defaultStatefulSet,
} from '../defaults/workloads.ts';
import {
  controllerrevisions,
  daemonsets,
  deployments,
  replicasets,
  statefulsets,
} from '../generated/resources.ts';
import {
  validateControllerRevision,
  validateControllerRevisionUpdate,
  validateDaemonSet,
  validateDaemonSetUpdate,
  validateStatefulSet,
  validateStatefulSetUpdate,
} from '../validation/workload-sets.ts';
import {
  validateDeployment,
  validateDeploymentUpdate,
  validateReplicaSet,
  validateReplicaSetUpdate,
} from '../validation/workloads.ts';
import { namedTemplateWarnings, templateWarnings } from '../validation/pod-warnings.ts';
import type { PodTemplateSpec } from '../generated/core-v1.ts';
import type { KubernetesObject } from '../object.ts';
import { declareKind } from './declare.ts';

interface MakesPods extends KubernetesObject {
  readonly spec: { readonly template?: PodTemplateSpec | undefined };
}

const templateOf = ({ spec }: MakesPods) => spec.template;
const warnings = templateWarnings(templateOf);

/** Where the workload kinds keep their size. */
const scale = { specReplicas: 'spec.replicas', statusReplicas: 'status.replicas', selector: 'spec.selector' };

export const deploymentKind = declareKind(deployments, {
  generation: true,
  applyDefaults: defaultDeployment,
  validate: validateDeployment,
  validateUpdate: validateDeploymentUpdate,
  warnings: namedTemplateWarnings(templateOf),
  scale,
});

export const replicaSetKind = declareKind(replicasets, {
  generation: true,
  applyDefaults: defaultReplicaSet,
  validate: validateReplicaSet,
  validateUpdate: validateReplicaSetUpdate,
  warnings: namedTemplateWarnings(templateOf),
  selectableFields: { 'status.replicas': ({ status }) => String(status.replicas) },
  scale,
});

export const statefulSetKind = declareKind(statefulsets, {
  generation: true,
  applyDefaults: defaultStatefulSet,
  validate: validateStatefulSet,
  validateUpdate: validateStatefulSetUpdate,
  warnings,
  scale,
});

export const daemonSetKind = declareKind(daemonsets, {
  generation: true,
  applyDefaults: defaultDaemonSet,
  validate: validateDaemonSet,
  validateUpdate: validateDaemonSetUpdate,
  warnings,
});

export const controllerRevisionKind = declareKind(controllerrevisions, {
  validate: validateControllerRevision,
  validateUpdate: validateControllerRevisionUpdate,
});
