import stringWidth from 'string-width';

const ascii = /^[\x20-\x7e]*$/;
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** What the user sees as one character, and the cells it takes. */
export interface Grapheme {
  readonly text: string;
  /** 0 (alone standing marks), 1 or 2. */
  readonly width: number;
}

/** Cells that `text` takes on a terminal. */
export function textWidth(text: string): number {
  return ascii.test(text) ? text.length : stringWidth(text);
}

export function graphemes(text: string): Grapheme[] {
  if (ascii.test(text)) return Array.from(text, (character) => ({ text: character, width: 1 }));
  return Array.from(segmenter.segment(text), ({ segment }) => ({
    text: segment,
    width: graphemeWidth(segment),
  }));
}

/** Measuring a grapheme takes microseconds, and a screen of Chinese names has thousands, mostly the same ones. */
const measured = new Map<string, number>();
const measuredLimit = 8_192;

function graphemeWidth(grapheme: string): number {
  if (grapheme.length === 1 && grapheme >= ' ' && grapheme <= '~') return 1;
  const known = measured.get(grapheme);
  if (known !== undefined) return known;
  const width = Math.min(2, stringWidth(grapheme));
  if (measured.size >= measuredLimit) measured.clear();
  // Not the ten kilobytes that stacked marks can make of one character.
  if (grapheme.length <= 16) measured.set(grapheme, width);
  return width;
}

/** UTF-16 offsets at which graphemes begin, and the end of the text. */
export function graphemeBoundaries(text: string): number[] {
  if (ascii.test(text)) return Array.from({ length: text.length + 1 }, (_, index) => index);
  return [...Array.from(segmenter.segment(text), ({ index }) => index), text.length];
}

/** At most `columns` cells; what does not fit is replaced by one `…`. Never splits a grapheme. */
export function truncate(text: string, columns: number): string {
  if (columns <= 0) return '';
  // Of a name of ten kilobytes only what can be shown may cost anything: the segmenter copies all it is given.
  const longest = columns * 16 + 64;
  const head = text.length > longest ? text.slice(0, longest).replace(/\p{Surrogate}$/u, '') : text;
  if (ascii.test(head)) return text.length <= columns ? text : `${head.slice(0, columns - 1)}…`;
  // Cut where there is still room for the ellipsis, should there turn out to be more.
  let cut = '';
  let kept = '';
  let width = 0;
  for (const { segment } of segmenter.segment(head)) {
    width += graphemeWidth(segment);
    if (width > columns) return `${cut}…`;
    kept += segment;
    if (width < columns) cut = kept;
  }
  return head === text ? text : `${cut}…`;
}

/** Exactly `columns` cells: truncated or padded with spaces. */
export function fit(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const cut = truncate(text, columns);
  const padding = ' '.repeat(Math.max(0, columns - textWidth(cut)));
  return align === 'right' ? padding + cut : cut + padding;
}
