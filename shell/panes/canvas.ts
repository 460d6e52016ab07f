import { sanitizeLine } from '../../core/printers/sanitize.ts';
import { fit, graphemes, textWidth } from '../terminal/width.ts';

/** Named rather than numbered: how they look is the surface's business, and without colour only some show. */
export type CellStyle = {
  readonly color?: 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan' | 'gray' | undefined;
  readonly bold?: boolean;
  readonly reverse?: boolean;
  readonly underline?: boolean;
};

const plainStyle: CellStyle = {};

export interface CanvasCell {
  /** One grapheme; `''` in the right half of a wide one. */
  text: string;
  style: CellStyle;
}

export interface Rect {
  readonly top: number;
  readonly left: number;
  readonly width: number;
  readonly height: number;
}

/** Stands for what terminals disagree about: emoji, flags, families. A wrong guess would shift the rest of the row. */
const standIn = '\u25a1';

/** A screenful of cells to draw on. Everything is clipped to the canvas; text is made harmless here. */
export class Canvas {
  readonly columns: number;
  readonly rows: number;
  readonly cells: readonly (readonly CanvasCell[])[];
  /** Where the cursor stands, or undefined to hide it. */
  cursor: { readonly row: number; readonly column: number } | undefined;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
    this.cells = Array.from({ length: rows }, () =>
      Array.from({ length: columns }, () => ({ text: ' ', style: plainStyle })),
    );
  }

  /** Writes text from a cell rightwards, at most `width` cells of it. Answers with the column after it. */
  put(row: number, column: number, text: string, style: CellStyle = plainStyle, width = Infinity): number {
    const line = this.cells[row];
    const stop = Math.min(this.columns, column + width);
    let at = column;
    if (line === undefined) return at;
    for (const grapheme of drawable(text, stop - column)) {
      if (at + grapheme.width > stop) break;
      const cell = line[at];
      if (cell !== undefined && at >= 0) {
        cell.text = grapheme.text;
        cell.style = style;
      }
      const second = grapheme.width === 2 ? line[at + 1] : undefined;
      if (second !== undefined) {
        second.text = '';
        second.style = style;
      }
      at += grapheme.width;
    }
    return at;
  }

  /** A row of exactly `width` cells in one style. */
  bar(row: number, column: number, text: string, style: CellStyle, width: number): void {
    this.put(row, column, fit(sanitizeLine(text), width), style, width);
  }

  /** A frame with a title in its top edge; answers with the inside. */
  frame({ top, left, width, height }: Rect, title: string, style: CellStyle): Rect {
    if (width < 2 || height < 2) return { top, left, width: 0, height: 0 };
    const inner = width - 2;
    this.put(top, left, `┌${'─'.repeat(inner)}┐`, style);
    for (let row = top + 1; row < top + height - 1; row += 1) {
      this.put(row, left, '│', style);
      this.put(row, left + width - 1, '│', style);
    }
    this.put(top + height - 1, left, `└${'─'.repeat(inner)}┘`, style);
    const shown = fitted(` ${title} `, inner - 2);
    if (inner > 4) this.put(top, left + 2, shown, { ...style, bold: true }, inner - 2);
    return { top: top + 1, left: left + 1, width: inner, height: height - 2 };
  }

  /** The screen as text, for tests. */
  toLines(): string[] {
    return this.cells.map((row) =>
      row
        .map((cell) => cell.text)
        .join('')
        .trimEnd(),
    );
  }
}

function fitted(text: string, columns: number): string {
  const clean = sanitizeLine(text);
  return textWidth(clean) <= columns ? clean : fit(clean, Math.max(0, columns));
}

const ascii = /^[\x20-\x7e\u2500-\u257f]*$/;

/** Graphemes whose width every terminal agrees on. */
function drawable(text: string, columns: number): { readonly text: string; readonly width: number }[] {
  const head = text.length > columns * 16 + 64 ? text.slice(0, columns * 16 + 64) : text;
  if (ascii.test(head))
    return Array.from(head.slice(0, Math.max(0, columns)), (character) => ({ text: character, width: 1 }));
  return graphemes(sanitizeLine(head)).flatMap((grapheme) => {
    if (grapheme.width === 0) return [];
    const point = grapheme.text.codePointAt(0) ?? 0;
    // Pictographs, regional indicators, joined sequences, and wide characters outside the classic ranges.
    if (/\p{Extended_Pictographic}|\p{Regional_Indicator}|\u200d|\ufe0f/u.test(grapheme.text)) {
      return point > 0xff ? [{ text: standIn, width: 1 }] : [{ text: String.fromCodePoint(point), width: 1 }];
    }
    if (grapheme.width === 2 && !isClassicWide(point)) return [{ text: standIn, width: 1 }];
    if (grapheme.width === 1 && isClassicWide(point)) return [{ text: standIn, width: 1 }];
    return [grapheme];
  });
}

/** Wide since Unicode's beginnings, hence in every terminal's table (and in blessed's, which is Markus Kuhn's wcwidth). */
function isClassicWide(point: number): boolean {
  return (
    (point >= 0x1100 && point <= 0x115f) ||
    (point >= 0x2e80 && point <= 0xa4cf && point !== 0x303f) ||
    (point >= 0xac00 && point <= 0xd7a3) ||
    (point >= 0xf900 && point <= 0xfaff) ||
    (point >= 0xfe30 && point <= 0xfe6f) ||
    (point >= 0xff00 && point <= 0xff60) ||
    (point >= 0xffe0 && point <= 0xffe6) ||
    (point >= 0x20000 && point <= 0x2fffd) ||
    (point >= 0x30000 && point <= 0x3fffd)
  );
}
