import { pathSegmentNameProblems } from '../../machinery/names.ts';
import { Quantity } from '../../machinery/quantity.ts';
import type {
  HorizontalPodAutoscaler,
  HPAScalingRules,
  MetricSpec,
  MetricTarget,
} from '../generated/autoscaling-v2.ts';
import { checkBetween, checkEach, checkName, checkOneOf, positive } from './common.ts';
import type { Errors } from './common.ts';
import { forbiddenField, invalidValue, required } from './field-errors.ts';
import { FieldPath } from './field-path.ts';

const metricFields = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
} as const;

/** ValidateHorizontalPodAutoscaler (pkg/apis/autoscaling/validation). */
export function validateAutoscaler({ spec }: HorizontalPodAutoscaler): Errors {
  const path = FieldPath.spec;
  const { minReplicas, maxReplicas, scaleTargetRef, metrics, behavior } = spec;
  const errors: Errors = [];
  if (minReplicas !== undefined && minReplicas < 1)
    errors.push(invalidValue(path.child('minReplicas'), minReplicas, 'must be greater than or equal to 1'));
  if (maxReplicas < 1) errors.push(invalidValue(path.child('maxReplicas'), maxReplicas, positive));
  if (minReplicas !== undefined && maxReplicas < minReplicas)
    errors.push(
      invalidValue(path.child('maxReplicas'), maxReplicas, 'must be greater than or equal to `minReplicas`'),
    );
  const target = path.child('scaleTargetRef');
  errors.push(
    ...checkName(scaleTargetRef.kind, pathSegmentNameProblems, target.child('kind')),
    ...checkName(scaleTargetRef.name, pathSegmentNameProblems, target.child('name')),
    ...checkEach(metrics, path.child('metrics'), validateMetric),
    ...validateRules(behavior?.scaleUp, path.child('behavior').child('scaleUp')),
    ...validateRules(behavior?.scaleDown, path.child('behavior').child('scaleDown')),
  );
  return errors;
}

function validateMetric(metric: MetricSpec, path: FieldPath): Errors {
  const { type } = metric;
  const errors = checkOneOf(type, Object.keys(metricFields), path.child('type'), { isRequired: true });
  if (errors.length > 0) return errors;
  for (const [kind, field] of Object.entries(metricFields)) {
    const source = metric[field];
    if (kind === type && source === undefined)
      errors.push(required(path.child(field), 'must populate information for the given metric source'));
    if (kind !== type && source !== undefined)
      errors.push(forbiddenField(path.child(field), 'must populate the given metric source only'));
    if (kind === type && source !== undefined)
      errors.push(...validateTarget(source.target, path.child(field).child('target')));
  }
  return errors;
}

function validateTarget(
  { type, value, averageValue, averageUtilization }: MetricTarget,
  path: FieldPath,
): Errors {
  const errors = checkOneOf(type, ['AverageValue', 'Utilization', 'Value'], path.child('type'), {
    isRequired: true,
  });
  if (value === undefined && averageValue === undefined && averageUtilization === undefined)
    errors.push(
      required(path.child('averageUtilization'), 'must specify either a raw value or a percentage'),
    );
  if (averageUtilization !== undefined && averageUtilization < 1)
    errors.push(invalidValue(path.child('averageUtilization'), averageUtilization, positive));
  for (const [name, text] of Object.entries({ value, averageValue }))
    if (text !== undefined && Quantity.parse(text).sign <= 0)
      errors.push(invalidValue(path.child(name), text, 'must be positive'));
  return errors;
}

function validateRules(rules: HPAScalingRules | undefined, path: FieldPath): Errors {
  if (rules === undefined) return [];
  const errors = [
    ...checkBetween(rules.stabilizationWindowSeconds, 0, 3600, path.child('stabilizationWindowSeconds')),
    ...checkOneOf(rules.selectPolicy, ['Disabled', 'Max', 'Min'], path.child('selectPolicy')),
    ...checkEach(rules.policies, path.child('policies'), (policy, at) => [
      ...checkOneOf(policy.type, ['Percent', 'Pods'], at.child('type'), { isRequired: true }),
      ...(policy.value < 1 ? [invalidValue(at.child('value'), policy.value, positive)] : []),
      ...checkBetween(policy.periodSeconds, 1, 1800, at.child('periodSeconds')),
    ]),
  ];
  if (rules.policies !== undefined && rules.policies.length === 0)
    errors.push(required(path.child('policies'), 'must specify at least one Policy'));
  return errors;
}
