import {
  bindings,
  componentstatuses,
  localsubjectaccessreviews,
  selfsubjectaccessreviews,
  selfsubjectreviews,
  selfsubjectrulesreviews,
  subjectaccessreviews,
  tokenreviews,
} from '../generated/resources.ts';
import { declareKind } from './declare.ts';

/** Questions to the server: created to be answered, and never kept. */
export const selfSubjectReviewKind = declareKind(selfsubjectreviews);
export const tokenReviewKind = declareKind(tokenreviews);
export const subjectAccessReviewKind = declareKind(subjectaccessreviews);
export const selfSubjectAccessReviewKind = declareKind(selfsubjectaccessreviews);
export const localSubjectAccessReviewKind = declareKind(localsubjectaccessreviews);
export const selfSubjectRulesReviewKind = declareKind(selfsubjectrulesreviews);

/** The health of the control plane's parts, found out when somebody asks. */
export const componentStatusKind = declareKind(componentstatuses, {
  deprecation: 'v1 ComponentStatus is deprecated in v1.19+',
});

/** Created to bind a Pod, and not kept. */
export const bindingKind = declareKind(bindings);
