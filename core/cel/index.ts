export { CelEnvironment, CelProgram } from './environment.ts';
export { CostBudget, costLimits } from './cost.ts';
export { leastCost } from './estimate.ts';
export type { Extent } from './estimate.ts';
export { CelCompileError, CelCostError, CelError, PendingTurn } from './errors.ts';
export type { CelBindings } from './program.ts';
export {
  bool,
  bytes,
  double,
  duration,
  dyn,
  escapeProperty,
  int,
  listOf,
  mapOf,
  nullType,
  objectOf,
  opaque,
  optionalOf,
  string,
  timestamp,
  uint,
} from './types.ts';
export type { Field, ListType, ObjectType, Type } from './types.ts';
export { adapt, CelList, CelMap, Optional, toJson } from './values.ts';
export type { Value } from './values.ts';
export {
  PendingQuestion,
  authorizer,
  authorizerType,
  requestResource,
  resourceCheckType,
} from './library/authorizer.ts';
export type { Ask, AuthorizationAnswer, AuthorizationQuestion } from './library/authorizer.ts';
export { selects } from './selections.ts';
export { PolicyCompiler, compileMatchCondition } from './admission.ts';
