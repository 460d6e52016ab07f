import { selectorFromObject, SelectorError } from '../../machinery/label-selector.ts';
import { percentProblems } from '../../machinery/names.ts';
import type { Deployment, DeploymentStrategy, ReplicaSet } from '../generated/apps-v1.ts';
import type { PodTemplateSpec } from '../generated/core-v1.ts';
import type { LabelSelector } from '../generated/meta-v1.ts';
import { checkNotNegative, notNegative } from './common.ts';
import type { Errors } from './common.ts';
import { forbiddenField, invalidEach, invalidValue, notSupported, required } from './field-errors.ts';
import { FieldPath } from './field-path.ts';
import { isEmptySelector, validateLabelSelector } from './label-selector.ts';
import { validateImmutable } from './object-meta.ts';
import { validatePodTemplate } from './pod.ts';

/** ValidateDeployment (pkg/apis/apps/validation/validation.go). */
export function validateDeployment({ spec }: Deployment): Errors {
  const path = FieldPath.spec;
  const { minReadySeconds = 0, progressDeadlineSeconds } = spec;
  const errors = [
    ...checkNotNegative(spec.replicas, path.child('replicas')),
    ...validateWorkloadSelector(spec.selector, 'deployment', path.child('selector')),
    ...validateWorkloadTemplate(spec.template, spec.selector, 'Deployment', path.child('template')),
    ...validateStrategy(spec.strategy ?? {}, path.child('strategy')),
    ...checkNotNegative(minReadySeconds, path.child('minReadySeconds')),
    ...checkNotNegative(spec.revisionHistoryLimit, path.child('revisionHistoryLimit')),
    ...checkNotNegative(progressDeadlineSeconds, path.child('progressDeadlineSeconds')),
  ];
  if (progressDeadlineSeconds !== undefined && progressDeadlineSeconds <= minReadySeconds)
    errors.push(
      invalidValue(
        path.child('progressDeadlineSeconds'),
        progressDeadlineSeconds,
        'must be greater than minReadySeconds',
      ),
    );
  return errors;
}

export function validateDeploymentUpdate({ spec }: Deployment, old: Deployment): Errors {
  return validateImmutable(spec.selector, old.spec.selector, FieldPath.spec.child('selector'));
}

/** ValidateReplicaSet. */
export function validateReplicaSet({ spec }: ReplicaSet): Errors {
  const path = FieldPath.spec;
  return [
    ...checkNotNegative(spec.replicas, path.child('replicas')),
    ...checkNotNegative(spec.minReadySeconds, path.child('minReadySeconds')),
    ...validateWorkloadSelector(spec.selector, 'deployment', path.child('selector')),
    ...(spec.template === undefined
      ? [required(path.child('template'))]
      : validateWorkloadTemplate(spec.template, spec.selector, 'ReplicaSet', path.child('template'))),
  ];
}

export function validateReplicaSetUpdate({ spec }: ReplicaSet, old: ReplicaSet): Errors {
  return validateImmutable(spec.selector, old.spec.selector, FieldPath.spec.child('selector'));
}

/** A selector that would select nothing or everything is a mistake. */
export function validateWorkloadSelector(
  selector: LabelSelector | undefined,
  what: string,
  path: FieldPath,
): Errors {
  if (selector === undefined) return [required(path)];
  const errors = validateLabelSelector(selector, path);
  if (isEmptySelector(selector))
    errors.push(invalidValue(path, selector, `empty selector is invalid for ${what}`));
  return errors;
}

/** A template for Pods that are always replaced, and that the owner will find again by its selector. */
export function validateWorkloadTemplate(
  template: PodTemplateSpec | undefined,
  selector: LabelSelector | undefined,
  kind: string,
  path: FieldPath,
): Errors {
  if (template === undefined) return [required(path)];
  const labels = template.metadata?.labels ?? {};
  const errors: Errors = [];
  if (selector !== undefined && !isEmptySelector(selector) && !matches(selector, labels))
    errors.push(
      invalidValue(
        path.child('metadata').child('labels'),
        labels,
        '`selector` does not match template `labels`',
      ),
    );
  errors.push(...validatePodTemplate(template, path));
  const { restartPolicy, activeDeadlineSeconds } = template.spec ?? {};
  const spec = path.child('spec');
  if (restartPolicy !== undefined && restartPolicy !== 'Always')
    errors.push(notSupported(spec.child('restartPolicy'), restartPolicy, ['Always']));
  if (activeDeadlineSeconds !== undefined)
    errors.push(
      forbiddenField(
        spec.child('activeDeadlineSeconds'),
        `activeDeadlineSeconds in ${kind} is not Supported`,
      ),
    );
  return errors;
}

function matches(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  try {
    return selectorFromObject(selector).matches(labels);
  } catch (error) {
    // Reported where the selector itself is checked.
    if (error instanceof SelectorError) return true;
    throw error;
  }
}

function validateStrategy({ type, rollingUpdate }: DeploymentStrategy, path: FieldPath): Errors {
  const at = path.child('rollingUpdate');
  switch (type) {
    case 'Recreate':
      if (rollingUpdate === undefined) return [];
      return [forbiddenField(at, "may not be specified when strategy `type` is 'Recreate'")];
    case 'RollingUpdate':
      return rollingUpdate === undefined
        ? [required(at, 'this should be defaulted and never be nil')]
        : validateRollingUpdate(rollingUpdate, at);
    default:
      return [notSupported(path.child('type'), type, ['Recreate', 'RollingUpdate'])];
  }
}

function validateRollingUpdate(
  { maxUnavailable = 0, maxSurge = 0 }: NonNullable<DeploymentStrategy['rollingUpdate']>,
  path: FieldPath,
): Errors {
  const unavailableAt = path.child('maxUnavailable');
  const errors = [
    ...validateIntOrPercent(maxUnavailable, unavailableAt),
    ...validateIntOrPercent(maxSurge, path.child('maxSurge')),
  ];
  if (isZero(maxUnavailable) && isZero(maxSurge))
    errors.push(invalidValue(unavailableAt, maxUnavailable, 'may not be 0 when `maxSurge` is 0'));
  return [...errors, ...validateAtMost100Percent(maxUnavailable, unavailableAt)];
}

export function validateIntOrPercent(value: number | string, path: FieldPath): Errors {
  if (typeof value === 'string') return invalidEach(path, value, percentProblems(value));
  return value < 0 ? [invalidValue(path, value, notNegative)] : [];
}

export function validateAtMost100Percent(value: number | string, path: FieldPath): Errors {
  if (typeof value === 'number' || percentProblems(value).length > 0) return [];
  return Number.parseInt(value, 10) > 100 ? [invalidValue(path, value, 'must not be greater than 100%')] : [];
}

function isZero(value: number | string): boolean {
  return value === 0 || (typeof value === 'string' && /^0+%$/.test(value));
}
