import type { FieldError } from '../../../core/api/errors.ts';
import { addMissing } from '../fixes/add-missing.ts';
import { selectorFixes } from '../fixes/fix-selector.ts';
import { replaceText } from '../fixes/edits.ts';
import { l10n } from '../l10n.ts';
import type { KindInfo } from '../schema/schema-model.ts';
import { locate, parseFieldPath, shownRange, type Located, type Path } from '../syntax/paths.ts';
import type { CheckContext } from './document-context.ts';
import type { ManifestObject } from './manifest-objects.ts';
import type { Fix, Problem, ProblemCode } from './problem.ts';

/** A field that the server refuses, or would refuse. */
export interface RefusedField {
  /** As the server writes it: `spec.template.spec.containers[0].image`. */
  readonly field: string;
  readonly reason?: string;
  readonly message: string;
  /** It is the member itself that is refused, not its value. */
  readonly onKey?: boolean;
}

const mismatch = '`selector` does not match template `labels`';

/** Shows a refusal at the value that it speaks of, or at what comes nearest on the way to it. */
export function refusalProblem(
  error: RefusedField,
  object: ManifestObject,
  kind: KindInfo | undefined,
  { document }: Pick<CheckContext, 'document'>,
): Problem {
  const steps = parseFieldPath(error.field);
  const located = locate(object.node, steps);
  const key = error.onKey === true ? located.entry?.keyRange : keyAt(located, error);
  return {
    range: key ?? shownRange(document.text, located),
    severity: 'error',
    code: codeOf(error),
    message: error.field === '' ? error.message : `${error.field}: ${error.message}`,
    fixes: kind === undefined ? [] : fixesOf(error, steps, object, kind, document.text),
  };
}

/** Errors about a key of a map are written with the map's path: the key is what they quote. */
function keyAt({ node, entry }: Located, { message }: RefusedField): Located['node']['range'] | undefined {
  const quoted = /^(?:Invalid|Unsupported) value: ("(?:[^"\\]|\\.)*")/.exec(message)?.[1];
  if (node.kind !== 'map' || quoted === undefined) return undefined;
  const text = JSON.parse(quoted) as string;
  const found = node.entries.find(({ key, value }) => key === text || value.value === text);
  if (found === undefined) return entry?.keyRange;
  return found.key === text ? found.keyRange : found.value.range;
}

function codeOf({ reason, message }: RefusedField): ProblemCode {
  if (message.includes(mismatch)) return 'selector';
  switch (reason) {
    case 'FieldValueRequired':
      return 'required';
    case 'FieldValueNotSupported':
      return 'value';
    default:
      return 'invalid';
  }
}

function fixesOf(
  error: RefusedField,
  steps: Path,
  object: ManifestObject,
  kind: KindInfo,
  text: string,
): Fix[] {
  if (error.message.includes(mismatch)) return selectorFixes(text, object.node, steps.slice(0, -3));
  const { node, depth } = locate(object.node, steps);
  if (error.reason === 'FieldValueRequired' && depth < steps.length) {
    const edit = addMissing(text, object.node, kind.schema, steps);
    return edit === undefined ? [] : [{ title: l10n.t('Add {0}', String(steps.at(-1))), edits: [edit] }];
  }
  if (error.reason === 'FieldValueNotSupported' && node.kind === 'scalar') {
    const supported = /supported values: (.*)$/.exec(error.message)?.[1] ?? '';
    return [...supported.matchAll(/"((?:[^"\\]|\\.)*)"/g)].slice(0, 5).map(([, value = '']) => ({
      title: l10n.t('Replace with "{0}"', value),
      edits: [replaceText(node, value)],
    }));
  }
  const lower = node.kind === 'scalar' ? lowerCaseName(node.text) : undefined;
  if (error.message.includes('RFC 1123') && lower !== undefined && node.kind === 'scalar')
    return [{ title: l10n.t('Replace with "{0}"', lower), edits: [replaceText(node, lower)] }];
  return [];
}

/** A name of the form that most names must have, as near as can be. */
function lowerCaseName(text: string): string | undefined {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
    .slice(0, 63);
  return name === '' || name === text ? undefined : name;
}

/** Whether the field is the same place as one of the paths, below it or above it. */
export function isNear(steps: Path, others: readonly Path[]): boolean {
  return others.some((other) => {
    const length = Math.min(other.length, steps.length);
    for (let i = 0; i < length; i++) if (String(other[i]) !== String(steps[i])) return false;
    return true;
  });
}

export function stepsOf({ field }: Pick<FieldError, 'field'>): Path {
  return parseFieldPath(field);
}
