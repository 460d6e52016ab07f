import { isObject, type JsonObject } from './json.ts';
import { labelKeyProblems, labelValueProblems } from './names.ts';
import { SelectorError, tokenizeLabelSelector, type Token } from './selector-lexer.ts';

export { SelectorError } from './selector-lexer.ts';

export type LabelOperator = '=' | '!=' | 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt';

/** One condition; a selector is the conjunction of its requirements. */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  /** Sorted, without repetition: one for =, !=, gt and lt, none for exists and !. */
  readonly values: readonly string[];
}

/** The labels of an object. Values that are no strings match nothing. */
export type Labels = Readonly<Record<string, unknown>>;

/**
 * A label selector, immutable (apimachinery/pkg/labels). An absent key satisfies != and notin.
 */
export class LabelSelector {
  /** Matches every object: the empty selector. */
  static readonly everything = new LabelSelector([], true);
  /** Matches no object: what an absent selector means in most specs. */
  static readonly nothing = new LabelSelector([], false);

  /** Sorted by key. Empty for both `everything` and `nothing`. */
  readonly requirements: readonly LabelRequirement[];
  /** False for `nothing` only. */
  readonly selectsAny: boolean;

  private constructor(requirements: readonly LabelRequirement[], selectsAny: boolean) {
    this.requirements = requirements;
    this.selectsAny = selectsAny;
  }

  /** @throws SelectorError when a requirement breaks a rule of keys, values or operators */
  static of(requirements: readonly LabelRequirement[]): LabelSelector {
    if (requirements.length === 0) return LabelSelector.everything;
    const checked = requirements.map((requirement) => checkRequirement(requirement));
    return new LabelSelector(
      checked.sort((a, b) => compare(a.key, b.key)),
      true,
    );
  }

  get isEverything(): boolean {
    return this.selectsAny && this.requirements.length === 0;
  }

  matches(labels: Labels | undefined): boolean {
    if (!this.selectsAny) return false;
    for (const requirement of this.requirements) if (!matchesRequirement(requirement, labels)) return false;
    return true;
  }

  /** The single value the label must have, when the selector demands one: the way into an index. */
  exactValue(key: string): string | undefined {
    const found = this.requirements.find(
      ({ key: other, operator, values }) =>
        other === key && (operator === '=' || operator === 'in') && values.length === 1,
    );
    return found?.values[0];
  }

  /** One label that all it takes have, with one of these values; undefined where it names no such. */
  get demand(): { readonly key: string; readonly values: readonly string[] } | undefined {
    const one = this.requirements.find(({ operator }) => operator === '=');
    return one ?? this.requirements.find(({ operator }) => operator === 'in');
  }

  /** In the syntax that `parseLabelSelector` reads; "" for `everything` and for `nothing`, as upstream. */
  toString(): string {
    return this.requirements.map(formatRequirement).join(',');
  }
}

/**
 * Reads "a=b,c!=d,e in (f,g),h notin (i),j,!k,l>5,m<6".
 * @throws SelectorError with the position
 */
export function parseLabelSelector(text: string): LabelSelector {
  const tokens = tokenizeLabelSelector(text);
  const parser = new Parser(tokens);
  const requirements = parser.parseSelector();
  return LabelSelector.of(requirements);
}

/** The selector that demands exactly these labels; the empty set selects everything. */
export function selectorFromLabels(labels: Labels): LabelSelector {
  return LabelSelector.of(
    Object.entries(labels).map(([key, value]) => ({ key, operator: '=', values: [String(value)] })),
  );
}

const objectOperators: Readonly<Record<string, LabelOperator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
  // Only node selectors have these two.
  Gt: 'gt',
  Lt: 'lt',
};

/**
 * Reads the API's LabelSelector (matchLabels, matchExpressions). Absent selects nothing, empty selects
 * everything (metav1.LabelSelectorAsSelector).
 * @throws SelectorError
 */
export function selectorFromObject(selector: unknown): LabelSelector {
  if (selector === undefined || selector === null) return LabelSelector.nothing;
  if (!isObject(selector)) throw new SelectorError('Cannot read label selector: it is not an object');
  const { matchLabels, matchExpressions } = selector;
  const requirements: LabelRequirement[] = [];
  if (isObject(matchLabels)) requirements.push(...selectorFromLabels(matchLabels).requirements);
  if (Array.isArray(matchExpressions)) {
    for (const expression of matchExpressions as readonly JsonObject[]) {
      const requirement = requirementFromObject(expression);
      if (requirement.operator === 'gt' || requirement.operator === 'lt')
        throw notAnOperator(expression.operator);
      requirements.push(requirement);
    }
  }
  return LabelSelector.of(requirements);
}

/** Reads one of a selector's matchExpressions, or of a node selector's, which also know Gt and Lt. @throws SelectorError */
export function requirementFromObject(expression: unknown): LabelRequirement {
  const { key, operator, values = [] } = isObject(expression) ? expression : ({} as JsonObject);
  const known = typeof operator === 'string' && Object.hasOwn(objectOperators, operator);
  if (!known) throw notAnOperator(operator);
  if (typeof key !== 'string')
    throw new SelectorError('Cannot read label selector: an expression has no key');
  return checkRequirement({
    key,
    operator: objectOperators[operator] as LabelOperator,
    values: Array.isArray(values) ? values.map(String) : [],
  });
}

