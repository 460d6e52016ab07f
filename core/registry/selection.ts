import { badRequest } from '../api/errors.ts';
import type { KubernetesObject } from '../api/object.ts';
import type { KindDeclaration } from '../api/scheme.ts';
import type { FieldSelector } from '../machinery/field-selector.ts';
import { parseFieldSelector } from '../machinery/field-selector.ts';
import type { LabelSelector } from '../machinery/label-selector.ts';
import { parseLabelSelector, SelectorError } from '../machinery/label-selector.ts';
import type { StoredObject } from './stored-object.ts';

/** What of a kind a list or watch is about. */
export interface Selection {
  /** Undefined: everything. */
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

const everything: Selection = { filter: undefined, name: undefined, namespace: undefined, index: undefined };

export function selectionOf(
  declaration: KindDeclaration,
  indexNames: ReadonlySet<string>,
  { labelSelector = '', fieldSelector = '' }: Selectors,
): Selection {
  if (labelSelector === '' && fieldSelector === '') return everything;
  const labels = parsed(() => parseLabelSelector(labelSelector));
  const fields = parsed(() => parseFieldSelector(fieldSelector));
  for (const { field } of fields.requirements) checkField(declaration, field, labelSelector, fieldSelector);
  const indexed = fields.requirements.find(
    ({ field, operator, value }) => operator === '=' && value !== '' && indexNames.has(field),
  );
  return {
    filter: filterOf(declaration, labels, fields),
    name: fields.exactValue('metadata.name'),
    namespace: fields.exactValue('metadata.namespace'),
    index: indexed === undefined ? undefined : { name: indexed.field, value: indexed.value },
  };
}

/** The field's value as selectors compare it: "" when absent. */
export function fieldValue(declaration: KindDeclaration, object: KubernetesObject, field: string): string {
  if (field === 'metadata.name') return object.metadata.name ?? '';
  if (field === 'metadata.namespace') return object.metadata.namespace ?? '';
  return declaration.selectableFields?.[field]?.(object) ?? '';
}

function filterOf(
  declaration: KindDeclaration,
  labels: LabelSelector,
  fields: FieldSelector,
): Selection['filter'] {
  if (labels.isEverything && fields.isEverything) return undefined;
  // Objects that share their labels share the answer.
  const known = new WeakMap<object, boolean>();
  const labelled = (stored: StoredObject) => {
    const own = stored.labels;
    let matches = known.get(own);
    if (matches === undefined) known.set(own, (matches = labels.matches(own)));
    return matches;
  };
  // Labels are read without parsing, so they decide first.
  if (fields.isEverything) return labelled;
  return (stored) =>
    (labels.isEverything || labelled(stored)) &&
    fields.matches((field) => fieldValue(declaration, stored.object, field));
}

function checkField(declaration: KindDeclaration, field: string, labels: string, fields: string): void {
  if (field === 'metadata.name' || field === 'metadata.namespace') return;
  if (declaration.selectableFields !== undefined && Object.hasOwn(declaration.selectableFields, field))
    return;
  const { group, version, plural } = declaration;
  const type = `${group === '' ? '' : group}/${version}, Resource=${plural}`;
  throw badRequest(
    `Unable to find ${JSON.stringify(type)} that match label selector ${JSON.stringify(labels)}, field selector ${JSON.stringify(fields)}: field label not supported: ${field}`,
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
