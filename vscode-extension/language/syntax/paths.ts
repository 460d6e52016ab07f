import { contains, followed, type Entry, type MapNode, type Range, type SyntaxNode } from './nodes.ts';

export type Path = readonly (string | number)[];

/** Where a path leads. */
export interface Located {
  readonly node: SyntaxNode;
  /** The entry whose value the node is; undefined for items of lists and the root. */
  readonly entry: Entry | undefined;
  /** How many steps of the path are there; fewer than it has where it leads to something missing. */
  readonly depth: number;
}

/** Walks as far as the path is there, through aliases and merged maps. */
export function locate(root: SyntaxNode, path: Path): Located {
  let located: Located = { node: root, entry: undefined, depth: 0 };
  while (located.depth < path.length) {
    const next = step(located, path);
    if (next === undefined) return located;
    located = next;
  }
  return located;
}

function step({ node, depth }: Located, path: Path): Located | undefined {
  const target = followed(node);
  const key = path[depth] as string | number;
  if (target?.kind === 'list') {
    const item = typeof key === 'number' ? target.items[key] : undefined;
    return item && { node: item, entry: undefined, depth: depth + 1 };
  }
  if (target?.kind !== 'map') return undefined;
  const entry = memberOf(target, String(key));
  if (entry !== undefined) return { node: entry.value, entry, depth: depth + 1 };
  // Paths of the API do not quote: a key with dots in it looks like several steps.
  for (let end = depth + 2; end <= Math.min(path.length, depth + 8); end++) {
    const dotted = memberOf(target, path.slice(depth, end).join('.'));
    if (dotted !== undefined) return { node: dotted.value, entry: dotted, depth: end };
  }
  return undefined;
}

function memberOf(map: MapNode, key: string): Entry | undefined {
  const own = map.entries.find((entry) => entry.key === key);
  if (own !== undefined) return own;
  for (const source of map.merged) {
    const target = followed(source);
    const found = target?.kind === 'map' ? memberOf(target, key) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What stands at an offset of the text. */
export interface At {
  readonly path: Path;
  readonly node: SyntaxNode;
  readonly entry: Entry | undefined;
  /** The offset is on the key, not on the value. */
  readonly onKey: boolean;
}

/** The deepest node whose key or value holds the offset. */
export function nodeAt(root: SyntaxNode, offset: number): At | undefined {
  if (!contains(root.range, offset)) return undefined;
  return descend({ path: [], node: root, entry: undefined, onKey: false }, offset);
}

function descend(from: At, offset: number): At {
  const { node, path } = from;
  if (node.kind === 'list') {
    const index = node.items.findIndex(({ range }) => contains(range, offset));
    const item = node.items[index];
    return item === undefined
      ? from
      : descend({ path: [...path, index], node: item, entry: undefined, onKey: false }, offset);
  }
  if (node.kind !== 'map') return from;
  const entry = node.entries.find(
    ({ keyRange, value }) => contains(keyRange, offset) || contains(value.range, offset),
  );
  if (entry === undefined) return from;
  const onKey = contains(entry.keyRange, offset);
  const below: At = { path: [...path, entry.key], node: entry.value, entry, onKey };
  return onKey ? below : descend(below, offset);
}

/**
 * The steps of a path as the API writes it, such as `metadata.labels[app.kubernetes.io/name]` or
 * `spec.containers[0].image`.
 */
export function parseFieldPath(text: string): (string | number)[] {
  const steps: (string | number)[] = [];
  for (const [, index, quoted, key, name] of text.matchAll(
    /\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|\[([^\]]*)\]|([^.[\]]+)/g,
  )) {
    if (index !== undefined) steps.push(Number(index));
    else steps.push(quoted === undefined ? (key ?? name ?? '') : (JSON.parse(quoted) as string));
  }
  return steps;
}

/** What to underline for a value: itself where it is on one line, otherwise its key, or the first key within. */
export function shownRange(text: string, { node, entry }: Pick<Located, 'node' | 'entry'>): Range {
  const { start, end } = node.range;
  if (start < end && !isBlock(node) && !text.slice(start, end).includes('\n')) return node.range;
  if (entry !== undefined) return entry.keyRange;
  if (node.kind === 'map' && node.entries[0] !== undefined) return node.entries[0].keyRange;
  return { start, end: endOfLine(text, start, end) };
}

function isBlock(node: SyntaxNode): boolean {
  if (node.kind === 'scalar') return node.style === 'block';
  return (node.kind === 'map' || node.kind === 'list') && !node.flow;
}

function endOfLine(text: string, start: number, end: number): number {
  const line = text.indexOf('\n', start);
  const stop = line < 0 ? end : Math.min(end, line);
  return Math.max(stop, Math.min(start + 1, text.length));
}
