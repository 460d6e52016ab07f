import type { ObjectSchema } from '../../../core/machinery/schema.ts';
import { schemaAt } from '../schema/schema-at.ts';
import { followed, type MapNode } from '../syntax/nodes.ts';
import { locate, type Path } from '../syntax/paths.ts';
import type { TextEdit } from '../checks/problem.ts';
import { addFirstMember, addMember, writeScalar, type Lines } from './edits.ts';
import { skeletonOf, withValue } from './skeleton.ts';

/** Adds the member a path leads to, with the maps that are missing on the way; undefined where a list is. */
export function addMissing(
  text: string,
  root: MapNode,
  schema: ObjectSchema,
  path: Path,
): TextEdit | undefined {
  const { node, entry, depth } = locate(root, path);
  const missing = path.slice(depth);
  if (missing.length === 0 || missing.some((step) => typeof step === 'number')) return undefined;
  const lines = linesFor(root, schema, path.slice(0, depth), missing as string[]);
  const target = followed(node);
  if (target?.kind === 'map') return node.kind === 'alias' ? undefined : addMember(text, target, lines);
  if (target?.kind === 'scalar' && target.value === null && entry !== undefined)
    return addFirstMember(text, entry, lines);
  return undefined;
}

function linesFor(root: MapNode, schema: ObjectSchema, before: Path, missing: readonly string[]): Lines {
  const [name = '', ...rest] = missing;
  const path = [...before, name];
  if (rest.length > 0) return withValue(writeScalar(name), { below: linesFor(root, schema, path, rest) });
  if (name === 'selector') {
    const labels = templateLabels(root, before);
    if (labels.length > 0) return withValue(name, { below: withValue('matchLabels', { below: labels }) });
  }
  const field = schemaAt(schema, path)?.field;
  return field === undefined ? [`${writeScalar(name)}: ""`] : skeletonOf(field);
}

/** What a selector beside a template has to say. */
function templateLabels(root: MapNode, spec: Path): Lines {
  const path = [...spec, 'template', 'metadata', 'labels'];
  const { node, depth } = locate(root, path);
  const labels = depth === path.length ? followed(node) : undefined;
  if (labels?.kind !== 'map') return [];
  return Object.entries(labels.value as object)
    .filter(([, value]) => typeof value === 'string')
    .map(([key, value]) => `${writeScalar(key)}: ${writeScalar(value as string)}`);
}
