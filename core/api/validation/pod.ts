import { deepEqual, isObject } from '../../machinery/json.ts';
import {
  dns1123LabelProblems,
  dns1123SubdomainProblems,
  qualifiedNameProblems,
} from '../../machinery/names.ts';
import type { Container, Pod, PodSpec, PodTemplateSpec } from '../generated/core-v1.ts';
import { checkBetween, checkEach, checkFormat, checkName, checkOneOf } from './common.ts';
import type { Errors } from './common.ts';
import { validateContainers } from './containers.ts';
import { forbiddenField, invalidValue, shown } from './field-errors.ts';
import { FieldPath } from './field-path.ts';
import { validateAnnotations, validateLabels } from './object-meta.ts';
import { validateScheduling } from './scheduling.ts';
import { validatePodSecurity } from './security-context.ts';
import { validateVolumes } from './volumes.ts';

/** ValidatePodCreate (pkg/apis/core/validation/validation.go). */
export function validatePod(pod: Pod): Errors {
  return validatePodSpec(pod.spec, FieldPath.spec);
}

export function validatePodTemplate({ metadata, spec }: PodTemplateSpec, path: FieldPath): Errors {
  const { labels, annotations } = metadata ?? {};
  const at = path.child('metadata');
  return [
    ...(labels === undefined ? [] : validateLabels(labels, at.child('labels'))),
    ...(annotations === undefined ? [] : validateAnnotations(annotations, at.child('annotations'))),
    ...validatePodSpec(spec ?? { containers: [] }, path.child('spec')),
  ];
}

const restartPolicies = ['Always', 'Never', 'OnFailure'];
const dnsPolicies = ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'];

function validatePodSpec(spec: PodSpec, path: FieldPath): Errors {
  return [
    ...validateVolumes(spec.volumes, path.child('volumes')),
    ...validateContainers(spec, path),
    ...checkOneOf(spec.restartPolicy, restartPolicies, path.child('restartPolicy'), { isRequired: true }),
    ...checkOneOf(spec.dnsPolicy, dnsPolicies, path.child('dnsPolicy'), { isRequired: true }),
    ...checkOneOf(spec.preemptionPolicy, ['Never', 'PreemptLowerPriority'], path.child('preemptionPolicy')),
    ...checkBetween(spec.activeDeadlineSeconds, 1, 2 ** 31 - 1, path.child('activeDeadlineSeconds')),
    ...validateScheduling(spec, path),
    ...validatePodSecurity(spec.securityContext, path.child('securityContext')),
    ...checkFormat(spec.serviceAccountName, dns1123SubdomainProblems, path.child('serviceAccountName')),
    ...checkFormat(spec.priorityClassName, dns1123SubdomainProblems, path.child('priorityClassName')),
    ...checkFormat(spec.runtimeClassName, dns1123SubdomainProblems, path.child('runtimeClassName')),
    ...checkFormat(spec.hostname, dns1123LabelProblems, path.child('hostname')),
    ...checkFormat(spec.subdomain, dns1123LabelProblems, path.child('subdomain')),
    ...checkEach(spec.readinessGates, path.child('readinessGates'), ({ conditionType }, at) =>
      checkName(conditionType, qualifiedNameProblems, at.child('conditionType')),
    ),
    ...checkEach(spec.hostAliases, path.child('hostAliases'), ({ hostnames = [] }, at) =>
      hostnames.flatMap((name, index) =>
        checkName(name, dns1123SubdomainProblems, at.child('hostnames').index(index)),
      ),
    ),
    ...validateHostSharing(spec, path),
  ];
}

function validateHostSharing({ shareProcessNamespace, hostPID }: PodSpec, path: FieldPath): Errors {
  if (shareProcessNamespace !== true || hostPID !== true) return [];
  const at = path.child('shareProcessNamespace');
  return [invalidValue(at, true, 'ShareProcessNamespace and HostPID cannot both be enabled')];
}

