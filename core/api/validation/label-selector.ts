import { labelKeyProblems, labelValueProblems } from '../../machinery/names.ts';
import type { LabelSelector, LabelSelectorRequirement } from '../generated/meta-v1.ts';
import { checkEach, checkName } from './common.ts';
import type { Errors } from './common.ts';
import { forbiddenField, invalidEach, invalidValue, required } from './field-errors.ts';
import type { FieldPath } from './field-path.ts';
import { validateLabels } from './object-meta.ts';

/** A selector as objects hold it (apimachinery/pkg/apis/meta/v1/validation). */
export function validateLabelSelector(selector: LabelSelector, path: FieldPath): Errors {
  return [
    ...(selector.matchLabels === undefined
      ? []
      : validateLabels(selector.matchLabels, path.child('matchLabels'))),
    ...checkEach(selector.matchExpressions, path.child('matchExpressions'), validateRequirement),
  ];
}

function validateRequirement({ key, operator, values }: LabelSelectorRequirement, path: FieldPath): Errors {
  return [
    ...validateOperator(operator, values ?? [], path),
    ...checkName(key, labelKeyProblems, path.child('key')),
    ...(values ?? []).flatMap((value, index) =>
      invalidEach(path.child('values').index(index), value, labelValueProblems(value)),
    ),
  ];
}

function validateOperator(operator: string, values: readonly string[], path: FieldPath): Errors {
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length > 0) return [];
      return [required(path.child('values'), "must be specified when `operator` is 'In' or 'NotIn'")];
    case 'Exists':
    case 'DoesNotExist':
      if (values.length === 0) return [];
      return [
        forbiddenField(
          path.child('values'),
          "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        ),
      ];
    default:
      return [invalidValue(path.child('operator'), operator, 'not a valid selector operator')];
  }
}

export function isEmptySelector({ matchLabels, matchExpressions }: LabelSelector): boolean {
  return Object.keys(matchLabels ?? {}).length === 0 && (matchExpressions?.length ?? 0) === 0;
}
