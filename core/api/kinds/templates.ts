import { defaultPodTemplate, defaultReplicationController } from '../defaults/workloads.ts';
import { podtemplates, replicationcontrollers } from '../generated/resources.ts';
import { validatePodTemplateObject, validateReplicationController } from '../validation/workload-sets.ts';
import { FieldPath } from '../validation/field-path.ts';
import { namedTemplateWarnings, templateWarnings } from '../validation/pod-warnings.ts';
import { declareKind } from './declare.ts';

export const replicationControllerKind = declareKind(replicationcontrollers, {
  generation: true,
  applyDefaults: defaultReplicationController,
  validate: validateReplicationController,
  warnings: namedTemplateWarnings(({ spec }) => spec.template),
  selectableFields: { 'status.replicas': ({ status }) => String(status.replicas) },
  scale: { specReplicas: 'spec.replicas', statusReplicas: 'status.replicas', selector: 'spec.selector' },
});

export const podTemplateKind = declareKind(podtemplates, {
  generation: true,
  applyDefaults: defaultPodTemplate,
  validate: validatePodTemplateObject,
  warnings: templateWarnings(({ template }) => template, FieldPath.root.child('template')),
});
