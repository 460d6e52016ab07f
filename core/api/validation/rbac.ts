import { dns1123SubdomainProblems, pathSegmentNameProblems } from '../../machinery/names.ts';
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  Subject,
} from '../generated/rbac-v1.ts';
import type { Mutable } from '../object.ts';
import { checkEach } from './common.ts';
import type { Errors } from './common.ts';
import { forbiddenField, invalidEach, notSupported, required } from './field-errors.ts';
import { FieldPath } from './field-path.ts';
import { validateLabelSelector } from './label-selector.ts';
import { validateImmutable } from './object-meta.ts';

const group = 'rbac.authorization.k8s.io';

/** Users and groups are RBAC's own, accounts the core's (pkg/apis/rbac/v1/defaults.go). */
export function defaultRoleBinding(binding: Mutable<RoleBinding>): void {
  defaultBinding(binding);
}

export function defaultClusterRoleBinding(binding: Mutable<ClusterRoleBinding>): void {
  defaultBinding(binding);
}

function defaultBinding({ roleRef, subjects }: Mutable<RoleBinding> | Mutable<ClusterRoleBinding>): void {
  if (roleRef.apiGroup === undefined || roleRef.apiGroup === '') roleRef.apiGroup = group;
  for (const subject of subjects ?? [])
    if (subject.apiGroup === undefined && subject.kind !== 'ServiceAccount') subject.apiGroup = group;
}

/** pkg/apis/rbac/validation/validation.go. */
export function validateRole({ rules }: Role): Errors {
  return checkEach(rules, FieldPath.root.child('rules'), (rule, path) => validateRule(rule, true, path));
}

export function validateClusterRole({ rules, aggregationRule }: ClusterRole): Errors {
  const errors = checkEach(rules, FieldPath.root.child('rules'), (rule, path) =>
    validateRule(rule, false, path),
  );
  if (aggregationRule === undefined) return errors;
  const path = FieldPath.root.child('aggregationRule').child('clusterRoleSelectors');
  if ((aggregationRule.clusterRoleSelectors?.length ?? 0) === 0)
    errors.push(required(path, 'at least one clusterRoleSelector required if aggregationRule is non-nil'));
  return [...errors, ...checkEach(aggregationRule.clusterRoleSelectors, path, validateLabelSelector)];
}

function validateRule(rule: PolicyRule, namespaced: boolean, path: FieldPath): Errors {
  const errors: Errors = [];
  const { verbs, apiGroups = [], resources = [], nonResourceURLs = [] } = rule;
  if (verbs.length === 0) errors.push(required(path.child('verbs'), 'verbs must contain at least one value'));
  if (nonResourceURLs.length > 0) {
    const at = path.child('nonResourceURLs');
    if (namespaced) errors.push(forbiddenField(at, 'namespaced rules cannot apply to non-resource URLs'));
    if (apiGroups.length > 0 || resources.length > 0)
      errors.push(forbiddenField(at, 'rules cannot apply to both regular resources and non-resource URLs'));
    return errors;
  }
  if (apiGroups.length === 0)
    errors.push(required(path.child('apiGroups'), 'resource rules must supply at least one api group'));
  if (resources.length === 0)
    errors.push(required(path.child('resources'), 'resource rules must supply at least one resource'));
  return errors;
}

export function validateBinding(binding: RoleBinding): Errors {
  return validateRoleBinding(binding, ['ClusterRole', 'Role']);
}

export function validateClusterBinding(binding: ClusterRoleBinding): Errors {
  return validateRoleBinding(binding, ['ClusterRole']);
}

function validateRoleBinding({ roleRef, subjects }: RoleBinding, kinds: readonly string[]): Errors {
  const path = FieldPath.root.child('roleRef');
  const errors: Errors = [];
  if (roleRef.apiGroup !== group)
    errors.push(notSupported(path.child('apiGroup'), roleRef.apiGroup, [group]));
  if (!kinds.includes(roleRef.kind)) errors.push(notSupported(path.child('kind'), roleRef.kind, kinds));
  if (roleRef.name === '') errors.push(required(path.child('name')));
  else errors.push(...invalidEach(path.child('name'), roleRef.name, pathSegmentNameProblems(roleRef.name)));
  return [...errors, ...checkEach(subjects, FieldPath.root.child('subjects'), validateSubject)];
}

function validateSubject({ kind, apiGroup = '', name, namespace = '' }: Subject, path: FieldPath): Errors {
  const errors: Errors = name === '' ? [required(path.child('name'))] : [];
  switch (kind) {
    case 'ServiceAccount':
      if (name !== '') errors.push(...invalidEach(path.child('name'), name, dns1123SubdomainProblems(name)));
      if (apiGroup !== '') errors.push(notSupported(path.child('apiGroup'), apiGroup, ['']));
      if (namespace === '') errors.push(required(path.child('namespace')));
      break;
    case 'User':
    case 'Group':
      if (apiGroup !== group) errors.push(notSupported(path.child('apiGroup'), apiGroup, [group]));
      break;
    default:
      errors.push(notSupported(path.child('kind'), kind, ['ServiceAccount', 'User', 'Group']));
  }
  return errors;
}

/** What a binding grants is fixed: another role is another binding. */
export function validateBindingUpdate(binding: RoleBinding, old: RoleBinding): Errors {
  const errors = validateImmutable(binding.roleRef, old.roleRef, FieldPath.root.child('roleRef'));
  return errors.map((error) => ({
    ...error,
    message: error.message.replace(/field is immutable$/, 'cannot change roleRef'),
  }));
}
