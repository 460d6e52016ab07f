import { isObject } from '../../machinery/json.ts';

/** A path that cannot be read. */
export class JsonPathError extends Error {
  override readonly name = 'JsonPathError';
}

type Step =
  | { readonly kind: 'member'; readonly name: string }
  | { readonly kind: 'all' }
  | { readonly kind: 'descend' }
  | {
      readonly kind: 'slice';
      readonly start: number | undefined;
      readonly end: number | undefined;
      readonly step: number;
    }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'union'; readonly names: readonly string[] }
  | { readonly kind: 'filter'; readonly filter: Filter };

interface Filter {
  readonly path: JsonPath;
  readonly operator: '==' | '!=' | '<' | '<=' | '>' | '>=' | 'exists';
  readonly value: unknown;
}

/** Values looked at for one answer: a path such as "..x" visits everything there is. */
const maxVisited = 100_000;

/**
 * A JSONPath as kubectl and printer columns have them: ".spec.replicas", ".items[0].name", ".metadata['a.b']",
 * `.status.conditions[?(@.type=="Ready")].status`, "..name" (client-go/util/jsonpath, without its templates).
 */
export class JsonPath {
  readonly #steps: readonly Step[];

  private constructor(steps: readonly Step[]) {
    this.#steps = steps;
  }

  /** @throws JsonPathError */
  static parse(text: string): JsonPath {
    if (text.length > 1_024) throw new JsonPathError(`Cannot read a path of ${text.length} characters`);
    return new JsonPath(new Parser(text).steps());
  }

  /** Everything the path leads to; nothing where members are missing. */
  find(value: unknown): unknown[] {
    let found: unknown[] = [value];
    let visited = 0;
    for (const step of this.#steps) {
      const next: unknown[] = [];
      for (const each of found) {
        follow(step, each, next);
        visited += 1;
        if (visited + next.length > maxVisited) return [];
      }
      found = next;
    }
    return found;
  }
}

function follow(step: Step, value: unknown, into: unknown[]): void {
  switch (step.kind) {
    case 'member':
      if (isObject(value) && Object.hasOwn(value, step.name)) into.push(value[step.name]);
      return;
    case 'union':
      for (const name of step.names)
        if (isObject(value) && Object.hasOwn(value, name)) into.push(value[name]);
      return;
    case 'all':
      if (Array.isArray(value)) for (const item of value) into.push(item);
      else if (isObject(value)) into.push(...Object.values(value));
      return;
    case 'descend':
      descend(value, into);
      return;
    case 'index':
      if (Array.isArray(value)) {
        const item: unknown = value.at(step.index);
        if (item !== undefined) into.push(item);
      }
      return;
    case 'slice':
      if (Array.isArray(value))
        value.slice(step.start, step.end).forEach((item: unknown, index) => {
          if (index % step.step === 0) into.push(item);
        });
      return;
    case 'filter':
      if (Array.isArray(value)) for (const item of value) if (passes(step.filter, item)) into.push(item);
  }
}

function descend(value: unknown, into: unknown[]): void {
  const waiting = [value];
  for (let next = waiting.pop(); next !== undefined && into.length < maxVisited; next = waiting.pop()) {
    into.push(next);
    if (typeof next === 'object' && next !== null)
      for (const member of Object.values(next).toReversed())
        if (typeof member === 'object' && member !== null) waiting.push(member);
  }
}

