import { objectsOf, type ManifestObject } from '../checks/manifest-objects.ts';
import { followed, textOf, type Entry, type Range, type SyntaxNode } from '../syntax/nodes.ts';
import type { ParsedDocument } from '../syntax/parse-document.ts';

export interface OutlineItem {
  readonly name: string;
  readonly detail: string;
  readonly kind: 'object' | 'map' | 'list' | 'item';
  readonly range: Range;
  /** Within `range`: what is selected when somebody goes there. */
  readonly selection: Range;
  readonly children: readonly OutlineItem[];
}

/** More are not shown: nobody reads them, and a large list would be slow. */
const maxItems = 5_000;

/** The objects of a document with their maps, lists and named items. Single values are left out. */
export function outlineOf(document: ParsedDocument): OutlineItem[] {
  const budget = { left: maxItems };
  return objectsOf(document.root).map((object) => objectItem(object, budget));
}

interface Budget {
  left: number;
}

function objectItem(object: ManifestObject, budget: Budget): OutlineItem {
  const { node, kind, name, namespace, apiVersion } = object;
  const metadata = node.entries.find(({ key }) => key === 'metadata')?.value;
  const map = followed(metadata);
  const nameRange =
    map?.kind === 'map' ? map.entries.find(({ key }) => key === 'name')?.value.range : undefined;
  return {
    name: [kind === '' ? '?' : kind, name].filter((text) => text !== '').join(' '),
    detail: namespace ?? apiVersion,
    kind: 'object',
    range: node.range,
    selection:
      nameRange !== undefined && isWithin(nameRange, node.range)
        ? nameRange
        : { ...node.range, end: node.range.start },
    children: node.entries.flatMap((entry) => entryItems(entry, budget)),
  };
}

function entryItems({ key, keyRange, value }: Entry, budget: Budget): OutlineItem[] {
  if ((value.kind !== 'map' && value.kind !== 'list') || budget.left <= 0) return [];
  budget.left--;
  return [
    {
      name: key,
      detail: '',
      kind: value.kind,
      range: { start: keyRange.start, end: Math.max(keyRange.end, value.range.end) },
      selection: keyRange,
      children: childrenOf(value, budget),
    },
  ];
}

function childrenOf(value: SyntaxNode, budget: Budget): OutlineItem[] {
  if (value.kind === 'map') return value.entries.flatMap((entry) => entryItems(entry, budget));
  if (value.kind !== 'list') return [];
  return value.items.flatMap((item): OutlineItem[] => {
    const name = nameOf(item);
    if (item.kind !== 'map' || name === undefined || budget.left <= 0) return [];
    budget.left--;
    const children = item.entries.flatMap((entry) => entryItems(entry, budget));
    return [{ ...name, kind: 'item', range: item.range, children }];
  });
}

/** Members that people know an item by, the best first. */
const names = [
  'name',
  'key',
  'mountPath',
  'containerPort',
  'port',
  'host',
  'path',
  'kind',
  'type',
  'operator',
];

function nameOf(item: SyntaxNode): Pick<OutlineItem, 'name' | 'detail' | 'selection'> | undefined {
  if (item.kind !== 'map') return undefined;
  for (const member of names) {
    const entry = item.entries.find(({ key }) => key === member);
    if (entry?.value.kind !== 'scalar' || entry.value.text === '') continue;
    const image = textOf(item, 'image') ?? '';
    return { name: entry.value.text, detail: image, selection: entry.value.range };
  }
  const [first] = item.entries;
  return first === undefined ? undefined : { name: first.key, detail: '', selection: first.keyRange };
}

function isWithin(inner: Range, outer: Range): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}
