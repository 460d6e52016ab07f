import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
} from '../generated/apiextensions-v1.ts';

export type ConditionType =
  | 'Established'
  | 'NamesAccepted'
  | 'Terminating'
  | 'NonStructuralSchema'
  | 'KubernetesAPIApprovalPolicyConformant';

/** What to say about a definition; when it changed is worked out. */
export interface ConditionChange {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

/** What was written a moment ago may have no status yet. */
export function isEstablished(definition: Partial<Pick<CustomResourceDefinition, 'status'>>): boolean {
  return hasCondition(definition, 'Established');
}

export function isTerminating(definition: CustomResourceDefinition): boolean {
  return hasCondition(definition, 'Terminating');
}

function hasCondition(
  { status }: Partial<Pick<CustomResourceDefinition, 'status'>>,
  type: ConditionType,
): boolean {
  return (
    status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') === true
  );
}

type Conditions = readonly CustomResourceDefinitionCondition[];

/** The conditions with this one among them; the same list when it says what was known. */
export function withCondition(conditions: Conditions, change: ConditionChange, now: string): Conditions {
  const before = conditions.find(({ type }) => type === change.type);
  if (
    before !== undefined &&
    before.status === change.status &&
    before.reason === change.reason &&
    before.message === change.message
  )
    return conditions;
  const lastTransitionTime = before?.status === change.status ? before.lastTransitionTime : now;
  const next = { ...change, lastTransitionTime };
  return before === undefined
    ? [...conditions, next]
    : conditions.map((condition) => (condition === before ? next : condition));
}

/** The conditions without one; the same list when it is not there. */
export function withoutCondition(conditions: Conditions, type: ConditionType): Conditions {
  return conditions.some((condition) => condition.type === type)
    ? conditions.filter((condition) => condition.type !== type)
    : conditions;
}
