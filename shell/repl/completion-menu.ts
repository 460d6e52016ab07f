import { graphemes, fit, textWidth } from '../terminal/width.ts';
import { sanitizeLine } from '../../core/printers/sanitize.ts';
import type { Completion } from './command-line.ts';
import type { Span } from './layout.ts';

const gapColumns = 2;

/** The longest text all completions begin with, cut at a grapheme. */
export function commonPrefix(items: readonly Completion[]): string {
  const [first, ...rest] = items.map((item) => item.text);
  if (first === undefined) return '';
  let length = first.length;
  for (const other of rest) {
    let same = 0;
    while (same < length && first[same] === other[same]) same += 1;
    length = same;
  }
  let kept = '';
  for (const { text } of graphemes(first)) {
    if (kept.length + text.length > length) break;
    kept += text;
  }
  return kept;
}

/**
 * The list under the prompt: columns filled downwards as `ls` does, the selected item in reverse; with descriptions one
 * item a row. Longer lists show the part around the selection and say how many there are.
 */
export function menuRows(
  items: readonly Completion[],
  selected: number | undefined,
  columns: number,
  maxRows: number,
): readonly (readonly Span[])[] {
  if (items.length === 0 || maxRows < 1) return [];
  const described = items.some((item) => item.description !== undefined && item.description !== '');
  const widest = items.reduce((width, item) => Math.max(width, Math.min(textWidth(item.text), columns)), 1);
  const across = described ? 1 : Math.max(1, Math.floor((columns + gapColumns - 1) / (widest + gapColumns)));
  const total = Math.ceil(items.length / across);
  const needsNote = total > maxRows;
  const shown = needsNote ? Math.max(1, maxRows - 1) : total;
  const selectedRow = selected === undefined ? 0 : selected % total;
  const first = Math.max(0, Math.min(selectedRow - Math.floor(shown / 2), total - shown));

  const rows: (readonly Span[])[] = [];
  for (let row = first; row < first + shown; row += 1) {
    const spans: Span[] = [];
    for (let column = 0; column < across; column += 1) {
      const index = column * total + row;
      const item = items[index];
      if (item === undefined) continue;
      if (column > 0) spans.push({ text: ' '.repeat(gapColumns), sgr: '' });
      spans.push({ text: fit(sanitizeLine(item.text), widest), sgr: index === selected ? '7' : '' });
      if (item.description !== undefined && item.description !== '')
        spans.push({ text: `  ${sanitizeLine(item.description)}`, sgr: '2' });
    }
    rows.push(spans);
  }
  if (needsNote && maxRows > 1) {
    const position = selected === undefined ? '' : `${selected + 1} of `;
    rows.push([{ text: `… ${position}${items.length}`, sgr: '2' }]);
  }
  return rows;
}
