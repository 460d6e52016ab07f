import { sanitizeLine } from '../../core/printers/sanitize.ts';

const mostShown = 60;

/** A value in a line of a list; what is long ends with an ellipsis. */
export function shortValue(value: unknown): string {
  const text = sanitizeLine(typeof value === 'string' ? value : (JSON.stringify(value) ?? '-'));
  return text.length <= mostShown ? text : `${text.slice(0, mostShown - 1)}…`;
}
