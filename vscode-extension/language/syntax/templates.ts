import type { Range } from './nodes.ts';

/**
 * The actions of a template, such as `{{ .Values.name }}`: what is between them may be anything by the time it is
 * rendered.
 */
export function findActions(text: string): Range[] {
  const actions: Range[] = [];
  for (let at = text.indexOf('{{'); at >= 0;) {
    const close = text.indexOf('}}', at + 2);
    if (close < 0) break;
    const end = close + 2;
    if (!isCommented(text, at)) actions.push({ start: at, end });
    at = text.indexOf('{{', end);
  }
  return actions;
}

/**
 * The text with its actions out of the way, every other character where it was: lines of nothing but actions become
 * blank, as most of them only steer; others become a word.
 */
export function maskActions(text: string, actions: readonly Range[]): string {
  let masked = '';
  let from = 0;
  for (const { start, end } of actions) {
    masked += text.slice(from, start) + text.slice(start, end).replace(/[^\r\n]/g, '\0');
    from = end;
  }
  masked += text.slice(from);
  return masked
    .split('\n')
    .map((line) => (/^[ \t\0\r]*$/.test(line) ? line.replaceAll('\0', ' ') : line.replaceAll('\0', 'x')))
    .join('\n');
}

function isCommented(text: string, at: number): boolean {
  const lineStart = text.lastIndexOf('\n', at) + 1;
  return /^[ \t]*#/.test(text.slice(lineStart, at));
}
