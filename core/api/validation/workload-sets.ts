import { deepEqual } from '../../machinery/json.ts';
import type { ControllerRevision, DaemonSet, StatefulSet } from '../generated/apps-v1.ts';
import type { PodTemplate, ReplicationController } from '../generated/core-v1.ts';
import { checkNotNegative, checkOneOf } from './common.ts';
import type { Errors } from './common.ts';
import { forbiddenField, invalidValue, notSupported, required } from './field-errors.ts';
import { FieldPath } from './field-path.ts';
import { validateImmutable } from './object-meta.ts';
import { validatePodTemplate } from './pod.ts';
import {
  validateAtMost100Percent,
  validateIntOrPercent,
  validateWorkloadSelector,
  validateWorkloadTemplate,
} from './workloads.ts';

/** ValidateStatefulSet (pkg/apis/apps/validation/validation.go). */
export function validateStatefulSet({ spec }: StatefulSet): Errors {
  const path = FieldPath.spec;
  const retention = spec.persistentVolumeClaimRetentionPolicy ?? {};
  const retentionPath = path.child('persistentVolumeClaimRetentionPolicy');
  return [
    ...checkOneOf(spec.podManagementPolicy, ['OrderedReady', 'Parallel'], path.child('podManagementPolicy'), {
      isRequired: true,
    }),
    ...validateStatefulStrategy(spec.updateStrategy ?? {}, path.child('updateStrategy')),
    ...checkOneOf(retention.whenDeleted, ['Retain', 'Delete'], retentionPath.child('whenDeleted'), {
      isRequired: true,
    }),
    ...checkOneOf(retention.whenScaled, ['Retain', 'Delete'], retentionPath.child('whenScaled'), {
      isRequired: true,
    }),
    ...checkNotNegative(spec.replicas, path.child('replicas')),
    ...checkNotNegative(spec.minReadySeconds, path.child('minReadySeconds')),
    ...checkNotNegative(spec.ordinals?.start, path.child('ordinals').child('start')),
    ...validateWorkloadSelector(spec.selector, 'statefulset', path.child('selector')),
    ...validateWorkloadTemplate(withClaims(spec), spec.selector, 'StatefulSet', path.child('template')),
  ];
}

/** The template with the volumes that the claims of each Pod become, which its containers may mount. */
function withClaims({
  template,
  volumeClaimTemplates = [],
}: StatefulSet['spec']): StatefulSet['spec']['template'] {
  if (template?.spec === undefined || volumeClaimTemplates.length === 0) return template;
  const { volumes = [] } = template.spec;
  const claims = volumeClaimTemplates
    .map(({ metadata }) => metadata?.name ?? '')
    .filter((name) => name !== '' && !volumes.some((volume) => volume.name === name))
    .map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
  return { ...template, spec: { ...template.spec, volumes: [...volumes, ...claims] } };
}

function validateStatefulStrategy(
  { type, rollingUpdate }: NonNullable<StatefulSet['spec']['updateStrategy']>,
  path: FieldPath,
): Errors {
  const at = path.child('rollingUpdate');
  if (type === undefined) return [required(path.child('type'))];
  if (type === 'OnDelete')
    return rollingUpdate === undefined
      ? []
      : [invalidValue(at, rollingUpdate, "only allowed for updateStrategy 'RollingUpdate'")];
  if (type !== 'RollingUpdate') return [invalidValue(path, type, "must be 'RollingUpdate' or 'OnDelete'")];
  return checkNotNegative(rollingUpdate?.partition, at.child('partition'));
}

/** ValidateStatefulSetUpdate: identity and storage of its Pods stay. */
export function validateStatefulSetUpdate({ spec }: StatefulSet, { spec: old }: StatefulSet): Errors {
  if (deepEqual(fixedPart(spec), fixedPart(old))) return [];
  return [
    forbiddenField(
      FieldPath.spec,
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ),
  ];
}

