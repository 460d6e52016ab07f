/** Where a document begins and ends in a text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * The objects of a text that is a stream of JSON objects, as kubectl takes it; undefined when it is anything
 * else. One object in flow style is also YAML, so only two or more need this.
 */
export function splitJsonDocuments(text: string): Span[] | undefined {
  const spans: Span[] = [];
  for (let at = skipBlanks(text, 0); at < text.length; at = skipBlanks(text, at)) {
    const end = text[at] === '{' ? endOfObject(text, at) : undefined;
    if (end === undefined) return undefined;
    spans.push({ start: at, end });
    at = end;
  }
  return spans.length > 1 ? spans : undefined;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (' \t\r\n'.includes(text[at] ?? 'x')) at++;
  return at;
}

/** The offset after the bracket that closes the object; undefined when none does. */
function endOfObject(text: string, from: number): number | undefined {
  let open = 0;
  for (let at = from; at < text.length; at++) {
    switch (text[at]) {
      case '{':
      case '[':
        open++;
        break;
      case '}':
      case ']':
        if (--open === 0) return at + 1;
        break;
      case '"':
        at++;
        while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
        break;
    }
  }
  return undefined;
}
