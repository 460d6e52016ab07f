import { writeString } from '../../../core/machinery/yaml/write-string.ts';
import type { Entry, MapNode, ScalarNode, SyntaxNode } from '../syntax/nodes.ts';
import type { TextEdit } from '../checks/problem.ts';

/** Edits keep what people wrote: comments, order and quotes stay where they are. */

export function renameKey({ keyRange }: Entry, name: string): TextEdit {
  return { range: keyRange, text: writeScalar(name) };
}

/** Puts another text in the place of a scalar, in the quotes it has. */
export function replaceText(node: ScalarNode, text: string): TextEdit {
  if (node.style === 'double') return { range: node.range, text: JSON.stringify(text) };
  if (node.style === 'single') return { range: node.range, text: `'${text.replaceAll("'", "''")}'` };
  return { range: node.range, text: `${node.style === 'missing' ? ' ' : ''}${writeScalar(text)}` };
}

export function quote({ range, text }: ScalarNode): TextEdit {
  return { range, text: JSON.stringify(text) };
}

export function unquote({ range, text }: ScalarNode): TextEdit {
  return { range, text };
}

/** The entry with its lines, and the comma before or after it in flow style. */
export function removeEntry(text: string, map: MapNode, entry: Entry): TextEdit {
  const end = Math.max(entry.keyRange.end, entry.value.range.end);
  const index = map.entries.indexOf(entry);
  if (map.flow) {
    const next = map.entries[index + 1];
    if (next !== undefined)
      return { range: { start: entry.keyRange.start, end: next.keyRange.start }, text: '' };
    const before = map.entries[index - 1];
    const start = before === undefined ? entry.keyRange.start : before.value.range.end;
    return { range: { start, end: endOfFlowEntry(text, entry) }, text: '' };
  }
  const next = map.entries[index + 1];
  // Up to the next key of the map, so that what stands after a dash keeps its place.
  if (next !== undefined && !isFirstOnLine(text, entry.keyRange.start))
    return { range: { start: entry.keyRange.start, end: next.keyRange.start }, text: '' };
  const lineStart = isFirstOnLine(text, entry.keyRange.start)
    ? text.lastIndexOf('\n', entry.keyRange.start - 1) + 1
    : entry.keyRange.start;
  const line = text.indexOf('\n', Math.max(end, entry.keyRange.end + 1));
  return { range: { start: lineStart, end: line < 0 ? text.length : line + 1 }, text: '' };
}

/** A member written out, its first line at no indentation: `key: value` or `key:` with lines below. */
export type Lines = readonly string[];

/** Adds a member to a map at its end, indented as its other members are. */
export function addMember(text: string, map: MapNode, lines: Lines): TextEdit {
  const last = map.entries.at(-1);
  if (map.flow || last === undefined) {
    const inner = lines.map((line) => line.trim()).join(' ');
    if (last === undefined) return { range: map.range, text: `{${inner}}` };
    const at = Math.max(last.keyRange.end + 1, last.value.range.end);
    return { range: { start: at, end: at }, text: `, ${inner}` };
  }
  const first = map.entries[0] as Entry;
  const indent = ' '.repeat(columnOf(text, first.keyRange.start));
  const at = endOfContent(text, last);
  const newline = newlineOf(text);
  return { range: { start: at, end: at }, text: lines.map((line) => `${newline}${indent}${line}`).join('') };
}

/** Adds a member where a map is to be but is not yet: after `spec:` with nothing behind it. */
export function addFirstMember(text: string, entry: Entry, lines: Lines): TextEdit {
  const indent = ' '.repeat(columnOf(text, entry.keyRange.start) + 2);
  const colon = text.indexOf(':', entry.keyRange.end) + 1;
  const newline = newlineOf(text);
  const end = Math.max(colon, entry.value.range.end);
  return { range: { start: colon, end }, text: lines.map((line) => `${newline}${indent}${line}`).join('') };
}

/** Columns before an offset in its line. */
function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf('\n', offset - 1) + 1);
}

function newlineOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

/** A text as a plain scalar where that reads back the same, quoted otherwise. */
export function writeScalar(text: string): string {
  return text.includes('\n') ? JSON.stringify(text) : writeString(text, { indent: 0, column: 0, key: true });
}

/** Where the last line of an entry's value ends. */
function endOfContent(text: string, { keyRange, value }: Entry): number {
  const end = Math.max(value.range.end, keyRange.end);
  const line = text.indexOf('\n', isBlockScalar(value) ? end - 1 : end);
  const at = line < 0 ? text.length : line;
  return text[at - 1] === '\r' ? at - 1 : at;
}

function isBlockScalar(node: SyntaxNode): boolean {
  return node.kind === 'scalar' && node.style === 'block';
}

function endOfFlowEntry(text: string, { keyRange, value }: Entry): number {
  return Math.max(keyRange.end + (text[keyRange.end] === ':' ? 1 : 0), value.range.end);
}

function isFirstOnLine(text: string, offset: number): boolean {
  return /^[ \t]*$/.test(text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset));
}
