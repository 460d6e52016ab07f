import type { Entry, ListNode, MapNode, Range, SyntaxNode } from './nodes.ts';
import { parseYaml, type ParsedDocument } from './parse-document.ts';

type Block = MapNode | ListNode;

/** An entry of a block map or an item of a block list: one that has its lines to itself. */
interface Piece {
  readonly block: Block;
  readonly index: number;
  readonly indent: number;
  /** From the beginning of its first line to that of the line after its last. */
  readonly range: Range;
}

/** The text between what two texts have in common at both ends. */
interface Change {
  readonly start: number;
  readonly endBefore: number;
  readonly delta: number;
}

/** Nesting that is gone into; deeper documents are parsed as a whole, with the bound that is kept there. */
const maxDepth = 50;
/** What could be an alias. Where there is one, a change elsewhere may be a change here. */
const aliasLike = /(?:^|[\s,[{:-])\*\S/;
const commentLike = /(?:^|\s)#/;

/**
 * The document as it is after a change, where only one entry or item has to be parsed for that: parsing is most of
 * what a key in a long document costs. Gives what `parseDocument` would, or undefined where that cannot be known
 * from the piece alone: something is wrong with the YAML, there are aliases, templates or comments in it, or lines
 * moved out of their place.
 */
export function patchDocument(before: ParsedDocument, text: string): ParsedDocument | undefined {
  const { root } = before;
  if (root === undefined || before.template || before.problems.length > 0 || before.actions.length > 0)
    return undefined;
  if (text.includes('{{') || aliasLike.test(text)) return undefined;
  const change = changeBetween(before.text, text);
  const way = piecesAround(root, before.text, change);
  // The smallest that can be told apart from what is around it.
  for (let depth = way.length; depth > 0; depth--) {
    const piece = way[depth - 1];
    if (piece === undefined || piece.range.end - piece.range.start > text.length / 2) return undefined;
    const parsed = parsePiece(piece, before.text, text, change);
    if (parsed === undefined) continue;
    const ends = endsOf(piece, before.text, text, change);
    const patched = way
      .slice(0, depth)
      .reduceRight<SyntaxNode>(
        (child, { block, index }) => withChild(block, index, child, ends),
        shifted(parsed, piece.range.start),
      );
    return { text, root: patched, problems: [], template: false, actions: [] };
  }
  return undefined;
}

function changeBetween(before: string, after: string): Change {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before.charCodeAt(start) === after.charCodeAt(start)) start++;
  let same = 0;
  while (
    same < most - start &&
    before.charCodeAt(before.length - 1 - same) === after.charCodeAt(after.length - 1 - same)
  )
    same++;
  return { start, endBefore: before.length - same, delta: after.length - before.length };
}

/** The pieces that the change lies in, from the outside in. */
function piecesAround(root: SyntaxNode, text: string, change: Change): readonly Piece[] {
  const pieces: Piece[] = [];
  let node: SyntaxNode | undefined = root;
  while (node !== undefined && pieces.length < maxDepth) {
    const piece = pieceAround(node, text, change);
    if (piece === undefined) break;
    pieces.push(piece);
    node = childOf(piece);
  }
  return pieces;
}

function pieceAround(node: SyntaxNode, text: string, change: Change): Piece | undefined {
  if ((node.kind !== 'map' && node.kind !== 'list') || node.flow) return undefined;
  if (node.kind === 'map' && node.merged.length > 0) return undefined;
  const starts =
    node.kind === 'map' ? node.entries.map(keyStart) : node.items.map(({ range }) => range.start);
  const index = starts.findLastIndex((start) => lineStart(text, start) <= change.start);
  const indent = indentOf(node, text, starts[index]);
  if (indent === undefined) return undefined;
  const next = starts[index + 1];
  if (next !== undefined && indentOf(node, text, next) !== indent) return undefined;
  const range = {
    start: lineStart(text, starts[index] ?? 0),
    end: next === undefined ? lastEnd(node, text) : lineStart(text, next),
  };
  // The line end belongs to it, as what is behind that is another line.
  return change.endBefore < range.end ? { block: node, index, indent, range } : undefined;
}

function keyStart({ keyRange }: Entry): number {
  return keyRange.start;
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** Spaces before a key or a dash that is the first of its line; undefined where it is not. */
function indentOf(block: Block, text: string, start: number | undefined): number | undefined {
  if (start === undefined) return undefined;
  const prefix = text.slice(lineStart(text, start), start);
  return (block.kind === 'map' ? /^( *)$/ : /^( *)- +$/).exec(prefix)?.[1]?.length;
}

/** The end of the last line; -1 where blanks or comments follow, which may be part of what is before them. */
function lastEnd(block: Block, text: string): number {
  const end = text.indexOf('\n', block.range.end) + 1;
  if (end === 0) return -1;
  return end === text.length || /^[ ]*[^\s#]/.test(text.slice(end, end + 1_000)) ? end : -1;
}

function childOf({ block, index }: Piece): SyntaxNode | undefined {
  return block.kind === 'map' ? block.entries[index]?.value : block.items[index];
}

/** The new value of the piece, its places counted from the beginning of the piece. */
function parsePiece(piece: Piece, before: string, after: string, change: Change): SyntaxNode | undefined {
  const { block, index, indent, range } = piece;
  const text = after.slice(range.start, range.end + change.delta);
  if (commentLike.test(text) || commentLike.test(before.slice(range.start, range.end))) return undefined;
  if (!text.endsWith('\n') || !isOnePiece(text, indent)) return undefined;
  const { root, problems } = parseYaml(text);
  if (problems.length > 0) return undefined;
  if (block.kind === 'list')
    return root?.kind === 'list' && !root.flow && root.items.length === 1 ? root.items[0] : undefined;
  if (root?.kind !== 'map' || root.flow || root.merged.length > 0 || root.entries.length !== 1)
    return undefined;
  // Another key may be one that is there already, and changes where its value begins.
  const [now, was] = [root.entries[0], block.entries[index]];
  if (now === undefined || was === undefined || now.key !== was.key) return undefined;
  return now.keyRange.end === was.keyRange.end - range.start ? now.value : undefined;
}

/** Whether the first line is indented by so much, and all others by more. */
function isOnePiece(text: string, indent: number): boolean {
  const [first = '', ...more] = text.split('\n');
  const deeper = new RegExp(`^(?: {${indent + 1},}[^\\s]| *\\r?$)`);
  return /^ *(?=[^\s])/.exec(first)?.[0].length === indent && more.every((line) => deeper.test(line));
}

/** Where what the piece ended ends now, and how far everything behind it moved. */
interface Ends {
  readonly before: number;
  readonly after: number;
  readonly delta: number;
}

/** Blocks end at the last character that is not blank. */
function endsOf({ range: { end } }: Piece, before: string, after: string, { delta }: Change): Ends {
  const lengthOf = (text: string) => text.trimEnd().length;
  return { before: lengthOf(before.slice(0, end)), after: lengthOf(after.slice(0, end + delta)), delta };
}

function withChild(block: Block, index: number, child: SyntaxNode, ends: Ends): SyntaxNode {
  const { start, end } = block.range;
  const range = { start, end: end <= ends.before ? ends.after : end + ends.delta };
  const later = (node: SyntaxNode) => shifted(node, ends.delta);
  if (block.kind === 'list') {
    const items = block.items.map((item, at) => (at < index ? item : at === index ? child : later(item)));
    return { ...block, range, items, value: items.map((item) => item.value) };
  }
  const entries = block.entries.map((entry, at) =>
    at < index ? entry : at === index ? { ...entry, value: child } : shiftedEntry(entry, ends.delta),
  );
  const key = block.entries[index]?.key ?? '';
  return { ...block, range, entries, value: { ...(block.value as object), [key]: child.value } };
}

function shiftedEntry({ key, keyRange, value }: Entry, by: number): Entry {
  return { key, keyRange: shiftedRange(keyRange, by), value: shifted(value, by) };
}

function shiftedRange({ start, end }: Range, by: number): Range {
  return { start: start + by, end: end + by };
}

function shifted(node: SyntaxNode, by: number): SyntaxNode {
  if (by === 0) return node;
  const range = shiftedRange(node.range, by);
  switch (node.kind) {
    case 'map':
      return {
        ...node,
        range,
        entries: node.entries.map((entry) => shiftedEntry(entry, by)),
        merged: node.merged.map((each) => shifted(each, by)),
      };
    case 'list':
      return { ...node, range, items: node.items.map((item) => shifted(item, by)) };
    default:
      return { ...node, range };
  }
}
