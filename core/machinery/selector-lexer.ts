/** A selector that cannot be read or that breaks a rule. */
export class SelectorError extends Error {
  override readonly name = 'SelectorError';
  /** Where in the text, counted from 0; undefined for selectors given as objects. */
  readonly position: number | undefined;

  constructor(message: string, position?: number) {
    super(position === undefined ? message : `${message} (at position ${position})`);
    this.position = position;
  }
}

/** A symbol, a word (key, value, or the operators "in" and "notin"), or the end. */
export interface Token {
  readonly kind: 'symbol' | 'word' | 'end';
  readonly text: string;
  readonly position: number;
}

const tokenPattern = /[ \t\r\n]*(?:(==|!=|[=!(),<>])|([^ \t\r\n=!(),<>]+)|$)/y;

/** Splits a label selector into tokens; the last is the end. Linear in the length of the text. */
export function tokenizeLabelSelector(text: string): Token[] {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  for (;;) {
    const [whole, symbol, word] = tokenPattern.exec(text) as RegExpExecArray;
    const token = symbol ?? word ?? '';
    const position = tokens.length === 0 && whole === '' ? 0 : tokenPattern.lastIndex - token.length;
    if (token === '') {
      tokens.push({ kind: 'end', text: '', position: text.length });
      return tokens;
    }
    tokens.push({ kind: symbol === undefined ? 'word' : 'symbol', text: token, position });
  }
}
