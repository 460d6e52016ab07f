import { priorityclasses } from '../generated/resources.ts';
import type { PriorityClass } from '../generated/scheduling-v1.ts';
import type { FieldError } from '../errors.ts';
import type { Mutable } from '../object.ts';
import { checkOneOf } from '../validation/common.ts';
import { forbiddenField } from '../validation/field-errors.ts';
import { FieldPath } from '../validation/field-path.ts';
import { validateImmutable } from '../validation/object-meta.ts';
import { declareKind } from './declare.ts';

/** User classes stay below this; above are the cluster's own (pkg/apis/scheduling/types.go). */
const highestUserPriority = 1_000_000_000;
const systemPrefix = 'system-';
export const systemPriorities: ReadonlyMap<string, number> = new Map([
  ['system-cluster-critical', 2_000_000_000],
  ['system-node-critical', 2_000_001_000],
]);

export const priorityClassKind = declareKind(priorityclasses, {
  generation: true,
  applyDefaults: defaultPriorityClass,
  validate: validatePriorityClass,
  validateUpdate: validatePriorityClassUpdate,
});

function defaultPriorityClass(priorityClass: Mutable<PriorityClass>): void {
  priorityClass.preemptionPolicy ??= 'PreemptLowerPriority';
}

function validatePriorityClass({ metadata, value = 0, preemptionPolicy }: PriorityClass): FieldError[] {
  const errors = checkOneOf(
    preemptionPolicy,
    ['PreemptLowerPriority', 'Never'],
    FieldPath.root.child('preemptionPolicy'),
  );
  const { name = '' } = metadata;
  if (name.startsWith(systemPrefix)) {
    if (systemPriorities.get(name) !== value)
      errors.push(
        forbiddenField(
          FieldPath.metadata.child('name'),
          "priority class names with 'system-' prefix are reserved for system use only. error: the name is not one of the system priority classes",
        ),
      );
  } else if (value > highestUserPriority) {
    const text = `maximum allowed value of a user defined priority is ${highestUserPriority}`;
    errors.push(forbiddenField(FieldPath.root.child('value'), text));
  }
  return errors;
}

/** Pods keep the number they were given, so it may not change under them. */
function validatePriorityClassUpdate(now: PriorityClass, old: PriorityClass): FieldError[] {
  const errors = validateImmutable(
    now.preemptionPolicy,
    old.preemptionPolicy,
    FieldPath.root.child('preemptionPolicy'),
  );
  if (now.value !== old.value)
    errors.push(forbiddenField(FieldPath.root.child('value'), 'may not be changed in an update.'));
  return errors;
}
