import { l10n } from '../l10n.ts';
import { followed, type MapNode } from '../syntax/nodes.ts';
import { locate, type Path } from '../syntax/paths.ts';
import type { Fix, TextEdit } from '../checks/problem.ts';
import { addFirstMember, addMember, removeEntry, renameKey, replaceText, writeScalar } from './edits.ts';

/** Makes a selector and the labels of its template agree, either way. */
export function selectorFixes(text: string, root: MapNode, spec: Path): Fix[] {
  const selector = mapAt(root, [...spec, 'selector', 'matchLabels']);
  if (selector === undefined) return [];
  const byLabels = labelTemplate(text, root, spec, selector);
  const bySelector = selectTemplate(text, root, spec, selector);
  return [
    ...(byLabels.length === 0
      ? []
      : [{ title: l10n.t('Give the template the labels that are selected'), edits: byLabels }]),
    ...(bySelector.length === 0
      ? []
      : [{ title: l10n.t('Select the labels of the template'), edits: bySelector }]),
  ];
}

function labelTemplate(text: string, root: MapNode, spec: Path, selector: MapNode): TextEdit[] {
  const path = [...spec, 'template', 'metadata', 'labels'];
  const { node, entry, depth } = locate(root, path);
  const wanted = selector.entries.flatMap(({ key, value }) =>
    typeof value.value === 'string' ? [{ key, value: value.value }] : [],
  );
  const lines = (pairs: typeof wanted) =>
    pairs.map(({ key, value }) => `${writeScalar(key)}: ${writeScalar(value)}`);
  const target = followed(node);
  const missingMaps = path.slice(depth) as string[];
  if (missingMaps.length > 0 || target?.kind !== 'map') {
    const nested = missingMaps
      .toReversed()
      .reduce((below, name) => [`${name}:`, ...below.map((line) => `  ${line}`)], lines(wanted));
    if (target?.kind === 'map') return [addMember(text, target, nested)];
    return entry === undefined || target?.value !== null ? [] : [addFirstMember(text, entry, nested)];
  }
  const edits: TextEdit[] = [];
  const missing: typeof wanted = [];
  for (const pair of wanted) {
    const label = target.entries.find(({ key }) => key === pair.key)?.value;
    if (label === undefined) missing.push(pair);
    else if (label.kind === 'scalar' && label.value !== pair.value)
      edits.push(replaceText(label, pair.value));
  }
  return missing.length === 0 ? edits : [...edits, addMember(text, target, lines(missing))];
}

function selectTemplate(text: string, root: MapNode, spec: Path, selector: MapNode): TextEdit[] {
  const labels = mapAt(root, [...spec, 'template', 'metadata', 'labels']);
  const [first] = labels?.entries ?? [];
  if (labels === undefined || first === undefined) return [];
  const edits: TextEdit[] = [];
  const matching = selector.entries.filter(({ key }) => labels.entries.some((label) => label.key === key));
  for (const entry of selector.entries) {
    const label =
      labels.entries.find(({ key }) => key === entry.key) ?? (matching.length === 0 ? first : undefined);
    if (label === undefined) {
      edits.push(removeEntry(text, selector, entry));
      continue;
    }
    if (label.key !== entry.key) edits.push(renameKey(entry, label.key));
    if (entry.value.kind === 'scalar' && entry.value.value !== label.value.value)
      edits.push(replaceText(entry.value, String(label.value.value)));
    if (matching.length === 0) {
      // One is enough to agree; the others select nothing that is there.
      edits.push(...selector.entries.slice(1).map((other) => removeEntry(text, selector, other)));
      break;
    }
  }
  return edits;
}

function mapAt(root: MapNode, path: Path): MapNode | undefined {
  const { node, depth } = locate(root, path);
  const target = depth === path.length ? followed(node) : undefined;
  return target?.kind === 'map' ? target : undefined;
}
