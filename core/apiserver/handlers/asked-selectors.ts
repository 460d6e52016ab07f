import type { FieldError } from '../../api/errors.ts';
import type {
  FieldSelectorAttributes,
  LabelSelectorAttributes,
  ResourceAttributes,
} from '../../api/generated/authorization-v1.ts';
import { invalidValue, required } from '../../api/validation/field-errors.ts';
import type { FieldPath } from '../../api/validation/field-path.ts';
import { parseFieldSelector } from '../../machinery/field-selector.ts';
import type { FieldRequirement } from '../../machinery/field-selector.ts';
import { parseLabelSelector, requirementFromObject } from '../../machinery/label-selector.ts';
import type { LabelRequirement } from '../../machinery/label-selector.ts';

/**
 * To which objects of a collection a request is narrowed (KEP-4601). An authorizer may allow more because of it; what
 * is absent narrows nothing.
 */
export interface AskedSelectors {
  readonly fieldSelector?: readonly FieldRequirement[] | undefined;
  readonly labelSelector?: readonly LabelRequirement[] | undefined;
}

/** Of selectors as text. One that cannot be read narrows nothing: it is refused further on, to whoever may ask at all. */
export function selectorsOf({
  fieldSelector = '',
  labelSelector = '',
}: {
  readonly fieldSelector?: string | undefined;
  readonly labelSelector?: string | undefined;
}): AskedSelectors {
  return {
    ...given('fieldSelector', fieldSelector === '' ? [] : read(() => parseFieldSelector(fieldSelector))),
    ...given('labelSelector', labelSelector === '' ? [] : read(() => parseLabelSelector(labelSelector))),
  };
}

/** Of a review. Requirements that nobody here understands are left out, which narrows less (authorization/util). */
export function selectorsOfReview({ fieldSelector, labelSelector }: ResourceAttributes): AskedSelectors {
  const texts = selectorsOf({
    fieldSelector: fieldSelector?.rawSelector,
    labelSelector: labelSelector?.rawSelector,
  });
  const fields = (fieldSelector?.requirements ?? []).flatMap(({ key, operator, values = [] }) => {
    const [value] = values;
    const known = operator === 'In' ? '=' : operator === 'NotIn' ? '!=' : undefined;
    if (known === undefined || values.length !== 1 || value === undefined) return [];
    return [{ field: key, operator: known, value } as const];
  });
  const labels = (labelSelector?.requirements ?? []).flatMap((requirement) =>
    read(() => ({ requirements: [requirementFromObject(requirement)] })),
  );
  return { ...given('fieldSelector', fields), ...given('labelSelector', labels), ...texts };
}

function read<T>(parse: () => { readonly requirements: readonly T[] }): readonly T[] {
  try {
    return parse().requirements;
  } catch {
    return [];
  }
}

function given<K extends keyof AskedSelectors>(
  name: K,
  requirements: NonNullable<AskedSelectors[K]>,
): AskedSelectors {
  return requirements.length === 0 ? {} : { [name]: requirements };
}

/** Upstream: authorization/validation, ValidateFieldSelectorAttributes and its kin. */
export function selectorProblems(
  { fieldSelector, labelSelector }: ResourceAttributes,
  path: FieldPath,
): readonly FieldError[] {
  return [
    ...problemsOf(fieldSelector, path.child('fieldSelector')),
    ...problemsOf(labelSelector, path.child('labelSelector')),
  ];
}

function problemsOf(
  selector: FieldSelectorAttributes | LabelSelectorAttributes | undefined,
  path: FieldPath,
): readonly FieldError[] {
  if (selector === undefined) return [];
  const { rawSelector = '', requirements = [] } = selector;
  if (rawSelector !== '' && requirements.length > 0)
    return [
      invalidValue(
        path.child('rawSelector'),
        rawSelector,
        'may not specified at the same time as requirements',
      ),
    ];
  if (rawSelector === '' && requirements.length === 0)
    return [
      required(
        path.child('requirements'),
        `when ${String(path)} is specified, requirements or rawSelector is required`,
      ),
    ];
  return [];
}
