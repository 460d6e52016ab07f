import { badRequest } from '../api/errors.ts';
import type { KubernetesObject } from '../api/object.ts';
import type { KindDeclaration } from '../api/scheme.ts';
import { parseFieldSelector } from '../machinery/field-selector.ts';
import { parseLabelSelector, SelectorError } from '../machinery/label-selector.ts';
import type { LabelTest } from '../storage/watch-cache/label-groups.ts';
import type { StoredObject } from './stored-object.ts';

/** What of a kind a list or watch is about. */
export interface Selection {
  /** What the label selector takes; undefined: everything. */
  readonly labels: LabelTest | undefined;
  /** What the field selector takes; undefined: everything. */
  readonly filter: ((stored: StoredObject) => boolean) | undefined;
  /** The one name it can be, where the field selector says so. */
  readonly name: string | undefined;
  /** The one namespace it can be, where the field selector says so. */
  readonly namespace: string | undefined;
  /** An index that finds all of it. */
  readonly index: { readonly name: string; readonly value: string } | undefined;
}

export interface Selectors {
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

const everything: Selection = {
  labels: undefined,
  filter: undefined,
  name: undefined,
  namespace: undefined,
  index: undefined,
};

export function selectionOf(
  declaration: KindDeclaration,
  indexNames: ReadonlySet<string>,
  { labelSelector = '', fieldSelector = '' }: Selectors,
): Selection {
  if (labelSelector === '' && fieldSelector === '') return everything;
  const labels = parsed(() => parseLabelSelector(labelSelector));
  const fields = parsed(() => parseFieldSelector(fieldSelector));
  for (const { field } of fields.requirements) checkField(declaration, field);
  const indexed = fields.requirements.find(
    ({ field, operator, value }) => operator === '=' && value !== '' && indexNames.has(field),
  );
  return {
    labels: labels.isEverything ? undefined : labels,
    filter: fields.isEverything
      ? undefined
      : (stored) => fields.matches((field) => fieldValue(declaration, stored.object, field)),
    name: fields.exactValue('metadata.name'),
    namespace: fields.exactValue('metadata.namespace'),
    index: indexed === undefined ? undefined : { name: indexed.field, value: indexed.value },
  };
}

/** The field's value as selectors compare it: "" when absent. */
function fieldValue(declaration: KindDeclaration, object: KubernetesObject, field: string): string {
  if (field === 'metadata.name') return object.metadata.name ?? '';
  if (field === 'metadata.namespace') return object.metadata.namespace ?? '';
  return declaration.selectableFields?.[field]?.(object) ?? '';
}

/** In upstream's words; which kind and selector it is about kubectl says itself. */
function checkField({ selectableFields, custom }: KindDeclaration, field: string): void {
  if (field === 'metadata.name' || field === 'metadata.namespace') return;
  if (selectableFields !== undefined && Object.hasOwn(selectableFields, field)) return;
  throw badRequest(
    selectableFields === undefined && custom === undefined
      ? `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`
      : `field label not supported: ${field}`,
  );
}

function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof SelectorError) throw badRequest(error.message, { cause: error });
    throw error;
  }
}
