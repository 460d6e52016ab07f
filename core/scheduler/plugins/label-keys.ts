import { LabelSelector, type LabelRequirement } from '../../machinery/label-selector.ts';

type Labels = Readonly<Record<string, string>> | undefined;

/**
 * The selector narrowed to what has, for each of the keys, the value the Pod itself has, or with `mismatchKeys` has
 * another (KEP-3243 and KEP-3633). Keys the Pod does not have are left out.
 */
export function withLabelKeys(
  selector: LabelSelector,
  labels: Labels,
  matchKeys: readonly string[] = [],
  mismatchKeys: readonly string[] = [],
): LabelSelector {
  if (!selector.selectsAny) return selector;
  const added = [...requirements(labels, matchKeys, 'in'), ...requirements(labels, mismatchKeys, 'notin')];
  return added.length === 0 ? selector : LabelSelector.of([...selector.requirements, ...added]);
}

function requirements(
  labels: Labels,
  keys: readonly string[],
  operator: 'in' | 'notin',
): readonly LabelRequirement[] {
  return keys.flatMap((key) => {
    const value = labels?.[key];
    return value === undefined ? [] : [{ key, operator, values: [value] }];
  });
}
