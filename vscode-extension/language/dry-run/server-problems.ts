import type { Status } from '../../../core/api/generated/meta-v1.ts';
import type { CheckContext } from '../checks/document-context.ts';
import type { ManifestObject } from '../checks/manifest-objects.ts';
import type { Problem } from '../checks/problem.ts';
import { refusalProblem, type RefusedField } from '../checks/rule-problems.ts';
import { entryOf, type Range } from '../syntax/nodes.ts';
import { locate, shownRange } from '../syntax/paths.ts';
import { placesOf } from './refusal-places.ts';

/** What a server answered when it was asked to apply an object without keeping it. */
export interface DryRunAnswer {
  /** Undefined where it would take the object. */
  readonly refusal: Status | undefined;
  readonly warnings: readonly string[];
}

/** Shows the answer at the nodes it speaks of; what it says of the object as a whole stands at its name. */
export function serverProblems(
  answer: DryRunAnswer,
  object: ManifestObject,
  context: CheckContext,
): Problem[] {
  const kind = context.model.get(object.apiVersion, object.kind);
  const refused = answer.refusal === undefined ? [] : refusedFields(answer.refusal);
  const warned = answer.warnings.map(
    (text): RefusedField => unknownField(text) ?? { field: '', message: text },
  );
  const at = (field: RefusedField): Problem[] =>
    field.field === ''
      ? spokenProblems(field.message, object, context)
      : [{ ...refusalProblem(field, object, kind, context), code: 'server' }];
  return [
    ...refused.flatMap(at),
    ...warned.flatMap(at).map((problem): Problem => ({ ...problem, severity: 'warning' })),
  ];
}

/** What is said of the object as a whole, in words that may still mean one place of it. */
function spokenProblems(
  message: string,
  object: ManifestObject,
  { document }: Pick<CheckContext, 'document'>,
): Problem[] {
  const problem = { severity: 'error', code: 'server' } as const;
  const placed = placesOf(message, object.node);
  if (placed.length === 0) return [{ ...problem, range: wholeRange(object), message }];
  return placed.map(({ steps, message: said }) => ({
    ...problem,
    range: shownRange(document.text, locate(object.node, steps)),
    message: said,
  }));
}

/** It is the name of such a field that is wrong. */
const isUnknown = /^unknown field/;

function refusedFields(status: Status): RefusedField[] {
  const message = status.message ?? status.reason ?? 'Refused';
  const causes = (status.details?.causes ?? []).flatMap(({ field = '', message: text = '', reason }) =>
    field === ''
      ? []
      : [{ field, message: text, ...(reason === undefined ? {} : { reason }), onKey: isUnknown.test(text) }],
  );
  if (causes.length > 0) return causes;
  const decoding = decodingErrors(message);
  if (decoding.length > 0) return decoding;
  return [{ field: status.reason === 'NotFound' ? missingPlace(message) : '', message }];
}

/** An object that is applied can only miss its namespace. */
function missingPlace(message: string): string {
  return message.startsWith('namespaces ') ? 'metadata.namespace' : '';
}

/** `… strict decoding error: unknown field "spec.x"; did you mean "y"?, duplicate field "z"`, and wrong types. */
function decodingErrors(message: string): RefusedField[] {
  const [, strict] = /strict decoding error: (.*)$/s.exec(message) ?? [];
  if (strict !== undefined)
    return strict.split(/, (?=(?:unknown|duplicate) field ")/).flatMap((text) => unknownField(text) ?? []);
  const [, types] = /cannot be handled as an? [A-Za-z]+: (.*)$/s.exec(message) ?? [];
  if (types === undefined) return [];
  return types.split('; ').flatMap((text) => {
    const [, field, problem] = /^([\w.[\]"/-]+): (.*)$/s.exec(text) ?? [];
    return field === undefined || problem === undefined ? [] : [{ field, message: problem }];
  });
}

function unknownField(text: string): RefusedField | undefined {
  const [, problem, quoted, more = ''] =
    /^(unknown|duplicate) field ("(?:[^"\\]|\\.)*")(.*)$/s.exec(text) ?? [];
  if (problem === undefined || quoted === undefined) return undefined;
  return { field: JSON.parse(quoted) as string, message: `${problem} field${more}`, onKey: true };
}

/** Its name, as that is what people look for; the first thing it says where it has none. */
function wholeRange({ node }: ManifestObject): Range {
  const name = entryOf(entryOf(node, 'metadata')?.value, 'name')?.value;
  if (name !== undefined && name.range.end > name.range.start) return name.range;
  return node.entries[0]?.keyRange ?? node.range;
}

/** Without what is said already: most refusals the editor has found by itself. */
export function withoutKnown(problems: readonly Problem[], known: readonly Problem[]): Problem[] {
  return problems.filter(
    (problem) =>
      !known.some(
        ({ range, severity }) =>
          (severity === 'error' || problem.severity === 'warning') &&
          range.start === problem.range.start &&
          range.end === problem.range.end,
      ),
  );
}
