import { withCondition, withoutCondition } from '../api/custom/conditions.ts';
import type { ConditionChange } from '../api/custom/conditions.ts';
import { approvalOf } from '../api/custom/definition-rules.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionStatus,
} from '../api/generated/apiextensions-v1.ts';
import { isEstablished } from '../api/custom/conditions.ts';
import { deepEqual } from '../machinery/json.ts';

/**
 * What a definition is granted of the names it asks for: what nobody else of its group has. The first come keeps
 * its names (apiextensions-apiserver/pkg/controller/status/naming_controller.go). The status itself when it says so
 * already.
 */
export function namedStatus(
  definition: CustomResourceDefinition,
  others: Iterable<CustomResourceDefinition>,
  now: string,
): CustomResourceDefinitionStatus {
  const { spec, status, metadata } = definition;
  const { names, conflict } = grant(
    spec.names,
    status.acceptedNames ?? { plural: '', kind: '' },
    used(others),
  );
  const accepted: ConditionChange = {
    type: 'NamesAccepted',
    status: conflict === undefined ? 'True' : 'False',
    reason: conflict?.reason ?? 'NoConflicts',
    message: conflict?.message ?? 'no conflicts found',
  };
  let conditions = withCondition(status.conditions ?? [], accepted, now);
  // What is served once stays served, whatever happens to its names.
  if (!isEstablished(definition)) conditions = withCondition(conditions, established(accepted), now);
  const approval = approvalCondition(metadata.annotations ?? {}, spec.group);
  conditions =
    approval === undefined
      ? withoutCondition(conditions, 'KubernetesAPIApprovalPolicyConformant')
      : withCondition(conditions, approval, now);
  const next = { ...status, acceptedNames: names, conditions };
  return deepEqual(next, status) ? status : next;
}

function established({ status }: ConditionChange): ConditionChange {
  return status === 'True'
    ? {
        type: 'Established',
        status: 'True',
        reason: 'InitialNamesAccepted',
        message: 'the initial names have been accepted',
      }
    : { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' };
}

interface Used {
  readonly resources: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}

function used(others: Iterable<CustomResourceDefinition>): Used {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const { status } of others) {
    const {
      plural,
      singular,
      shortNames = [],
      kind,
      listKind,
    } = status.acceptedNames ?? { plural: '', kind: '' };
    for (const name of [plural, singular, ...shortNames]) if (name) resources.add(name);
    for (const name of [kind, listKind]) if (name) kinds.add(name);
  }
  return { resources, kinds };
}

interface Conflict {
  readonly reason: string;
  readonly message: string;
}

/** Every name that is free or one's own already is granted, whatever becomes of the others. */
function grant(
  asked: CustomResourceDefinitionNames,
  had: CustomResourceDefinitionNames,
  { resources, kinds }: Used,
): { readonly names: CustomResourceDefinitionNames; readonly conflict: Conflict | undefined } {
  const conflicts: Conflict[] = [];
  const granted = (
    names: readonly string[],
    own: readonly string[],
    taken: ReadonlySet<string>,
    reason: string,
  ): boolean => {
    const inUse = names.filter((name) => name !== '' && !own.includes(name) && taken.has(name));
    if (inUse.length === 0) return true;
    const texts = inUse.map((name) => `${JSON.stringify(name)} is already in use`);
    conflicts.push({ reason, message: texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]` });
    return false;
  };
  const one = (
    key: 'plural' | 'singular' | 'kind' | 'listKind',
    taken: ReadonlySet<string>,
    reason: string,
  ) => (granted([asked[key] ?? ''], [had[key] ?? ''], taken, reason) ? asked[key] : had[key]);
  const plural = one('plural', resources, 'PluralConflict') ?? '';
  const singular = one('singular', resources, 'SingularConflict');
  const shortNames = granted(asked.shortNames ?? [], had.shortNames ?? [], resources, 'ShortNamesConflict')
    ? asked.shortNames
    : had.shortNames;
  const kind = one('kind', kinds, 'KindConflict') ?? '';
  const listKind = one('listKind', kinds, 'ListKindConflict');
  const { categories } = asked;
  const names = {
    plural,
    ...(singular === undefined ? {} : { singular }),
    ...(shortNames === undefined ? {} : { shortNames }),
    kind,
    ...(listKind === undefined ? {} : { listKind }),
    ...(categories === undefined ? {} : { categories }),
  };
  // Upstream tells of the last.
  return { names, conflict: conflicts.at(-1) };
}

function approvalCondition(
  annotations: Readonly<Record<string, string>>,
  group: string,
): ConditionChange | undefined {
  const type = 'KubernetesAPIApprovalPolicyConformant';
  const { state, text } = approvalOf(annotations, group);
  switch (state) {
    case 'unprotected':
      return undefined;
    case 'approved':
      return { type, status: 'True', reason: 'ApprovedAnnotation', message: text };
    case 'unapproved':
      return { type, status: 'False', reason: 'UnapprovedAnnotation', message: text };
    case 'missing':
      return { type, status: 'False', reason: 'MissingAnnotation', message: text };
    case 'wrong':
      return { type, status: 'False', reason: 'InvalidAnnotation', message: text };
  }
}
