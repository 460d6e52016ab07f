import type { Cell, CellRow, Layout } from './layout.ts';

/**
 * Keeps the rows under the prompt on screen equal to a layout by writing only what differs. Works on the main screen:
 * all moves are relative to the row the prompt began on, so scrollback above is never touched.
 */
export class Renderer {
  #shown: readonly CellRow[] = [];
  /** Rows that exist below (and with) the first; they are not given back before `finish`. */
  #height = 1;
  #row = 0;
  #column = 0;

  /** Bytes that turn what is shown into `next`. Empty when nothing changed. */
  update(next: Layout): string {
    let out = '';
    const rows = Math.max(next.rows.length, this.#shown.length);
    for (let row = 0; row < rows; row += 1) {
      out += this.#updateRow(row, this.#shown[row] ?? [], next.rows[row] ?? []);
    }
    this.#shown = next.rows;
    out += this.#moveTo(next.cursorRow, next.cursorColumn);
    return out;
  }

  /** Moves below everything shown, so that output starts on a row of its own. */
  finish(): string {
    const out = `${this.#moveTo(Math.max(0, this.#shown.length - 1), 0)}\r\n`;
    this.reset();
    return out;
  }

  /** Takes all rows off the screen and leaves the cursor where the prompt began. */
  clear(): string {
    const out = `${this.#moveTo(0, 0)}\x1b[J`;
    this.reset();
    return out;
  }

  /** Forgets the screen: the next update draws everything from the cursor's row, which must be empty. */
  reset(): void {
    this.#shown = [];
    this.#height = 1;
    this.#row = 0;
    this.#column = 0;
  }

  get cursorColumn(): number {
    return this.#column;
  }

  /**
   * After a change of width: how many rows above the cursor the prompt now begins. Terminals that reflow break a row
   * that became too long; whether they also do so with the cursor's own row differs (`cursorRowReflowed`).
   */
  rowsAboveCursor(columns: number, reflows: boolean, cursorRowReflowed: boolean): number {
    if (!reflows) return this.#row;
    const above = this.#shown
      .slice(0, this.#row)
      .reduce((rows, row) => rows + Math.max(1, Math.ceil(row.length / columns)), 0);
    return above + (cursorRowReflowed ? Math.floor(this.#column / columns) : 0);
  }

  /** Begins again `up` rows above the cursor with nothing shown. */
  restartAbove(up: number): string {
    this.reset();
    return `\r${up > 0 ? `\x1b[${up}A` : ''}\x1b[J`;
  }

  #updateRow(index: number, before: CellRow, after: CellRow): string {
    let first = 0;
    while (first < before.length && first < after.length && same(before[first], after[first])) first += 1;
    if (first === before.length && first === after.length)
      return index < this.#height ? '' : this.#moveTo(index, 0);
    // Never start in the right half of a wide grapheme.
    while (first > 0 && ((after[first]?.width ?? 1) === 0 || (before[first]?.width ?? 1) === 0)) first -= 1;

    let last = after.length;
    if (before.length === after.length) {
      while (last > first && same(before[last - 1], after[last - 1])) last -= 1;
    }
    let out = this.#moveTo(index, first);
    out += this.#write(after, first, last);
    if (before.length > after.length) out += '\x1b[K';
    return out;
  }

  #write(cells: readonly Cell[], first: number, last: number): string {
    let out = '';
    let sgr = '';
    let certain = true;
    for (let column = first; column < last; column += 1) {
      const cell = cells[column];
      if (cell === undefined || cell.width === 0) continue;
      // Terminals disagree about the width of some graphemes: after one, say where the next begins.
      if (!certain) out += `\x1b[${column + 1}G`;
      certain = cell.text.length === 1 && cell.text < '\u0300';
      if (cell.sgr !== sgr) {
        out += cell.sgr === '' ? '\x1b[0m' : `\x1b[0;${cell.sgr}m`;
        sgr = cell.sgr;
      }
      out += cell.text;
    }
    if (sgr !== '') out += '\x1b[0m';
    if (!certain) out += `\x1b[${last + 1}G`;
    this.#column = last;
    return out;
  }

  #moveTo(row: number, column: number): string {
    let out = '';
    if (row >= this.#height) {
      out += vertical(this.#height - 1 - this.#row);
      // Only a line feed makes the screen scroll where the row does not exist yet.
      out += '\r\n'.repeat(row - this.#height + 1);
      this.#height = row + 1;
      this.#column = 0;
    } else if (row !== this.#row) {
      out += vertical(row - this.#row);
      this.#column = -1;
    }
    this.#row = row;
    if (column !== this.#column) out += column === 0 ? '\r' : `\x1b[${column + 1}G`;
    this.#column = column;
    return out;
  }
}

function vertical(rows: number): string {
  if (rows === 0) return '';
  return rows > 0 ? `\x1b[${rows}B` : `\x1b[${-rows}A`;
}

function same(a: Cell | undefined, b: Cell | undefined): boolean {
  return a !== undefined && b !== undefined && a.text === b.text && a.width === b.width && a.sgr === b.sgr;
}
