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
    width: Math.min(2, textWidth(segment)),
  }));
}

/** UTF-16 offsets at which graphemes begin, and the end of the text. */
export function graphemeBoundaries(text: string): number[] {
  if (ascii.test(text)) return Array.from({ length: text.length + 1 }, (_, index) => index);
  return [...Array.from(segmenter.segment(text), ({ index }) => index), text.length];
}

/** At most `columns` cells; what does not fit is replaced by one `…`. Never splits a grapheme. */
export function truncate(text: string, columns: number): string {
  if (columns <= 0) return '';
  // A name of ten kilobytes must not cost a segmentation of ten kilobytes for each frame.
  const head =
    text.length > columns * 16 + 64 ? text.slice(0, columns * 16 + 64).replace(/\p{Surrogate}$/u, '') : text;
  if (head === text && textWidth(text) <= columns) return text;
  let kept = '';
  let width = 0;
  for (const grapheme of graphemes(head)) {
    if (width + grapheme.width > columns - 1) break;
    kept += grapheme.text;
    width += grapheme.width;
  }
  return `${kept}…`;
}

/** Exactly `columns` cells: truncated or padded with spaces. */
export function fit(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const cut = truncate(text, columns);
  const padding = ' '.repeat(Math.max(0, columns - textWidth(cut)));
  return align === 'right' ? padding + cut : cut + padding;
}