function fixedPart({
  selector,
  serviceName,
  podManagementPolicy,
  volumeClaimTemplates,
}: StatefulSet['spec']): unknown {
  return { selector, serviceName, podManagementPolicy, volumeClaimTemplates };
}

/** ValidateDaemonSet. */
export function validateDaemonSet({ spec }: DaemonSet): Errors {
  const path = FieldPath.spec;
  return [
    ...validateWorkloadSelector(spec.selector, 'daemonset', path.child('selector')),
    ...validateWorkloadTemplate(spec.template, spec.selector, 'DaemonSet', path.child('template')),
    ...checkNotNegative(spec.minReadySeconds, path.child('minReadySeconds')),
    ...checkNotNegative(spec.revisionHistoryLimit, path.child('revisionHistoryLimit')),
    ...validateDaemonStrategy(spec.updateStrategy ?? {}, path.child('updateStrategy')),
  ];
}

function validateDaemonStrategy(
  { type, rollingUpdate }: NonNullable<DaemonSet['spec']['updateStrategy']>,
  path: FieldPath,
): Errors {
  if (type === 'OnDelete') return [];
  if (type !== 'RollingUpdate')
    return [notSupported(path.child('type'), type, ['OnDelete', 'RollingUpdate'])];
  const at = path.child('rollingUpdate');
  if (rollingUpdate === undefined) return [required(at)];
  const { maxUnavailable = 0, maxSurge = 0 } = rollingUpdate;
  const errors = [
    ...validateIntOrPercent(maxUnavailable, at.child('maxUnavailable')),
    ...validateIntOrPercent(maxSurge, at.child('maxSurge')),
    ...validateAtMost100Percent(maxUnavailable, at.child('maxUnavailable')),
    ...validateAtMost100Percent(maxSurge, at.child('maxSurge')),
  ];
  const isZero = (value: number | string) =>
    value === 0 || (typeof value === 'string' && /^0+%$/.test(value));
  // A Pod of a DaemonSet is replaced before or after the old one goes, not both.
  if (!isZero(maxUnavailable) && !isZero(maxSurge))
    errors.push(
      invalidValue(at.child('maxSurge'), maxSurge, 'may not be set when maxUnavailable is non-zero'),
    );
  if (isZero(maxUnavailable) && isZero(maxSurge))
    errors.push(required(at.child('maxUnavailable'), 'cannot be 0 when maxSurge is 0'));
  return errors;
}

export function validateDaemonSetUpdate({ spec }: DaemonSet, old: DaemonSet): Errors {
  return validateImmutable(spec.selector, old.spec.selector, FieldPath.spec.child('selector'));
}

/** ValidateReplicationController. */
export function validateReplicationController({ spec }: ReplicationController): Errors {
  const path = FieldPath.spec;
  const { selector = {}, template } = spec;
  const errors = [
    ...checkNotNegative(spec.replicas, path.child('replicas')),
    ...checkNotNegative(spec.minReadySeconds, path.child('minReadySeconds')),
  ];
  if (Object.keys(selector).length === 0) errors.push(required(path.child('selector')));
  if (template === undefined) errors.push(required(path.child('template')));
  else
    errors.push(
      ...validateWorkloadTemplate(
        template,
        { matchLabels: selector },
        'ReplicationController',
        path.child('template'),
      ),
    );
  return errors;
}

export function validatePodTemplateObject({ template }: PodTemplate): Errors {
  return validatePodTemplate(template ?? {}, FieldPath.root.child('template'));
}

/** ValidateControllerRevision: a revision is written once. */
export function validateControllerRevision({ data, revision }: ControllerRevision): Errors {
  return [
    ...(data === undefined || data === null
      ? [required(FieldPath.root.child('data'), 'data is mandatory')]
      : []),
    ...checkNotNegative(revision, FieldPath.root.child('revision')),
  ];
}

export function validateControllerRevisionUpdate(now: ControllerRevision, old: ControllerRevision): Errors {
  return validateImmutable(now.data, old.data, FieldPath.root.child('data'));
}