/**
 * A Pod that exists keeps its spec, but for a few fields (ValidatePodUpdate). Says which fields differ and how, where
 * upstream prints a diff of Go structs.
 */
export function validatePodUpdate(pod: Pod, old: Pod): Errors {
  const path = FieldPath.spec;
  if (pod.spec.containers.length !== old.spec.containers.length)
    return [forbiddenField(path.child('containers'), 'pod updates may not add or remove containers')];
  if ((pod.spec.initContainers?.length ?? 0) !== (old.spec.initContainers?.length ?? 0))
    return [forbiddenField(path.child('initContainers'), 'pod updates may not add or remove containers')];
  const errors = [
    ...validateDeadlineUpdate(pod.spec, old.spec, path),
    ...validateGatesUpdate(pod.spec, old.spec, path.child('schedulingGates')),
    ...validateTolerationsUpdate(pod.spec, old.spec, path.child('tolerations')),
  ];
  const differences = differencesOf(fixedPart(pod.spec), fixedPart(old.spec), 'spec');
  if (differences.length > 0) {
    const text =
      'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';
    errors.push(forbiddenField(path, `${text}\n${differences.join('\n')}`));
  }
  return errors;
}

function validateDeadlineUpdate(spec: PodSpec, old: PodSpec, path: FieldPath): Errors {
  const at = path.child('activeDeadlineSeconds');
  const [now, before] = [spec.activeDeadlineSeconds, old.activeDeadlineSeconds];
  if (now === undefined)
    return before === undefined
      ? []
      : [invalidValue(at, now, 'must not update from a positive integer to nil value')];
  if (before !== undefined && now > before)
    return [invalidValue(at, now, 'must be less than or equal to previous value')];
  return [];
}

function validateGatesUpdate(spec: PodSpec, old: PodSpec, path: FieldPath): Errors {
  const before = new Set((old.schedulingGates ?? []).map(({ name }) => name));
  return checkEach(spec.schedulingGates, path, ({ name }, at) =>
    before.has(name)
      ? []
      : [forbiddenField(at, `only deletion is allowed, but found new scheduling gate '${name}'`)],
  );
}

function validateTolerationsUpdate(spec: PodSpec, old: PodSpec, path: FieldPath): Errors {
  const now = spec.tolerations ?? [];
  const kept = (old.tolerations ?? []).every((before) =>
    now.some((toleration) =>
      // How long a taint is tolerated may change; what is tolerated may only grow.
      deepEqual({ ...toleration, tolerationSeconds: undefined }, { ...before, tolerationSeconds: undefined }),
    ),
  );
  return kept
    ? []
    : [forbiddenField(path, 'existing toleration can not be modified except its tolerationSeconds')];
}

/** The spec without what may change. */
function fixedPart(spec: PodSpec): unknown {
  const withoutImage = ({ image: _image, ...container }: Container) => container;
  const {
    activeDeadlineSeconds: _deadline,
    tolerations: _tolerations,
    schedulingGates: _gates,
    ...fixed
  } = spec;
  const { terminationGracePeriodSeconds: grace } = spec;
  return {
    ...fixed,
    containers: spec.containers.map(withoutImage),
    initContainers: spec.initContainers?.map(withoutImage),
    terminationGracePeriodSeconds: grace !== undefined && grace < 0 ? 1 : grace,
  };
}

const maxDifferences = 10;

function differencesOf(now: unknown, before: unknown, path: string, found: string[] = []): string[] {
  if (found.length >= maxDifferences || deepEqual(now, before)) return found;
  if (isObject(now) && isObject(before)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(now)]))
      differencesOf(now[key], before[key], `${path}.${key}`, found);
  } else if (Array.isArray(now) && Array.isArray(before) && now.length === before.length) {
    for (const [index, item] of now.entries()) differencesOf(item, before[index], `${path}[${index}]`, found);
  } else {
    found.push(`${path}: ${shown(before)} -> ${shown(now)}`);
  }
  return found;
}
