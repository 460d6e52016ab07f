import { graphemes } from '../terminal/width.ts';

/** Text in one style. `sgr` is a parameter list (`1;32`), `''` for none; styled text is harmless already. */
export interface Span {
  readonly text: string;
  readonly sgr: string;
}

/** One cell of the screen; the right half of a wide grapheme is a cell of width 0 with no text. */
export interface Cell {
  readonly text: string;
  readonly width: number;
  readonly sgr: string;
}

export type CellRow = readonly Cell[];

export interface Layout {
  readonly rows: readonly CellRow[];
  readonly cursorRow: number;
  readonly cursorColumn: number;
}

export interface LayoutInput {
  readonly prompt: readonly Span[];
  /** Stands before the second and later lines of the text. */
  readonly continuation: readonly Span[];
  /** The text around the cursor, each part in its style. */
  readonly beforeCursor: readonly Span[];
  readonly afterCursor: readonly Span[];
  /** Rows below the text (menu, messages); each is cut to the width rather than wrapped. */
  readonly below: readonly (readonly Span[])[];
  readonly columns: number;
  /** No more rows than this: what does not fit is scrolled so that the cursor stays in view. */
  readonly maxRows: number;
}

const half: Cell = { text: '', width: 0, sgr: '' };

/** Lays prompt, text and menu out in cells as a terminal of this width shows them. A wide grapheme never straddles. */
export function layOut(input: LayoutInput): Layout {
  const columns = Math.max(2, input.columns);
  const flow = new Flow(columns, input.continuation);
  for (const span of input.prompt) flow.add(span);
  for (const span of input.beforeCursor) flow.add(span);
  const cursor = flow.position();
  for (const span of input.afterCursor) flow.add(span);
  if (cursor.row >= flow.rows.length) flow.rows.push([]);

  const room = Math.max(1, input.maxRows);
  const textRows = flow.rows.length;
  const belowShown = input.below.slice(0, Math.max(0, room - Math.min(textRows, Math.max(1, room - 1))));
  const textRoom = room - belowShown.length;
  const first = Math.max(0, Math.min(cursor.row - Math.floor(textRoom / 2), textRows - textRoom));
  const rows: CellRow[] = flow.rows.slice(first, first + textRoom);
  for (const line of belowShown) rows.push(cutRow(line, columns));
  return { rows, cursorRow: cursor.row - first, cursorColumn: cursor.column };
}

/** One row of cells, cut to the width. */
function cutRow(line: readonly Span[], columns: number): CellRow {
  const row: Cell[] = [];
  for (const span of line) {
    for (const { text, width } of graphemes(span.text.replace(/\n/g, ' '))) {
      if (row.length + width > columns) return row;
      if (width === 0) continue;
      row.push({ text, width, sgr: span.sgr });
      if (width === 2) row.push(half);
    }
  }
  return row;
}

class Flow {
  readonly rows: Cell[][] = [[]];
  readonly #columns: number;
  readonly #continuation: readonly Span[];

  constructor(columns: number, continuation: readonly Span[]) {
    this.#columns = columns;
    this.#continuation = continuation;
  }

  add(span: Span): void {
    const lines = span.text.split('\n');
    lines.forEach((line, index) => {
      if (index > 0) {
        this.rows.push([]);
        for (const lead of this.#continuation) this.#put(lead);
      }
      this.#put({ text: line, sgr: span.sgr });
    });
  }

  /** Where the next grapheme goes: a full row sends the cursor to the row below. */
  position(): { row: number; column: number } {
    const row = this.rows.length - 1;
    const column = this.rows[row]?.length ?? 0;
    return column >= this.#columns ? { row: row + 1, column: 0 } : { row, column };
  }

  #put({ text, sgr }: Span): void {
    for (const grapheme of graphemes(text)) {
      const shown = visible(grapheme.text, grapheme.width);
      let row = this.rows.at(-1) ?? [];
      if (row.length + shown.width > this.#columns) {
        row = [];
        this.rows.push(row);
      }
      row.push({ text: shown.text, width: shown.width, sgr });
      if (shown.width === 2) row.push(half);
    }
  }
}

/** What has no width of its own (a stray mark, a control character that was pasted) gets a visible stand-in. */
function visible(text: string, width: number): { text: string; width: number } {
  if (width > 0) return { text, width };
  const code = text.codePointAt(0) ?? 0;
  if (text === '\t') return { text: ' ', width: 1 };
  return { text: code < 0x20 ? String.fromCodePoint(0x2400 + code) : '\u00b7', width: 1 };
}
