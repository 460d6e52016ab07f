import { JsonPath, JsonPathError } from '../api/custom/json-path.ts';
import { canonicalStringify } from '../machinery/json.ts';

type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'path'; readonly path: JsonPath; readonly fromRoot: boolean }
  | {
      readonly kind: 'range';
      readonly path: JsonPath;
      readonly fromRoot: boolean;
      readonly body: readonly Part[];
    };

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '0': '\0' };

/**
 * What kubectl's `-o jsonpath=…` takes: text with paths in braces, quoted text, and `{range PATH}…{end}`, as
 * `{range .items[*]}{.metadata.name}{"\n"}{end}` (client-go/util/jsonpath). Members that are missing give nothing.
 */
export class JsonPathTemplate {
  readonly #parts: readonly Part[];

  private constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  /** @throws JsonPathError */
  static parse(text: string): JsonPathTemplate {
    return new JsonPathTemplate(new TemplateParser(text).parse());
  }

  /** The values of a path are separated by blanks; objects and lists are JSON. */
  render(value: unknown): string {
    return renderParts(this.#parts, value, value);
  }

  /** All values that the paths lead to, for `-o jsonpath-as-json=…`. */
  values(value: unknown): unknown[] {
    return valuesOf(this.#parts, value, value);
  }
}

function renderParts(parts: readonly Part[], root: unknown, current: unknown): string {
  return parts
    .map((part) => {
      if (part.kind === 'text') return part.text;
      const found = part.path.find(part.fromRoot ? root : current);
      if (part.kind === 'path') return found.map(textOf).join(' ');
      return found.map((item) => renderParts(part.body, root, item)).join('');
    })
    .join('');
}

function valuesOf(parts: readonly Part[], root: unknown, current: unknown): unknown[] {
  return parts.flatMap((part) => {
    if (part.kind === 'text') return [];
    const found = part.path.find(part.fromRoot ? root : current);
    return part.kind === 'path' ? found : found.flatMap((item) => valuesOf(part.body, root, item));
  });
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  // As kubectl's: members in the order of their names.
  return value === null ? '' : canonicalStringify(value);
}

class TemplateParser {
  readonly #text: string;
  #at = 0;
  /** Of the ranges that are open. */
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Part[] {
    return this.#parts();
  }

  /** Up to the end of the text, or of the range that is open. */
  #parts(): Part[] {
    const parts: Part[] = [];
    const depth = this.#depth;
    while (this.#at < this.#text.length) {
      const open = this.#text.indexOf('{', this.#at);
      const end = open < 0 ? this.#text.length : open;
      if (end > this.#at) parts.push({ kind: 'text', text: this.#text.slice(this.#at, end) });
      this.#at = end;
      if (open < 0) break;
      const close = this.#closing(open);
      const actions = actionsOf(this.#text.slice(open + 1, close));
      this.#at = close + 1;
      for (const [index, action] of actions.entries()) {
        if (action === 'end') {
          if (depth === 0) throw this.#error('not in range, nothing to end');
          return parts;
        }
        if (action !== 'range') {
          parts.push(partOf(action));
          continue;
        }
        const [path] = actions.slice(index + 1);
        if (path === undefined || actions.length !== index + 2) throw this.#error('range needs one path');
        this.#depth = depth + 1;
        parts.push({ kind: 'range', ...pathOf(path), body: this.#parts() });
        this.#depth = depth;
        break;
      }
    }
    if (depth > 0) throw this.#error('unclosed range');
    return parts;
  }

  /** The brace that ends the action at `open`, those within quotes passed over. */
  #closing(open: number): number {
    let quote: string | undefined;
    for (let at = open + 1; at < this.#text.length; at++) {
      const character = this.#text[at] as string;
      if (quote !== undefined) {
        if (character === '\\') at++;
        else if (character === quote) quote = undefined;
      } else if (character === '"' || character === "'") quote = character;
      else if (character === '}') return at;
    }
    throw this.#error('unclosed action');
  }

  #error(why: string): JsonPathError {
    return new JsonPathError(`error parsing jsonpath ${this.#text}, ${why}`);
  }
}

/** The words of an action; blanks within brackets and quotes part none. */
function actionsOf(text: string): string[] {
  const actions: string[] = [];
  let word = '';
  let depth = 0;
  let quote: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string;
    if (quote === undefined && depth === 0 && /\s/.test(character)) {
      if (word !== '') actions.push(word);
      word = '';
      continue;
    }
    word += character;
    if (quote !== undefined) {
      if (character === '\\') word += text[++at] ?? '';
      else if (character === quote) quote = undefined;
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '[') depth++;
    else if (character === ']') depth--;
  }
  if (word !== '') actions.push(word);
  return actions;
}

function partOf(action: string): Part {
  const quoted = /^"(.*)"$|^'(.*)'$/s.exec(action);
  if (quoted === null) return { kind: 'path', ...pathOf(action) };
  const text = quoted[1] ?? quoted[2] ?? '';
  return {
    kind: 'text',
    text: text.replaceAll(/\\(.)/gs, (_, escaped: string) => escapes[escaped] ?? escaped),
  };
}

function pathOf(text: string): { readonly path: JsonPath; readonly fromRoot: boolean } {
  return { path: JsonPath.parse(text), fromRoot: text.startsWith('$') };
}