export function matchesRequirement(requirement: LabelRequirement, labels: Labels | undefined): boolean {
  const { key, operator, values } = requirement;
  const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
  const present = typeof value === 'string';
  switch (operator) {
    case '=':
      return value === values[0];
    case 'in':
      return present && values.includes(value);
    case '!=':
      return value !== values[0];
    case 'notin':
      return !present || !values.includes(value);
    case 'exists':
      return present;
    case '!':
      return !present;
    case 'gt':
      return present && isInteger(value) && BigInt(value) > BigInt(values[0] as string);
    case 'lt':
      return present && isInteger(value) && BigInt(value) < BigInt(values[0] as string);
  }
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parseSelector(): LabelRequirement[] {
    const requirements: LabelRequirement[] = [];
    if (this.#peek().kind === 'end') return requirements;
    for (;;) {
      requirements.push(this.#parseRequirement());
      const separator = this.#take();
      if (separator.kind === 'end') return requirements;
      if (separator.text !== ',') throw unexpected(separator, "',' or 'end of string'");
    }
  }

  #parseRequirement(): LabelRequirement {
    const start = this.#take();
    const absent = start.text === '!';
    const key = absent ? this.#take() : start;
    if (key.kind !== 'word') throw unexpected(key, absent ? 'identifier' : '!, identifier');
    checkKey(key.text, key.position);
    const endsHere = this.#peek().kind === 'end' || this.#peek().text === ',';
    if (absent || endsHere) return { key: key.text, operator: absent ? '!' : 'exists', values: [] };
    const requirement = this.#parseCondition(key.text);
    return checkRequirement(requirement, key.position);
  }

  #parseCondition(key: string): LabelRequirement {
    const operator = this.#take();
    switch (operator.text) {
      case '=':
      case '==':
        return { key, operator: '=', values: [this.#parseValue()] };
      case '!=':
        return { key, operator: '!=', values: [this.#parseValue()] };
      case '>':
        return { key, operator: 'gt', values: [this.#parseValue()] };
      case '<':
        return { key, operator: 'lt', values: [this.#parseValue()] };
      case 'in':
      case 'notin':
        return { key, operator: operator.text, values: this.#parseValues() };
      default:
        throw unexpected(operator, 'in, notin, =, ==, !=, gt, lt');
    }
  }

  /** Nothing between two separators is the empty value. */
  #parseValue(): string {
    const token = this.#peek();
    if (token.kind === 'end' || token.text === ',') return '';
    if (token.kind !== 'word') throw unexpected(token, 'identifier');
    return this.#take().text;
  }

  #parseValues(): string[] {
    const open = this.#take();
    if (open.text !== '(') throw unexpected(open, "'('");
    const values: string[] = [];
    for (;;) {
      values.push(this.#peek().kind === 'word' ? this.#take().text : '');
      const separator = this.#take();
      if (separator.text === ')') return values;
      if (separator.text !== ',') throw unexpected(separator, "',' or ')'");
    }
  }

  #peek(): Token {
    return this.#tokens[this.#next] as Token;
  }

  /** The last token is the end and is never passed. */
  #take(): Token {
    const token = this.#peek();
    if (token.kind !== 'end') this.#next++;
    return token;
  }
}

function notAnOperator(operator: unknown): SelectorError {
  return new SelectorError(
    `Cannot read label selector: ${quote(operator)} is not a valid label selector operator`,
  );
}

function unexpected(token: Token, expected: string): SelectorError {
  return new SelectorError(
    `Cannot parse label selector: found '${token.text}', expected: ${expected}`,
    token.position,
  );
}

function checkKey(key: string, position?: number): void {
  const problems = labelKeyProblems(key);
  if (problems.length === 0) return;
  throw new SelectorError(`Cannot read label selector: key ${quote(key)}: ${problems.join('; ')}`, position);
}

function checkRequirement(requirement: LabelRequirement, position?: number): LabelRequirement {
  const { key, operator } = requirement;
  checkKey(key, position);
  const values = [...new Set(requirement.values)].sort(compare);
  const refuse = (text: string) =>
    new SelectorError(`Cannot read label selector: key ${quote(key)}: ${text}`, position);
  switch (operator) {
    case 'in':
    case 'notin':
      if (values.length === 0) throw refuse("for 'in', 'notin' operators, values set can't be empty");
      break;
    case 'exists':
    case '!':
      if (values.length > 0) throw refuse('values set must be empty for exists and does not exist');
      break;
    case 'gt':
    case 'lt':
      if (values.length !== 1) throw refuse("for 'Gt', 'Lt' operators, exactly one value is required");
      if (!isInteger(values[0])) throw refuse("for 'Gt', 'Lt' operators, the value must be an integer");
      break;
    default:
      if (values.length !== 1) throw refuse('exact-match compatibility requires one single value');
  }
  for (const value of values) {
    const problems = labelValueProblems(value);
    if (problems.length > 0) throw refuse(`value ${quote(value)}: ${problems.join('; ')}`);
  }
  return { key, operator, values };
}

function formatRequirement({ key, operator, values }: LabelRequirement): string {
  switch (operator) {
    case 'exists':
      return key;
    case '!':
      return `!${key}`;
    case 'in':
    case 'notin':
      return `${key} ${operator} (${values.join(',')})`;
    case 'gt':
      return `${key}>${values[0]}`;
    case 'lt':
      return `${key}<${values[0]}`;
    default:
      return `${key}${operator}${values[0]}`;
  }
}

function isInteger(text: string | undefined): text is string {
  return text !== undefined && /^[+-]?\d{1,19}$/.test(text);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function quote(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}
