/** A word of a command line and where it stands, in UTF-16 offsets. `quoted` words are never flags or comments. */
export interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** What a line needs before it can run. */
export type Unfinished = 'single quote' | 'double quote' | 'backslash' | 'here-document';

export interface CommandLine {
  readonly words: readonly Word[];
  readonly unfinished: Unfinished | undefined;
  /** The text of a here-document (`<<EOF`), which becomes the command's standard input. */
  readonly hereDocument: string | undefined;
}

/**
 * Splits a line into words as a POSIX shell quotes them: '…', "…", backslash, `#` comments at the start of a word,
 * and one here-document. There are no variables, globs or pipes.
 */
export function splitLine(source: string): CommandLine {
  const { line, delimiter, body, bodyEnded } = separateHereDocument(source);
  const { words, unfinished } = splitWords(line);
  if (delimiter === undefined) return { words, unfinished, hereDocument: undefined };
  return { words, unfinished: unfinished ?? (bodyEnded ? undefined : 'here-document'), hereDocument: body };
}

function splitWords(line: string): { words: Word[]; unfinished: Unfinished | undefined } {
  const words: Word[] = [];
  let index = 0;
  while (index < line.length) {
    if (/\s/.test(line[index] ?? '')) {
      index++;
      continue;
    }
    if (line[index] === '#') {
      const newline = line.indexOf('\n', index);
      if (newline < 0) break;
      index = newline;
      continue;
    }
    const word = readWord(line, index);
    if (word.text !== undefined) words.push({ text: word.text, start: index, end: word.end });
    if (word.unfinished !== undefined) return { words, unfinished: word.unfinished };
    index = word.end;
  }
  return { words, unfinished: undefined };
}

function readWord(
  line: string,
  start: number,
): { text: string | undefined; end: number; unfinished?: Unfinished } {
  let text: string | undefined;
  let index = start;
  while (index < line.length && !/\s/.test(line[index] ?? '')) {
    const character = line[index] ?? '';
    if (character === "'" || character === '"') {
      const quoted = readQuoted(line, index);
      text = (text ?? '') + quoted.text;
      index = quoted.end;
      if (!quoted.closed) {
        return { text, end: index, unfinished: character === "'" ? 'single quote' : 'double quote' };
      }
    } else if (character === '\\') {
      if (index + 1 >= line.length) return { text, end: line.length, unfinished: 'backslash' };
      // A backslash before a newline continues the line.
      if (line[index + 1] !== '\n') text = (text ?? '') + (line[index + 1] ?? '');
      index += 2;
    } else {
      text = (text ?? '') + character;
      index++;
    }
  }
  return { text, end: index };
}

function readQuoted(line: string, start: number): { text: string; end: number; closed: boolean } {
  const quote = line[start];
  let text = '';
  for (let index = start + 1; index < line.length; index++) {
    const character = line[index] ?? '';
    if (character === quote) return { text, end: index + 1, closed: true };
    const escapes = quote === '"' && character === '\\' && /["\\$`\n]/.test(line[index + 1] ?? '');
    if (!escapes) text += character;
    else if (line[++index] !== '\n') text += line[index] ?? '';
  }
  return { text, end: line.length, closed: false };
}

/** Finds ` <<WORD` at the end of the first line and the lines up to WORD. Quotes around WORD change nothing here. */
function separateHereDocument(source: string): {
  line: string;
  delimiter: string | undefined;
  body: string | undefined;
  bodyEnded: boolean;
} {
  const newline = source.indexOf('\n');
  const first = newline < 0 ? source : source.slice(0, newline);
  const match = /^(.*\s)<<-?\s*(['"]?)([A-Za-z_]\w*)\2\s*$/.exec(first);
  if (match?.[1] === undefined || match[3] === undefined) {
    return { line: source, delimiter: undefined, body: undefined, bodyEnded: true };
  }
  const lines = newline < 0 ? [] : source.slice(newline + 1).split('\n');
  const end = lines.indexOf(match[3]);
  const body = lines.slice(0, end < 0 ? lines.length : end);
  return {
    line: match[1],
    delimiter: match[3],
    body: body.length === 0 ? '' : `${body.join('\n')}\n`,
    bodyEnded: end >= 0,
  };
}

/** Quotes a word so that it is read back as it is. */
export function quoteWord(text: string): string {
  if (text !== '' && /^[\w@%+=:,./~^-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
