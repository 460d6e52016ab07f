import { Environment } from '@marcbachmann/cel-js';
import type { ASTNode } from '@marcbachmann/cel-js';
import { CelCompileError, formatIssues } from './errors.ts';

export type { ASTNode };

/** Reads expressions; what they mean is ours, because costs, integers of JSON and messages are. */
const reader = new Environment({
  unlistedVariablesAreDyn: true,
  enableOptionalTypes: true,
  limits: {
    maxAstNodes: 10_000,
    maxDepth: 100,
    maxListElements: 1_000,
    maxMapEntries: 1_000,
    maxCallArguments: 32,
  },
});

/** How the reader is told of what it has no syntax for. */
export const spelled = { message: '__message__', optional: '__optional__' } as const;

export interface Syntax {
  readonly root: ASTNode;
  /** Where in the expression as written a node's place is. */
  readonly offsetOf: (position: number) => number;
}

/** @throws CelCompileError */
export function read(expression: string): Syntax {
  const { text, offsetOf } = spell(expression);
  try {
    return { root: reader.parse(text).ast, offsetOf };
  } catch (cause) {
    const { message, summary, range } = cause as Error & { summary?: string; range?: { start: number } };
    const offset = offsetOf(range?.start ?? 0);
    const what = (summary ?? message).split('\n')[0] ?? '';
    const said = `Syntax error: ${what.slice(0, 1).toLowerCase()}${what.slice(1)}`;
    throw new CelCompileError(
      `compilation failed: ${formatIssues(expression, [{ offset, message: said }])}`,
      { cause },
    );
  }
}

interface Spelling {
  readonly text: string;
  readonly offsetOf: (position: number) => number;
}

/** One token; its groups tell white space and comments, names, and literal texts apart from marks. */
const token =
  /(\s+|\/\/[^\n]*)|((?![bB]?[rR]?['"]|[rR][bB]['"])[A-Za-z_]\w*)|((?:[bB]?[rR]|[rR][bB])(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"[^"\n]*"|'[^'\n]*')|[bB]?(?:"""(?:\\[\s\S]|[^\\])*?"""|'''(?:\\[\s\S]|[^\\])*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))|([\s\S])/gy;

interface Bracket {
  readonly kind: 'list' | 'index' | 'map' | 'message' | 'parenthesis';
  atEntry: boolean;
  /** A "?" stands before the entry: its end is still to be written. */
  isOptional: boolean;
}

/**
 * Messages such as `Object.spec{replicas: 3}` and optional entries such as `[?a]` and `{?k: v}` become calls,
 * which the reader understands. Everything else stays as it is.
 */
function spell(expression: string): Spelling {
  if (!/\w\s*\{|[[{,]\s*\?/.test(expression)) return { text: expression, offsetOf: (position) => position };
  const pieces: { text: string; readonly offset: number }[] = [];
  const brackets: Bracket[] = [];
  /** Pieces of the dotted name that has just ended, and what ended it. */
  let name: number[] = [];
  let last = '';
  const write = (text: string, offset: number) => pieces.push({ text, offset });
  for (const match of expression.matchAll(token)) {
    const [text, space, word, literal] = match;
    const offset = match.index;
    const top = brackets.at(-1);
    if (space !== undefined) {
      write(text, offset);
      continue;
    }
    const startsEntry = top?.atEntry === true;
    if (top !== undefined) top.atEntry = false;
    if (word !== undefined) {
      const isField = startsEntry && top?.kind === 'message';
      write(isField ? `"${text}"` : text, offset);
      name = word === 'in' ? [] : last === '.' ? [...name, pieces.length - 1] : [pieces.length - 1];
    } else if (literal !== undefined) {
      write(text, offset);
    } else if (
      text === '?' &&
      startsEntry &&
      top !== undefined &&
      top.kind !== 'index' &&
      top.kind !== 'parenthesis'
    ) {
      write(`${spelled.optional}(`, offset);
      top.isOptional = true;
      top.atEntry = top.kind === 'message';
      last = text;
      continue;
    } else {
      mark(text, offset);
    }
    if (word === undefined && text !== '.') name = [];
    last = word === 'in' ? 'in' : literal === undefined ? (word === undefined ? text : 'word') : 'literal';
  }
  return {
    text: pieces.map((piece) => piece.text).join(''),
    offsetOf: (position) => originOf(pieces, position),
  };

  function mark(text: string, offset: number): void {
    const top = brackets.at(-1);
    switch (text) {
      case '{': {
        const isMessage = last === 'word' && name.length > 0;
        if (isMessage) {
          for (const index of name.slice(0, 1))
            (pieces[index] as { text: string }).text = `${spelled.message}("${pieces[index]?.text}`;
          write('", {', offset);
        } else write(text, offset);
        brackets.push({ kind: isMessage ? 'message' : 'map', atEntry: true, isOptional: false });
        return;
      }
      case '[': {
        const isIndex = ['word', 'literal', ')', ']', '}'].includes(last);
        write(text, offset);
        brackets.push({ kind: isIndex ? 'index' : 'list', atEntry: true, isOptional: false });
        return;
      }
      case '(':
        write(text, offset);
        brackets.push({ kind: 'parenthesis', atEntry: false, isOptional: false });
        return;
      case ',':
      case ':':
        if (top?.isOptional === true && (text === ',') === (top.kind === 'list')) {
          write(')', offset);
          top.isOptional = false;
        }
        write(text, offset);
        if (top !== undefined && text === ',') top.atEntry = true;
        return;
      case ')':
      case ']':
      case '}':
        if (top?.isOptional === true) write(')', offset);
        write(top?.kind === 'message' ? '})' : text, offset);
        brackets.pop();
        return;
      default:
        write(text, offset);
    }
  }
}

function originOf(
  pieces: readonly { readonly text: string; readonly offset: number }[],
  position: number,
): number {
  let start = 0;
  for (const { text, offset } of pieces) {
    if (position < start + text.length)
      return text.startsWith('__') ? offset : offset + Math.min(position - start, text.length - 1);
    start += text.length;
  }
  return (pieces.at(-1)?.offset ?? 0) + (pieces.at(-1)?.text.length ?? 0);
}