function passes({ path, operator, value }: Filter, item: unknown): boolean {
  const [found] = path.find(item);
  if (operator === 'exists') return found !== undefined;
  if (operator === '==') return found === value;
  if (operator === '!=') return found !== value;
  if (typeof found !== typeof value || (typeof found !== 'number' && typeof found !== 'string')) return false;
  const other = value as typeof found;
  switch (operator) {
    case '<':
      return found < other;
    case '<=':
      return found <= other;
    case '>':
      return found > other;
    case '>=':
      return found >= other;
  }
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  steps(): Step[] {
    const steps: Step[] = [];
    if (this.#text[0] === '$' || this.#text[0] === '@') this.#at = 1;
    while (this.#at < this.#text.length) steps.push(...this.#step());
    return steps;
  }

  #step(): Step[] {
    const at = this.#at;
    if (this.#text.startsWith('..', at)) {
      this.#at += 2;
      if (this.#at === this.#text.length) throw this.#error('nothing follows ".."');
      return this.#text[this.#at] === '[' ? [{ kind: 'descend' }] : [{ kind: 'descend' }, this.#name()];
    }
    if (this.#text[at] === '[') return [this.#bracket()];
    if (this.#text[at] !== '.') throw this.#error(`"." or "[" expected at ${at}`);
    this.#at++;
    // A path of just "." is the object itself; "." before "[" says nothing.
    if (this.#at === this.#text.length || this.#text[this.#at] === '[') return [];
    return [this.#name()];
  }

  #name(): Step {
    let name = '';
    for (; this.#at < this.#text.length; this.#at++) {
      const character = this.#text[this.#at] as string;
      if (character === '.' || character === '[') break;
      if (character === '\\' && this.#at + 1 < this.#text.length) {
        this.#at++;
        name += this.#text[this.#at] as string;
      } else name += character;
    }
    if (name === '') throw this.#error(`a name expected at ${this.#at}`);
    return name === '*' ? { kind: 'all' } : { kind: 'member', name };
  }

  #bracket(): Step {
    const end = this.#closing(this.#at);
    const inner = this.#text.slice(this.#at + 1, end).trim();
    this.#at = end + 1;
    if (inner === '*') return { kind: 'all' };
    if (inner.startsWith('?(') && inner.endsWith(')'))
      return { kind: 'filter', filter: filterOf(inner.slice(2, -1)) };
    if (/^-?\d{1,9}$/.test(inner)) return { kind: 'index', index: Number(inner) };
    const slice = /^(-?\d{1,9})?:(-?\d{1,9})?(?::(\d{1,9}))?$/.exec(inner);
    if (slice !== null) {
      const [, start, until, step = '1'] = slice;
      return {
        kind: 'slice',
        start: start === undefined ? undefined : Number(start),
        end: until === undefined ? undefined : Number(until),
        step: Math.max(1, Number(step)),
      };
    }
    const names = [...inner.matchAll(/\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*(?:,|$)/gy)].map(
      (match) => (match[1] ?? match[2] ?? '').replaceAll(/\\(.)/g, '$1'),
    );
    if (names.length === 0) throw this.#error(`"[${inner}]" is not understood`);
    const [name = ''] = names;
    return names.length === 1 ? { kind: 'member', name } : { kind: 'union', names };
  }

  /** The bracket that closes the one at `start`, quotes and inner brackets passed over. */
  #closing(start: number): number {
    let depth = 0;
    let quote: string | undefined;
    for (let at = start; at < this.#text.length; at++) {
      const character = this.#text[at] as string;
      if (quote !== undefined) {
        if (character === '\\') at++;
        else if (character === quote) quote = undefined;
      } else if (character === "'" || character === '"') quote = character;
      else if (character === '[') depth++;
      else if (character === ']' && --depth === 0) return at;
    }
    throw this.#error('unterminated "["');
  }

  #error(why: string): JsonPathError {
    return new JsonPathError(`Cannot read the path ${JSON.stringify(this.#text)}: ${why}`);
  }
}

function filterOf(text: string): Filter {
  const match = /^(.*?[^=!<>])\s*(==|!=|<=|>=|<|>)\s*([^=].*)$/s.exec(text.trim());
  const [, left = '', operator, right = ''] = match ?? [];
  if (match === null && /[=<>!]/.test(text))
    throw new JsonPathError(`Cannot read the filter ${JSON.stringify(text)}`);
  if (match === null || operator === undefined)
    return { path: JsonPath.parse(text.trim()), operator: 'exists', value: undefined };
  return {
    path: JsonPath.parse(left.trim()),
    operator: operator as Filter['operator'],
    value: literal(right.trim()),
  };
}

function literal(text: string): unknown {
  const quoted = /^'(.*)'$|^"(.*)"$/s.exec(text);
  if (quoted !== null) return (quoted[1] ?? quoted[2] ?? '').replaceAll(/\\(.)/g, '$1');
  if (text === 'true' || text === 'false') return text === 'true';
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new JsonPathError(`Cannot read the value ${JSON.stringify(text)} of a filter`);
}
