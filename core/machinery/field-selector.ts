import { SelectorError } from './selector-lexer.ts';

export interface FieldRequirement {
  /** Such as "metadata.name". Which fields a kind supports is the kind's affair. */
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/** A field selector, immutable: the conjunction of its requirements (apimachinery/pkg/fields). */
export class FieldSelector {
  static readonly everything = new FieldSelector([]);

  readonly requirements: readonly FieldRequirement[];

  constructor(requirements: readonly FieldRequirement[]) {
    this.requirements = requirements;
  }

  get isEverything(): boolean {
    return this.requirements.length === 0;
  }

  /** @param valueOf the value of a field of the object; absent counts as "" */
  matches(valueOf: (field: string) => string | undefined): boolean {
    return this.requirements.every(
      ({ field, operator, value }) => (operator === '=') === ((valueOf(field) ?? '') === value),
    );
  }

  /** The value the field must have, when the selector demands one: the way into an index. */
  exactValue(field: string): string | undefined {
    return this.requirements.find((one) => one.field === field && one.operator === '=')?.value;
  }

  /** In the syntax that `parseFieldSelector` reads. */
  toString(): string {
    return this.requirements
      .map(({ field, operator, value }) => `${field}${operator}${escapeFieldValue(value)}`)
      .join(',');
  }
}

/**
 * Reads "metadata.name=a,status.phase!=Running"; in values `\,`, `\=` and `\\` stand for the second character.
 * Empty terms are skipped, as upstream.
 * @throws SelectorError with the position
 */
export function parseFieldSelector(text: string): FieldSelector {
  const requirements: FieldRequirement[] = [];
  for (const { term, position } of splitTerms(text)) {
    if (term !== '') requirements.push(parseTerm(term, position));
  }
  return requirements.length === 0 ? FieldSelector.everything : new FieldSelector(requirements);
}

export function escapeFieldValue(value: string): string {
  return value.replace(/[\\,=]/g, (char) => `\\${char}`);
}

function splitTerms(text: string): { term: string; position: number }[] {
  const terms: { term: string; position: number }[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === ',') {
      terms.push({ term: text.slice(start, at), position: start });
      start = at + 1;
    }
  }
  terms.push({ term: text.slice(start), position: start });
  return terms;
}

function parseTerm(term: string, position: number): FieldRequirement {
  for (let at = 0; at < term.length; at++) {
    const operator = term.startsWith('!=', at)
      ? '!='
      : term.startsWith('==', at)
        ? '=='
        : term[at] === '='
          ? '='
          : '';
    if (operator === '') continue;
    const field = term.slice(0, at);
    const value = unescapeFieldValue(term.slice(at + operator.length), position + at + operator.length);
    return { field, operator: operator === '!=' ? '!=' : '=', value };
  }
  throw new SelectorError(`Cannot parse field selector: can't understand ${JSON.stringify(term)}`, position);
}

function unescapeFieldValue(text: string, position: number): string {
  let value = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string;
    if (char === '\\') {
      const escaped = text[++at];
      if (escaped !== '\\' && escaped !== ',' && escaped !== '=') {
        throw new SelectorError(
          `Cannot parse field selector: invalid escape sequence in ${JSON.stringify(text)}`,
          position + at - 1,
        );
      }
      value += escaped;
    } else if (char === '=') {
      throw new SelectorError(
        `Cannot parse field selector: unescaped '=' in ${JSON.stringify(text)}`,
        position + at,
      );
    } else {
      value += char;
    }
  }
  return value;
}
