/** One document of a file, before anybody parses it. */
export interface Slice {
  /** Offset of its first character in the file. */
  readonly start: number;
  readonly text: string;
}

/**
 * Takes a file apart at the lines that begin a document. YAML allows `---` at the beginning of a line nowhere else,
 * not even within quotes, so this needs no parser. A line `...` ends a document but begins none.
 */
export function splitDocuments(text: string): Slice[] {
  const slices: Slice[] = [];
  let start = 0;
  for (const { index } of text.matchAll(/^---(?=[ \t\r\n]|$)/gm)) {
    // Comments and blank lines before the first marker are no document of their own.
    if (index === start || (slices.length === 0 && isBlank(text, start, index))) continue;
    slices.push({ start, text: text.slice(start, index) });
    start = index;
  }
  slices.push({ start, text: text.slice(start) });
  return slices;
}

/** Only blank lines, comments and directives. */
function isBlank(text: string, from: number, to: number): boolean {
  return text
    .slice(from, to)
    .split('\n')
    .every((line) => /^\uFEFF?[ \t\r]*(#.*|%.*)?$/s.test(line));
}
