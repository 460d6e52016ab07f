import { l10n } from '../language/l10n.ts';

/** A question with more lines than this does not fit on a screen. */
const mostLines = 20;

/** Lines for a question: the first of them, and how many more there are. */
export function shortList(lines: readonly string[]): readonly string[] {
  if (lines.length <= mostLines) return lines;
  const shown = lines.slice(0, mostLines - 1);
  return [...shown, l10n.t('… and {0} more', lines.length - shown.length)];
}
