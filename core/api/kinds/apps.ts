import { defaultDeployment, defaultReplicaSet } from '../defaults/workloads.ts';
import { deployments, replicasets } from '../generated/resources.ts';
import {
  validateDeployment,
  validateDeploymentUpdate,
  validateReplicaSet,
  validateReplicaSetUpdate,
} from '../validation/workloads.ts';
import { declareKind } from './declare.ts';

/** Where the workload kinds keep their size. */
const scale = { specReplicas: 'spec.replicas', statusReplicas: 'status.replicas', selector: 'spec.selector' };

export const deploymentKind = declareKind(deployments, {
  generation: true,
  applyDefaults: defaultDeployment,
  validate: validateDeployment,
  validateUpdate: validateDeploymentUpdate,
  scale,
});

export const replicaSetKind = declareKind(replicasets, {
  generation: true,
  applyDefaults: defaultReplicaSet,
  validate: validateReplicaSet,
  validateUpdate: validateReplicaSetUpdate,
  selectableFields: { 'status.replicas': ({ status }) => String(status.replicas) },
  scale,
});
