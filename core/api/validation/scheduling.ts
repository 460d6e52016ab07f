import {
  dns1123SubdomainProblems,
  labelKeyProblems,
  labelValueProblems,
  qualifiedNameProblems,
} from '../../machinery/names.ts';
import type {
  Affinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinityTerm,
  PodSpec,
  Toleration,
  TopologySpreadConstraint,
} from '../generated/core-v1.ts';
import { checkBetween, checkEach, checkFormat, checkName, checkOneOf } from './common.ts';
import type { Errors } from './common.ts';
import {
  duplicate,
  forbiddenField,
  invalidEach,
  invalidValue,
  notSupported,
  required,
} from './field-errors.ts';
import type { FieldPath } from './field-path.ts';
import { validateLabelSelector } from './label-selector.ts';
import { validateLabels } from './object-meta.ts';

/** What a Pod asks of the node it runs on. */
export function validateScheduling(spec: PodSpec, path: FieldPath): Errors {
  const {
    nodeSelector,
    nodeName,
    tolerations,
    affinity,
    topologySpreadConstraints,
    schedulerName,
    schedulingGates,
  } = spec;
  return [
    ...(nodeSelector === undefined ? [] : validateLabels(nodeSelector, path.child('nodeSelector'))),
    ...checkFormat(nodeName, dns1123SubdomainProblems, path.child('nodeName')),
    ...checkFormat(schedulerName, dns1123SubdomainProblems, path.child('schedulerName')),
    ...validateTolerations(tolerations, path.child('tolerations')),
    ...(affinity === undefined ? [] : validateAffinity(affinity, path.child('affinity'))),
    ...validateSpread(topologySpreadConstraints, path.child('topologySpreadConstraints')),
    ...validateGates(schedulingGates, path.child('schedulingGates')),
  ];
}

const effects = ['NoExecute', 'NoSchedule', 'PreferNoSchedule'];

function validateTolerations(tolerations: readonly Toleration[] | undefined, path: FieldPath): Errors {
  return checkEach(tolerations, path, validateToleration);
}

function validateToleration(toleration: Toleration, path: FieldPath): Errors {
  const { key = '', value = '', effect, tolerationSeconds } = toleration;
  const operator: string = toleration.operator ?? '';
  const errors = checkFormat(key, labelKeyProblems, path.child('key'));
  if (key === '' && operator !== 'Exists') {
    const text = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    errors.push(invalidValue(path.child('operator'), operator, text));
  }
  if (tolerationSeconds !== undefined && effect !== 'NoExecute')
    errors.push(
      invalidValue(
        path.child('effect'),
        effect ?? '',
        "effect must be 'NoExecute' when `tolerationSeconds` is set",
      ),
    );
  switch (operator) {
    case '':
    case 'Equal':
      errors.push(...invalidEach(path.child('operator'), value, labelValueProblems(value)));
      break;
    case 'Exists':
      if (value !== '')
        errors.push(
          invalidValue(path.child('operator'), value, "value must be empty when `operator` is 'Exists'"),
        );
      break;
    default:
      errors.push(notSupported(path.child('operator'), operator, ['Equal', 'Exists']));
  }
  errors.push(...checkOneOf(effect, effects, path.child('effect')));
  return errors;
}

function validateAffinity({ nodeAffinity, podAffinity, podAntiAffinity }: Affinity, path: FieldPath): Errors {
  const errors: Errors = [];
  if (nodeAffinity !== undefined) {
    const at = path.child('nodeAffinity');
    const {
      requiredDuringSchedulingIgnoredDuringExecution: needed,
      preferredDuringSchedulingIgnoredDuringExecution: preferred,
    } = nodeAffinity;
    if (needed !== undefined)
      errors.push(
        ...validateNodeSelector(needed, at.child('requiredDuringSchedulingIgnoredDuringExecution')),
      );
    errors.push(
      ...checkEach(
        preferred,
        at.child('preferredDuringSchedulingIgnoredDuringExecution'),
        ({ weight, preference }, term) => [
          ...checkWeight(weight, term.child('weight')),
          ...validateNodeSelectorTerm(preference, term.child('preference')),
        ],
      ),
    );
  }
  for (const [name, affinity] of [
    ['podAffinity', podAffinity],
    ['podAntiAffinity', podAntiAffinity],
  ] as const) {
    if (affinity === undefined) continue;
    const at = path.child(name);
    errors.push(
      ...checkEach(
        affinity.requiredDuringSchedulingIgnoredDuringExecution,
        at.child('requiredDuringSchedulingIgnoredDuringExecution'),
        validatePodAffinityTerm,
      ),
      ...checkEach(
        affinity.preferredDuringSchedulingIgnoredDuringExecution,
        at.child('preferredDuringSchedulingIgnoredDuringExecution'),
        ({ weight, podAffinityTerm }, term) => [
          ...checkWeight(weight, term.child('weight')),
          ...validatePodAffinityTerm(podAffinityTerm, term.child('podAffinityTerm')),
        ],
      ),
    );
  }
  return errors;
}

