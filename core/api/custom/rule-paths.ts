import type { FieldPath } from '../validation/field-path.ts';
import type { JSONSchemaProps } from './schema.ts';
import { propertyOf, valuesOf } from './schema.ts';

/** The names in a rule's fieldPath, such as ".spec.ports['a.b']"; undefined where it is none. */
function namesOf(fieldPath: string): readonly string[] | undefined {
  const names: string[] = [];
  let at = 0;
  for (const match of fieldPath.matchAll(/\.([A-Za-z_][\w-]*)|\['((?:[^'\\]|\\.)+)'\]/gy)) {
    names.push(match[1] ?? (match[2] ?? '').replaceAll(/\\(.)/g, '$1'));
    at = match.index + match[0].length;
  }
  return at === fieldPath.length && names.length > 0 ? names : undefined;
}

/** What is wrong with a rule's fieldPath; it must lead to a field of the value that the rule is about. */
export function fieldPathProblem(fieldPath: string, schema: JSONSchemaProps): string | undefined {
  const names = namesOf(fieldPath);
  if (names === undefined) return "fieldPath must be a valid path: expected [.] or ['] and a name";
  let at: JSONSchemaProps | undefined = schema;
  for (const name of names) {
    at = propertyOf(at, name) ?? valuesOf(at);
    if (at === undefined) return `fieldPath must be a valid path: does not refer to a valid field: ${name}`;
  }
  return undefined;
}

export function fieldPathBelow(path: FieldPath, fieldPath: string): FieldPath {
  return (namesOf(fieldPath) ?? []).reduce(
    (at, name) => (/^[A-Za-z_][\w-]*$/.test(name) ? at.child(name) : at.key(name)),
    path,
  );
}
