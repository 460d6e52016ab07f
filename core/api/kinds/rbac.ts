import { clusterrolebindings, clusterroles, rolebindings, roles } from '../generated/resources.ts';
import {
  defaultClusterRoleBinding,
  defaultRoleBinding,
  validateBinding,
  validateBindingUpdate,
  validateClusterBinding,
  validateClusterRole,
  validateRole,
} from '../validation/rbac.ts';
import { pathSegmentNameProblems } from '../../machinery/names.ts';
import { declareKind } from './declare.ts';

// Names here are free, colons included, as long as they fit in a URL.
const shared = { nameProblems: pathSegmentNameProblems, createOnUpdate: true };

export const roleKind = declareKind(roles, { ...shared, validate: validateRole });
export const clusterRoleKind = declareKind(clusterroles, { ...shared, validate: validateClusterRole });

export const roleBindingKind = declareKind(rolebindings, {
  ...shared,
  applyDefaults: defaultRoleBinding,
  validate: validateBinding,
  validateUpdate: validateBindingUpdate,
});

export const clusterRoleBindingKind = declareKind(clusterrolebindings, {
  ...shared,
  applyDefaults: defaultClusterRoleBinding,
  validate: validateClusterBinding,
  validateUpdate: validateBindingUpdate,
});
