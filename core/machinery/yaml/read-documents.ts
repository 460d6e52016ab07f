import { Composer, isMap, isSeq, Lexer, Parser, type Document } from 'yaml';
import { duplicateKeys } from '../duplicate-keys.ts';
import { parseJson, parsePath } from '../json.ts';
import { isMergeKey, keyText, NodeConverter, NodeError, offsetOf } from './convert-nodes.ts';
import { splitJsonDocuments } from './json-documents.ts';
import { LineIndex, YamlError, type Position } from './yaml-error.ts';

export interface ReadOptions {
  /** What the text is called in errors: a file name, "standard input". */
  readonly source?: string;
  /** Characters of the text; 16 Mi unless given: bundles of custom resource definitions are large. */
  readonly maxLength?: number;
  /** Levels of nesting; 512 unless given, as for JSON. */
  readonly maxDepth?: number;
  /** Told of each key that its map has already, and where that one's value stands; then the last one counts. */
  readonly onDuplicateKey?: (key: string, position: Position) => void;
}

/** One document of a text. */
export interface ReadDocument extends Position {
  readonly value: unknown;
  /**
   * Where the value at the path stands: the key of a member, the start of an item. A path that leads nowhere
   * gives the place of what comes nearest on the way.
   * @param path as steps, or written as in `spec.containers[0].image`
   */
  positionOf(path: string | readonly (string | number)[]): Position;
}

/**
 * Reads YAML or JSON as kubectl does: several documents, empty ones left out, YAML 1.1 booleans and octals,
 * merge keys and aliases (bounded), duplicate keys refused unless somebody is told of them. Values may share parts: treat them as read-only.
 * @throws YamlError with source, line and column
 */
export function readDocuments(text: string, options: ReadOptions = {}): ReadDocument[] {
  const { source = 'YAML', maxLength = 16 * 1024 * 1024, maxDepth = 512, onDuplicateKey } = options;
  if (text.length > maxLength) {
    throw new YamlError(
      source,
      { line: 1, column: 1 },
      `it has ${text.length} characters, the limit is ${maxLength}`,
    );
  }
  const lines = new LineIndex(text);
  const documents: ReadDocument[] = [];
  for (const { start, end } of splitJsonDocuments(text) ?? [{ start: 0, end: text.length }]) {
    try {
      documents.push(...readPart(text.slice(start, end), { start, lines, maxDepth, onDuplicateKey }));
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      throw new YamlError(source, lines.positionAt(start + error.offset), error.message);
    }
  }
  return documents;
}

interface Part {
  /** Where the part begins in the text. */
  readonly start: number;
  readonly lines: LineIndex;
  readonly maxDepth: number;
  readonly onDuplicateKey: ReadOptions['onDuplicateKey'];
}

function readPart(text: string, part: Part): ReadDocument[] {
  const json = text.trimStart().startsWith('{') ? readJson(text, part) : undefined;
  if (json !== undefined) return [json];
  const documents: ReadDocument[] = [];
  const { start, lines, maxDepth, onDuplicateKey } = part;
  const onDuplicate =
    onDuplicateKey &&
    ((key: string, offset: number) => onDuplicateKey(key, lines.positionAt(start + offset)));
  for (const document of compose(text, maxDepth)) {
    const [error] = document.errors;
    if (error !== undefined) throw new NodeError(error.pos[0], error.message);
    const converter = new NodeConverter(maxDepth, onDuplicate);
    const value = converter.convert(document.contents);
    if (value !== null) documents.push(describe(value, part, () => ({ root: document.contents, converter })));
  }
  return documents;
}

/** JSON is YAML, but many times faster to parse as what it is. Anything odd is left to the YAML parser to report. */
function readJson(text: string, part: Part): ReadDocument | undefined {
  let value: unknown;
  try {
    value = parseJson(text, { maxBytes: text.length, maxDepth: part.maxDepth });
  } catch {
    return undefined;
  }
  if (duplicateKeys(text).length > 0) return undefined;
  return describe(value, part, () => {
    const [document] = compose(text, part.maxDepth);
    const converter = new NodeConverter(part.maxDepth);
    converter.convert(document?.contents);
    return { root: document?.contents, converter };
  });
}

function describe(value: unknown, { start, lines }: Part, parse: () => Parsed): ReadDocument {
  let parsed: Parsed | undefined;
  const positionOf = (path: string | readonly (string | number)[]): Position => {
    parsed ??= parse();
    return lines.positionAt(start + locate(parsed, typeof path === 'string' ? parsePath(path) : path));
  };
  return {
    value,
    positionOf,
    get line() {
      return positionOf([]).line;
    },
    get column() {
      return positionOf([]).column;
    },
  };
}

interface Parsed {
  readonly root: unknown;
  readonly converter: NodeConverter;
}

/**
 * Parses token by token, so that nesting is noticed while it is shallow: what builds the nodes is recursive.
 * @throws NodeError when it is nested too deep
 */
export function* compose(text: string, maxDepth: number): Generator<Document.Parsed> {
  const parser = new Parser();
  const composer = new Composer({
    // All scalars stay text, to be resolved as Go does; the library's check of keys is quadratic.
    schema: 'failsafe',
    resolveKnownTags: false,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) yield* composer.next(token);
    // A map within a list within a map is held as up to two tokens a level.
    if (parser.stack.length > 2 * maxDepth)
      throw new NodeError(parser.offset, `it is nested more than ${maxDepth} levels deep`);
  }
  for (const token of parser.end()) yield* composer.next(token);
  yield* composer.end(false, text.length);
}

function locate({ root, converter }: Parsed, path: readonly (string | number)[]): number {
  let node = root;
  let offset = offsetOf(root);
  for (const step of path) {
    const found = memberOf(node, step, converter);
    if (found === undefined) return offset;
    offset = offsetOf(found.at);
    node = found.node;
  }
  return offset;
}

function memberOf(
  given: unknown,
  step: string | number,
  converter: NodeConverter,
): { at: unknown; node: unknown } | undefined {
  const node = converter.follow(given);
  if (isSeq(node)) {
    const item = node.items[Number(step)];
    return item === undefined ? undefined : { at: item, node: item };
  }
  if (!isMap(node)) return undefined;
  const own = node.items.find(
    ({ key }) => !isMergeKey(key) && keyText(converter.follow(key)) === String(step),
  );
  if (own !== undefined) return { at: own.key, node: own.value };
  for (const { key, value } of node.items) {
    if (!isMergeKey(key)) continue;
    const merged = converter.follow(value);
    for (const source of isSeq(merged) ? merged.items : [merged]) {
      const found = memberOf(source, step, converter);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