function checkWeight(weight: number, path: FieldPath): Errors {
  return weight >= 1 && weight <= 100 ? [] : [invalidValue(path, weight, 'must be in the range 1-100')];
}

export function validateNodeSelector({ nodeSelectorTerms }: NodeSelector, path: FieldPath): Errors {
  const at = path.child('nodeSelectorTerms');
  if (nodeSelectorTerms.length === 0) return [required(at, 'must have at least one node selector term')];
  return checkEach(nodeSelectorTerms, at, validateNodeSelectorTerm);
}

function validateNodeSelectorTerm(
  { matchExpressions, matchFields }: NodeSelectorTerm,
  path: FieldPath,
): Errors {
  return [
    ...checkEach(matchExpressions, path.child('matchExpressions'), validateNodeRequirement),
    ...checkEach(matchFields, path.child('matchFields'), ({ key, operator, values = [] }, at) => [
      ...(key === 'metadata.name'
        ? []
        : [invalidValue(at.child('key'), key, 'not a valid field selector key')]),
      ...(operator === 'In' || operator === 'NotIn'
        ? values.length === 1
          ? []
          : [
              required(
                at.child('values'),
                "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
              ),
            ]
        : [invalidValue(at.child('operator'), operator, 'not a valid selector operator')]),
    ]),
  ];
}

function validateNodeRequirement(
  { key, operator, values = [] }: NodeSelectorRequirement,
  path: FieldPath,
): Errors {
  const at = path.child('values');
  return [...operatorErrors(), ...checkName(key, labelKeyProblems, path.child('key'))];

  function operatorErrors(): Errors {
    switch (operator) {
      case 'In':
      case 'NotIn':
        return values.length > 0
          ? []
          : [required(at, "must be specified when `operator` is 'In' or 'NotIn'")];
      case 'Exists':
      case 'DoesNotExist':
        return values.length === 0
          ? []
          : [forbiddenField(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")];
      case 'Gt':
      case 'Lt':
        return values.length === 1
          ? []
          : [required(at, "must be specified single value when `operator` is 'Lt' or 'Gt'")];
      default:
        return [invalidValue(path.child('operator'), operator, 'not a valid selector operator')];
    }
  }
}

function validatePodAffinityTerm(
  { labelSelector, namespaceSelector, topologyKey }: PodAffinityTerm,
  path: FieldPath,
): Errors {
  return [
    ...(labelSelector === undefined ? [] : validateLabelSelector(labelSelector, path.child('labelSelector'))),
    ...(namespaceSelector === undefined
      ? []
      : validateLabelSelector(namespaceSelector, path.child('namespaceSelector'))),
    ...(topologyKey === ''
      ? [required(path.child('topologyKey'), 'can not be empty')]
      : checkName(topologyKey, labelKeyProblems, path.child('topologyKey'))),
  ];
}

function validateSpread(
  constraints: readonly TopologySpreadConstraint[] | undefined,
  path: FieldPath,
): Errors {
  const seen = new Set<string>();
  return checkEach(constraints, path, (constraint, at) => {
    const { maxSkew, topologyKey, whenUnsatisfiable, labelSelector, minDomains } = constraint;
    const errors: Errors = [
      ...(maxSkew > 0 ? [] : [invalidValue(at.child('maxSkew'), maxSkew, 'must be greater than zero')]),
      ...(topologyKey === ''
        ? [required(at.child('topologyKey'), 'can not be empty')]
        : checkName(topologyKey, labelKeyProblems, at.child('topologyKey'))),
      ...checkOneOf(whenUnsatisfiable, ['DoNotSchedule', 'ScheduleAnyway'], at.child('whenUnsatisfiable'), {
        isRequired: true,
      }),
      ...(labelSelector === undefined ? [] : validateLabelSelector(labelSelector, at.child('labelSelector'))),
      ...checkBetween(minDomains, 1, 2 ** 31 - 1, at.child('minDomains')),
    ];
    const pair = `{${topologyKey}, ${whenUnsatisfiable}}`;
    if (seen.has(pair)) errors.push(duplicate(at.child('{topologyKey, whenUnsatisfiable}'), pair));
    seen.add(pair);
    return errors;
  });
}

function validateGates(gates: PodSpec['schedulingGates'], path: FieldPath): Errors {
  const seen = new Set<string>();
  return checkEach(gates, path, ({ name }, at) => {
    const errors = checkName(name, qualifiedNameProblems, at.child('name'));
    if (seen.has(name)) errors.push(duplicate(at.child('name'), name));
    seen.add(name);
    return errors;
  });
}
