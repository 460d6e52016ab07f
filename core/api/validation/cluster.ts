import { labelKeyProblems, labelValueProblems, qualifiedNameProblems } from '../../machinery/names.ts';
import type { Lease } from '../generated/coordination-v1.ts';
import type { Namespace, Node, Taint } from '../generated/core-v1.ts';
import { checkEach, checkName, checkNotNegative, checkOneOf, positive } from './common.ts';
import type { Errors } from './common.ts';
import { duplicate, forbiddenField, invalidEach, invalidValue } from './field-errors.ts';
import { FieldPath } from './field-path.ts';
import { validateResourceQuantity } from './resources.ts';

/** ValidateNamespace. */
export function validateNamespace({ spec }: Namespace): Errors {
  return checkEach(spec.finalizers, FieldPath.spec.child('finalizers'), (name, path) =>
    invalidEach(path, name, qualifiedNameProblems(name)),
  );
}

/** ValidateNode. */
export function validateNode({ spec, status }: Node): Errors {
  return [...validateTaints(spec.taints, FieldPath.spec.child('taints')), ...validateAmounts(status)];
}

/** ValidateNodeUpdate: addresses and identity, once given, stay. */
export function validateNodeUpdate({ spec }: Node, { spec: old }: Node): Errors {
  const errors: Errors = [];
  const path = FieldPath.spec;
  if (old.podCIDRs !== undefined && JSON.stringify(old.podCIDRs) !== JSON.stringify(spec.podCIDRs))
    errors.push(
      forbiddenField(path.child('podCIDRs'), 'node updates may not change podCIDR except from "" to valid'),
    );
  if (old.providerID !== undefined && old.providerID !== spec.providerID)
    errors.push(
      forbiddenField(
        path.child('providerID'),
        'node updates may not change providerID except from "" to valid',
      ),
    );
  return errors;
}

export function validateNodeStatus({ status }: Node): Errors {
  return validateAmounts(status);
}

function validateAmounts(status: Node['status']): Errors {
  const errors: Errors = [];
  for (const name of ['capacity', 'allocatable'] as const) {
    const path = FieldPath.status.child(name);
    for (const [resource, quantity] of Object.entries(status[name] ?? {}))
      errors.push(...validateResourceQuantity(resource, quantity, path.key(resource)));
  }
  return errors;
}

function validateTaints(taints: readonly Taint[] | undefined, path: FieldPath): Errors {
  const seen = new Set<string>();
  return checkEach(taints, path, ({ key, value = '', effect }, at) => {
    const errors: Errors = [
      ...checkName(key, labelKeyProblems, at.child('key')),
      ...invalidEach(at.child('value'), value, labelValueProblems(value)),
      ...checkOneOf(effect, ['NoExecute', 'NoSchedule', 'PreferNoSchedule'], at.child('effect'), {
        isRequired: true,
      }),
    ];
    // The same key with another effect is another taint.
    if (seen.has(`${key}:${effect}`)) {
      const found = duplicate(at, { key, value, effect });
      errors.push({ ...found, message: `${found.message}: taints must be unique by key and effect pair` });
    }
    seen.add(`${key}:${effect}`);
    return errors;
  });
}

/** ValidateLeaseSpec. */
export function validateLease({ spec }: Lease): Errors {
  const { leaseDurationSeconds: duration, leaseTransitions } = spec;
  const errors = checkNotNegative(leaseTransitions, FieldPath.spec.child('leaseTransitions'));
  if (duration !== undefined && duration <= 0)
    errors.push(invalidValue(FieldPath.spec.child('leaseDurationSeconds'), duration, positive));
  return errors;
}
