import { groupBy } from '../group-by.ts';
import { formatElements, inUpstreamOrder, type PathElement } from './path-element.ts';
import type { FieldSet } from './field-set.ts';
import type { Ownership } from './managed-fields.ts';

/** A field that an apply would change and somebody else owns. */
export interface Conflict {
  readonly manager: string;
  readonly operation: string;
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string | undefined;
  /** Such as `.spec.template.spec.containers[name="x"].image`. */
  readonly field: string;
}

export function conflictsOf(owner: Ownership, fields: FieldSet): Conflict[] {
  const { manager, operation, apiVersion, subresource, time } = owner;
  return upstreamOrder(fields, []).map((path) => ({
    manager,
    operation,
    apiVersion,
    subresource,
    time,
    field: formatElements(path),
  }));
}

/** The owner as upstream names it: `"kubectl" with subresource "status" using apps/v1`. */
export function describeManager({
  manager,
  operation,
  apiVersion,
  subresource,
  time,
}: Omit<Conflict, 'field'>): string {
  let text = JSON.stringify(manager);
  if (subresource !== '') text += ` with subresource ${JSON.stringify(subresource)}`;
  if (operation === 'Update') {
    text += ` using ${apiVersion}`;
    if (time !== undefined) text += ` at ${time}`;
  }
  return text;
}

/** The message of the 409 upstream answers (managedfields/internal/conflict.go). */
export function conflictMessage(conflicts: readonly Conflict[]): string {
  const [only] = conflicts;
  if (only !== undefined && conflicts.length === 1) {
    return `Apply failed with 1 conflict: conflict with ${describeManager(only)}: ${only.field}`;
  }
  const parts = [...groupBy(conflicts, describeManager)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([manager, theirs]) =>
        `conflicts with ${manager}:\n${theirs.map(({ field }) => `- ${field}`).join('\n')}`,
    );
  return `Apply failed with ${conflicts.length} conflicts: ${parts.join('\n')}`;
}

/** Upstream walks a set's own members before it descends. */
function upstreamOrder(fields: FieldSet, prefix: readonly PathElement[]): (readonly PathElement[])[] {
  const children = inUpstreamOrder(fields.children.keys()).map((element) => {
    return { path: [...prefix, element], child: fields.children.get(element) as FieldSet };
  });
  const members = children.filter(({ child }) => child.owned).map(({ path }) => path);
  return [...members, ...children.flatMap(({ path, child }) => upstreamOrder(child, path))];
}
