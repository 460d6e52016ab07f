import type { MapNode, Range, SyntaxNode } from '../syntax/nodes.ts';
import type { ParsedDocument } from '../syntax/parse-document.ts';
import type { Path } from '../syntax/paths.ts';

/** What somebody is about to write. */
export interface Cursor {
  /** A member's name, or a value. */
  readonly position: 'key' | 'value';
  /** Of the map that gets the member, or of the value. */
  readonly path: Path;
  /** The word that is there already. */
  readonly word: string;
  readonly replace: Range;
  /** A colon follows: only the name is to be written. */
  readonly hasColon: boolean;
  /** Within `{…}` or `[…]`, where lines do not matter. */
  readonly flow: boolean;
  /** Columns before the word in its line. */
  readonly column: number;
  /** Names that the map has besides; empty for values. */
  readonly siblings: ReadonlySet<string>;
  /** The document with a mark in place of the word, as it could be parsed. */
  readonly root: SyntaxNode;
}

/** Stands for what is to be written; no word that anybody would. */
const mark = 'wheelhouseQcursor';

/**
 * Finds out what an offset is in, by parsing the document with a word put there: then the parser says what that word
 * is, whatever the style around it. Undefined within comments and in the middle of text.
 */
export function cursorAt(
  text: string,
  offset: number,
  parse: (text: string) => ParsedDocument,
): Cursor | undefined {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const before = text.slice(lineStart, offset);
  if (/(^|\s)#/.test(before)) return undefined;
  const start = offset - (/[\w./%-]*$/.exec(before)?.[0].length ?? 0);
  const end = offset + (/^[\w./%-]*/.exec(text.slice(offset, offset + 256))?.[0].length ?? 0);
  const after = /^[^\r\n]*/.exec(text.slice(end))?.[0] ?? '';
  const hasColon = /^["']?[ \t]*:([ \t]|$)/.test(after);
  const opensLine = /^[ \t]*(- +)*$/.test(text.slice(lineStart, start));
  const written = opensLine && !hasColon ? `${mark}:` : mark;
  const { root } = parse(`${text.slice(0, start)}${written}${text.slice(end)}`);
  const found = root === undefined ? undefined : find(root, [], false);
  if (root === undefined || found === undefined) return undefined;
  const { map } = found;
  return {
    position: found.position,
    path: found.path,
    word: text.slice(start, end),
    replace: { start, end },
    hasColon,
    flow: found.flow,
    column: start - lineStart,
    siblings: new Set((map?.entries ?? []).map(({ key }) => key).filter((key) => key !== mark)),
    root,
  };
}

interface Found {
  readonly position: Cursor['position'];
  readonly path: Path;
  readonly flow: boolean;
  readonly map?: MapNode;
}

function find(node: SyntaxNode, path: Path, flow: boolean): Found | undefined {
  switch (node.kind) {
    case 'scalar':
      return node.text === mark ? { position: 'value', path, flow } : undefined;
    case 'list':
      for (const [index, item] of node.items.entries()) {
        const found = find(item, [...path, index], flow || node.flow);
        if (found !== undefined) return found;
      }
      return undefined;
    case 'map':
      for (const { key, value } of node.entries) {
        if (key === mark) return { position: 'key', path, flow: flow || node.flow, map: node };
        const found = find(value, [...path, key], flow || node.flow);
        if (found !== undefined) return found;
      }
      return undefined;
    default:
      return undefined;
  }
}
