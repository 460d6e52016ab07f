import { dns1123SubdomainProblems } from '../../machinery/names.ts';
import type {
  FlowSchema,
  PolicyRulesWithSubjects,
  PriorityLevelConfiguration,
} from '../generated/flowcontrol-v1.ts';
import { checkBetween, checkEach, checkOneOf } from './common.ts';
import type { Errors } from './common.ts';
import { forbiddenField, invalidEach, invalidValue, required } from './field-errors.ts';
import { FieldPath } from './field-path.ts';

const lastPrecedence = 10_000;

/** ValidateFlowSchema (pkg/apis/flowcontrol/validation). */
export function validateFlowSchema({ metadata, spec }: FlowSchema): Errors {
  const path = FieldPath.spec;
  const { matchingPrecedence = 0, priorityLevelConfiguration, distinguisherMethod, rules } = spec;
  const errors = [
    ...validatePrecedence(matchingPrecedence, path.child('matchingPrecedence')),
    ...validateLevelName(
      priorityLevelConfiguration.name,
      path.child('priorityLevelConfiguration').child('name'),
    ),
    ...checkEach(rules, path.child('rules'), validateRules),
  ];
  if (matchingPrecedence === 1 && metadata.name !== 'exempt')
    errors.push(
      invalidValue(
        path.child('matchingPrecedence'),
        1,
        "only the schema named 'exempt' may have matchingPrecedence 1",
      ),
    );
  if (distinguisherMethod !== undefined)
    errors.push(
      ...checkOneOf(
        distinguisherMethod.type,
        ['ByNamespace', 'ByUser'],
        path.child('distinguisherMethod').child('type'),
        { isRequired: true },
      ),
    );
  return errors;
}

function validatePrecedence(value: number, path: FieldPath): Errors {
  if (value <= 0) return [invalidValue(path, value, 'must be a positive value')];
  return value > lastPrecedence
    ? [invalidValue(path, value, `must not be greater than ${lastPrecedence}`)]
    : [];
}

function validateLevelName(name: string, path: FieldPath): Errors {
  if (name === '') return [required(path, 'must reference a priority level')];
  return invalidEach(path, name, dns1123SubdomainProblems(name));
}

function validateRules(
  { subjects, resourceRules = [], nonResourceRules = [] }: PolicyRulesWithSubjects,
  path: FieldPath,
): Errors {
  const errors: Errors =
    subjects.length === 0
      ? [required(path.child('subjects'), 'subjects must contain at least one value')]
      : [];
  errors.push(
    ...checkEach(subjects, path.child('subjects'), ({ kind, user, group, serviceAccount }, at) => {
      const named = { Group: group?.name, ServiceAccount: serviceAccount?.name, User: user?.name };
      const problems = checkOneOf(kind, Object.keys(named), at.child('kind'), { isRequired: true });
      if (problems.length > 0) return problems;
      const name = named[kind as keyof typeof named];
      return name === undefined || name === ''
        ? [required(at.child(kind.charAt(0).toLowerCase() + kind.slice(1)))]
        : [];
    }),
    ...checkEach(resourceRules, path.child('resourceRules'), (rule, at) => {
      const problems: Errors = [];
      for (const name of ['verbs', 'apiGroups', 'resources'] as const)
        if (rule[name].length === 0) problems.push(required(at.child(name)));
      if ((rule.namespaces ?? []).length === 0 && rule.clusterScope !== true)
        problems.push(
          required(
            at.child('namespaces'),
            'resource rules that are not cluster scoped must supply at least one namespace',
          ),
        );
      return problems;
    }),
    ...checkEach(nonResourceRules, path.child('nonResourceRules'), (rule, at) =>
      (['verbs', 'nonResourceURLs'] as const).flatMap((name) =>
        rule[name].length === 0 ? [required(at.child(name))] : [],
      ),
    ),
  );
  if (resourceRules.length === 0 && nonResourceRules.length === 0)
    errors.push(required(path, 'at least one of resourceRules and nonResourceRules has to be non-empty'));
  return errors;
}

/** ValidatePriorityLevelConfiguration. */
export function validatePriorityLevel({ spec }: PriorityLevelConfiguration): Errors {
  const path = FieldPath.spec;
  const { type, limited, exempt } = spec;
  const errors = checkOneOf(type, ['Exempt', 'Limited'], path.child('type'), { isRequired: true });
  if (type === 'Exempt' && limited !== undefined)
    errors.push(forbiddenField(path.child('limited'), 'must be nil if the type is not Limited'));
  if (type === 'Limited' && exempt !== undefined)
    errors.push(forbiddenField(path.child('exempt'), 'must be nil if the type is Limited'));
  if (type !== 'Limited') return errors;
  const at = path.child('limited');
  if (limited === undefined) return [...errors, required(at, 'must not be empty when type is Limited')];
  const { nominalConcurrencyShares, lendablePercent, borrowingLimitPercent, limitResponse } = limited;
  if (nominalConcurrencyShares !== undefined && nominalConcurrencyShares < 0)
    errors.push(
      invalidValue(
        at.child('nominalConcurrencyShares'),
        nominalConcurrencyShares,
        'must be a non-negative integer',
      ),
    );
  if (borrowingLimitPercent !== undefined && borrowingLimitPercent < 0)
    errors.push(
      invalidValue(
        at.child('borrowingLimitPercent'),
        borrowingLimitPercent,
        'if specified, must be a non-negative integer',
      ),
    );
  const response = at.child('limitResponse');
  errors.push(
    ...checkBetween(lendablePercent, 0, 100, at.child('lendablePercent')),
    ...checkOneOf(limitResponse?.type, ['Queue', 'Reject'], response.child('type'), { isRequired: true }),
  );
  const queuing = limitResponse?.queuing;
  if (limitResponse?.type === 'Reject' && queuing !== undefined)
    errors.push(
      forbiddenField(response.child('queuing'), 'must be nil if limited.limitResponse.type is not Limited'),
    );
  if (limitResponse?.type !== 'Queue') return errors;
  if (queuing === undefined)
    return [
      ...errors,
      required(response.child('queuing'), 'must not be empty if limited.limitResponse.type is Limited'),
    ];
  const { queues = 0, handSize = 0, queueLengthLimit = 0 } = queuing;
  for (const [name, value] of Object.entries({ queues, handSize, queueLengthLimit }))
    if (value < 1)
      errors.push(invalidValue(response.child('queuing').child(name), value, 'must be positive'));
  if (handSize > queues)
    errors.push(
      invalidValue(
        response.child('queuing').child('handSize'),
        handSize,
        `should not be greater than queues (${queues})`,
      ),
    );
  return errors;
}
