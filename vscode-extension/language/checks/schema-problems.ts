import { parsePath } from '../../../core/machinery/json.ts';
import { nearestName } from '../../../core/machinery/nearest-name.ts';
import type { Schema } from '../../../core/machinery/schema.ts';
import { validate, type Violation } from '../../../core/machinery/validation.ts';
import { addMissing } from '../fixes/add-missing.ts';
import { quote, removeEntry, renameKey, replaceText, unquote } from '../fixes/edits.ts';
import { l10n } from '../l10n.ts';
import type { KindInfo } from '../schema/schema-model.ts';
import { schemaAt } from '../schema/schema-at.ts';
import { followed, type SyntaxNode } from '../syntax/nodes.ts';
import { locate, shownRange, type Path } from '../syntax/paths.ts';
import type { CheckContext } from './document-context.ts';
import type { ManifestObject } from './manifest-objects.ts';
import type { Fix, Problem, ProblemCode } from './problem.ts';

/** A violation with the steps of its path. */
export interface PlacedViolation extends Violation {
  readonly steps: Path;
}

const codes: Readonly<Record<Violation['reason'], ProblemCode>> = {
  unknown: 'unknown-field',
  type: 'wrong-type',
  required: 'required',
  enum: 'value',
  format: 'value',
  depth: 'invalid',
};

/** Where there are more, the rest is not looked for: rules cannot be asked about such an object. */
export const maxViolations = 100;

/** What the schema of the kind does not allow. */
export function violationsOf({ value }: ManifestObject, { schema }: KindInfo): PlacedViolation[] {
  return validate(schema, value, { maxViolations }).map((violation) => ({
    ...violation,
    steps: parsePath(violation.path),
  }));
}

export function schemaProblem(
  violation: PlacedViolation,
  object: ManifestObject,
  kind: KindInfo,
  context: CheckContext,
): Problem {
  const { reason, steps, message } = violation;
  const { text } = context.document;
  const located = locate(object.node, steps);
  const range =
    reason === 'unknown' && located.entry !== undefined ? located.entry.keyRange : shownRange(text, located);
  const name = nameOf(steps);
  return {
    range,
    severity: 'error',
    code: codes[reason],
    message: name === '' ? message : `${name} ${message}`,
    fixes: fixesOf(violation, object, kind, context),
  };
}

/** The member that a path leads to, as a message calls it. */
function nameOf(steps: Path): string {
  const member = steps.findLastIndex((step) => typeof step === 'string');
  if (member < 0) return '';
  return [String(steps[member]), ...steps.slice(member + 1).map((index) => `[${index}]`)].join('');
}

function fixesOf(
  violation: PlacedViolation,
  object: ManifestObject,
  kind: KindInfo,
  context: CheckContext,
): Fix[] {
  const { document } = context;
  const { steps } = violation;
  const { node, entry } = locate(object.node, steps);
  const at = schemaAt(kind.schema, steps)?.schema;
  switch (violation.reason) {
    case 'unknown':
      return unknownFieldFixes(violation, object, kind, context);
    case 'required': {
      const edit = addMissing(document.text, object.node, kind.schema, steps);
      return edit === undefined ? [] : [{ title: l10n.t('Add {0}', nameOf(steps)), edits: [edit] }];
    }
    case 'enum':
      return at === undefined ? [] : enumFixes(node, at);
    case 'type':
    case 'format':
      return at === undefined || entry?.value.kind === 'alias' ? [] : valueFixes(node, at);
    default:
      return [];
  }
}

function unknownFieldFixes(
  { steps }: PlacedViolation,
  { node: root }: ManifestObject,
  kind: KindInfo,
  { document }: CheckContext,
): Fix[] {
  const { entry } = locate(root, steps);
  const parent = followed(locate(root, steps.slice(0, -1)).node);
  const owner = schemaAt(kind.schema, steps.slice(0, -1))?.schema;
  if (entry === undefined || parent?.kind !== 'map' || !parent.entries.includes(entry)) return [];
  const fixes: Fix[] = [];
  const taken = new Set(parent.entries.map(({ key }) => key));
  const candidates =
    owner?.kind === 'object' ? [...owner.fields.keys()].filter((name) => !taken.has(name)) : [];
  const meant = nearestName(entry.key, candidates);
  if (meant !== undefined)
    fixes.push({ title: l10n.t('Replace with "{0}"', meant), edits: [renameKey(entry, meant)] });
  fixes.push({
    title: l10n.t('Remove "{0}"', entry.key),
    edits: [removeEntry(document.text, parent, entry)],
  });
  return fixes;
}

function enumFixes(node: SyntaxNode, schema: Schema): Fix[] {
  if (node.kind !== 'scalar' || schema.kind !== 'scalar' || schema.values === undefined) return [];
  const meant = nearestName(node.text, schema.values);
  const ordered = [
    ...(meant === undefined ? [] : [meant]),
    ...schema.values.filter((value) => value !== meant),
  ];
  return ordered
    .slice(0, 5)
    .map((value) => ({ title: l10n.t('Replace with "{0}"', value), edits: [replaceText(node, value)] }));
}

/** Values that YAML reads as another type than is meant, and back. */
function valueFixes(node: SyntaxNode, schema: Schema): Fix[] {
  if (schema.kind === 'list' && node.kind === 'scalar' && node.style !== 'block' && node.value !== null) {
    const edits = [
      { range: { start: node.range.start, end: node.range.start }, text: '[' },
      { range: { start: node.range.end, end: node.range.end }, text: ']' },
    ];
    return [{ title: l10n.t('Make it a list'), edits }];
  }
  if (schema.kind !== 'scalar' || node.kind !== 'scalar') return [];
  const { type } = schema;
  if (node.style === 'plain' && typeof node.value !== 'string' && isText(type))
    return [{ title: l10n.t('Put quotes around it'), edits: [quote(node)] }];
  if ((node.style === 'single' || node.style === 'double') && isUnquotable(type, node.text))
    return [{ title: l10n.t('Remove the quotes'), edits: [unquote(node)] }];
  if (type === 'bytes' && typeof node.value === 'string' && node.style !== 'block')
    return [
      {
        title: l10n.t('Encode as base64'),
        edits: [{ range: node.range, text: Buffer.from(node.value).toString('base64') }],
      },
    ];
  return [];
}

function isText(type: string): boolean {
  return !['bool', 'int32', 'int64', 'double', 'int-or-string', 'quantity'].includes(type);
}

function isUnquotable(type: string, text: string): boolean {
  if (type === 'bool') return text === 'true' || text === 'false';
  return ['int32', 'int64', 'double'].includes(type) && /^-?\d+(\.\d+)?$/.test(text);
}
