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
const nameProblems = pathSegmentNameProblems;

export const roleKind = declareKind(roles, { nameProblems, validate: validateRole });
export const clusterRoleKind = declareKind(clusterroles, { nameProblems, validate: validateClusterRole });

export const roleBindingKind = declareKind(rolebindings, {
  nameProblems,
  applyDefaults: defaultRoleBinding,
  validate: validateBinding,
  validateUpdate: validateBindingUpdate,
});

export const clusterRoleBindingKind = declareKind(clusterrolebindings, {
  nameProblems,
  applyDefaults: defaultClusterRoleBinding,
  validate: validateClusterBinding,
  validateUpdate: validateBindingUpdate,
});
