import type { Completions } from './command-line.ts';
import type { Span } from './layout.ts';

/** The few words that are about the shell itself and not about the cluster. */
export type ShellWord =
  | { readonly kind: 'exit'; readonly code: number | undefined }
  | { readonly kind: 'clear' }
  | { readonly kind: 'history' }
  | { readonly kind: 'keys' };

const words: Readonly<Record<string, string>> = {
  exit: 'leave the shell; the cluster keeps running',
  quit: 'leave the shell; the cluster keeps running',
  clear: 'clear the screen',
  history: 'list the lines entered before',
  keys: 'list the keys of the line editor',
};

/** The shell's own meaning of a line, or undefined when it is a command. */
export function shellWord(line: string): ShellWord | undefined {
  const found = /^\s*(exit|quit|clear|history|keys)(?:\s+(\d{1,3}))?\s*$/.exec(line);
  if (found === null) return undefined;
  const [, word, argument] = found;
  if (word === 'clear' || word === 'history' || word === 'keys')
    return argument === undefined ? { kind: word } : undefined;
  return { kind: 'exit', code: argument === undefined ? undefined : Number(argument) & 0xff };
}

/** Adds the shell's own words where a first word is completed. */
export function withShellWords(line: string, cursor: number, found: Completions): Completions {
  const typed = /^\s*(\w*)$/.exec(line.slice(0, cursor))?.[1];
  if (typed === undefined) return found;
  const from = cursor - typed.length;
  if (found.items.length > 0 && found.from !== from) return found;
  const described = found.items.some((item) => item.description !== undefined);
  const own = Object.entries(words)
    .filter(([word]) => word.startsWith(typed) && !found.items.some((item) => item.text === word))
    .map(([text, description]) => (described ? { text, suffix: '', description } : { text, suffix: '' }));
  return { from, items: [...found.items, ...own] };
}

/** `context:namespace>` with the code of a command that failed; protected contexts in red. */
export function promptSpans(
  where: { readonly context: string; readonly namespace: string; readonly protected: boolean },
  lastCode: number,
): readonly Span[] {
  const spans: Span[] = [
    { text: where.context === '' ? 'wh' : where.context, sgr: where.protected ? '1;31' : '36' },
  ];
  if (where.namespace !== '') spans.push({ text: ':', sgr: '2' }, { text: where.namespace, sgr: '32' });
  if (lastCode !== 0) spans.push({ text: ` [${lastCode}]`, sgr: '31' });
  spans.push({ text: '> ', sgr: '' });
  return spans;
}
