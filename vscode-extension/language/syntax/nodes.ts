import type { ScalarValue } from '../../../core/machinery/yaml/resolve-scalar.ts';

/** A part of a document's text: offsets in UTF-16 units from the document's beginning, the end excluded. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * One value of a document and where it stands. Immutable, without a way up: whoever needs the way to a node walks
 * down from the root.
 */
export type SyntaxNode = MapNode | ListNode | ScalarNode | AliasNode;

interface Placed {
  readonly range: Range;
  /** What the node means as JSON; shared between an anchor and its aliases, and read-only. */
  readonly value: unknown;
}

export interface MapNode extends Placed {
  readonly kind: 'map';
  /** Written as `{a: b}`. */
  readonly flow: boolean;
  /** Its own entries, duplicates and half-typed ones included, in the order of the text. */
  readonly entries: readonly Entry[];
  /** What `<<` merges in, the more important ones first. */
  readonly merged: readonly SyntaxNode[];
}

export interface ListNode extends Placed {
  readonly kind: 'list';
  /** Written as `[a, b]`. */
  readonly flow: boolean;
  readonly items: readonly SyntaxNode[];
}

export interface ScalarNode extends Placed {
  readonly kind: 'scalar';
  readonly value: ScalarValue;
  /** As it is written, without quotes. */
  readonly text: string;
  readonly style: ScalarStyle;
}

/** 'missing': nothing is written, as after the colon of `key:`. */
export type ScalarStyle = 'plain' | 'single' | 'double' | 'block' | 'missing';

export interface AliasNode extends Placed {
  readonly kind: 'alias';
  readonly name: string;
  /** What the alias stands for; undefined where no anchor has the name. */
  readonly target: SyntaxNode | undefined;
}

export interface Entry {
  readonly key: string;
  readonly keyRange: Range;
  readonly value: SyntaxNode;
}

/** The node itself, or what an alias stands for. */
export function followed(node: SyntaxNode | undefined): Exclude<SyntaxNode, AliasNode> | undefined {
  return node?.kind === 'alias' ? followed(node.target) : node;
}

/** The first entry of the key, the map's own before merged ones. */
export function entryOf(node: SyntaxNode | undefined, key: string): Entry | undefined {
  const map = followed(node);
  if (map?.kind !== 'map') return undefined;
  const own = map.entries.find((entry) => entry.key === key);
  if (own !== undefined) return own;
  for (const source of map.merged) {
    const found = entryOf(source, key);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The text of a member that is a string; undefined when it is none. */
export function textOf(node: SyntaxNode | undefined, key: string): string | undefined {
  const value = entryOf(node, key)?.value.value;
  return typeof value === 'string' ? value : undefined;
}

export function contains(range: Range, offset: number): boolean {
  return range.start <= offset && offset <= range.end;
}
