import { sanitizeLine } from '../../core/printers/sanitize.ts';
import { fit, textWidth } from '../terminal/width.ts';
import type { Canvas, CellStyle, Rect } from './canvas.ts';
import type { PaneCell, PaneColumn, PaneModel, PaneRow, Severity } from './pane-model.ts';
import { RowOrder } from './row-order.ts';

const gapColumns = 2;
const narrowestColumn = 4;
/** The frame's left and right edge. */
const frameColumns = 2;

const severityStyles: Readonly<Record<Severity, CellStyle>> = {
  normal: {},
  good: { color: 'green' },
  progressing: { color: 'cyan' },
  warning: { color: 'yellow' },
  error: { color: 'red', bold: true },
  muted: { color: 'gray' },
};

/** One live table: what is selected, how it is sorted and filtered, and how its window of rows looks. */
export class TableView {
  readonly model: PaneModel;
  readonly #order: RowOrder;
  #selectedId: string | undefined;
  /** Where the selection stood, for when its row goes away. */
  #selectedIndex = 0;
  #first = 0;
  #page = 1;
  /** Columns only grow while nothing else changes: a table that twitches at every update cannot be read. */
  #widths: number[] = [];

  constructor(model: PaneModel) {
    this.model = model;
    const name = model.columns.findIndex((column) => column.name === 'NAME');
    this.#order = new RowOrder(Math.max(0, name));
  }

  /** Columns of screen at which nothing is hidden or cut, as far as has been seen; undefined before it was drawn. */
  get wantedWidth(): number | undefined {
    if (this.#widths.length === 0) return undefined;
    return this.#widths.reduce((sum, width) => sum + width + gapColumns, 0) - gapColumns + frameColumns;
  }

  get filter(): string {
    return this.#order.filter;
  }

  set filter(text: string) {
    this.#order.filterBy(text);
    this.#widths = [];
  }

  /** Sorts by a column of this name; again turns it round. False when there is no such column. */
  sortBy(name: string): boolean {
    const column = this.model.columns.findIndex((candidate) => candidate.name === name);
    if (column < 0) return false;
    const { sorting } = this.#order;
    this.#order.sortBy({ column, descending: sorting.column === column && !sorting.descending });
    return true;
  }

  selected(nowMs: number): PaneRow | undefined {
    const rows = this.#rows(nowMs);
    return rows[this.#settle(rows)];
  }

  move(steps: number, nowMs: number): void {
    const rows = this.#rows(nowMs);
    const at = this.#settle(rows);
    const next = Math.max(0, Math.min(rows.length - 1, at + steps));
    this.#selectedIndex = next;
    this.#selectedId = rows[next]?.id;
  }

  page(direction: 1 | -1, nowMs: number): void {
    this.move(direction * Math.max(1, this.#page - 1), nowMs);
  }

  draw(canvas: Canvas, area: Rect, focused: boolean, nowMs: number): void {
    const rows = this.#rows(nowMs);
    const total = this.model.rows().length;
    const count = this.filter === '' ? `${total}` : `${rows.length}/${total} /${this.filter}`;
    const stale = this.model.state.kind === 'stale';
    const state = stale ? ' stale' : this.model.state.kind === 'connecting' ? ' connecting…' : '';
    const inside = canvas.frame(area, `${this.model.title} [${count}]${state}`, frameStyle(focused));
    if (inside.height < 1 || inside.width < 1) return;

    this.#page = Math.max(1, inside.height - 1);
    const selected = this.#settle(rows);
    this.#first = Math.max(0, Math.min(this.#first, rows.length - this.#page, selected));
    if (selected >= this.#first + this.#page) this.#first = selected - this.#page + 1;

    const window = rows.slice(this.#first, this.#first + this.#page).map((row) => row.cells(nowMs));
    const columns = this.#columns(window, inside.width);
    this.#drawHeader(canvas, inside, columns);
    window.forEach((cells, index) => {
      const isSelected = this.#first + index === selected;
      drawRow(canvas, inside, inside.top + 1 + index, columns, cells, { isSelected, focused, stale });
    });
    if (rows.length === 0 && inside.height > 1) {
      const note = emptyNote(this.model, this.filter);
      canvas.put(inside.top + 1, inside.left, note, severityStyles.muted, inside.width);
    }
  }

  #drawHeader(canvas: Canvas, inside: Rect, columns: readonly ShownColumn[]): void {
    const { sorting } = this.#order;
    let left = inside.left;
    for (const { index, column, width } of columns) {
      const mark = sorting.column === index ? (sorting.descending ? '↓' : '↑') : '';
      canvas.put(
        inside.top,
        left,
        fit(column.name + mark, width, column.align),
        { bold: true },
        inside.left + inside.width - left,
      );
      left += width + gapColumns;
    }
  }

  #rows(nowMs: number): readonly PaneRow[] {
    return this.#order.rows(this.model.rows(), nowMs);
  }

  /** The selection follows its row; when that has gone, the row now at its place is selected. */
  #settle(rows: readonly PaneRow[]): number {
    const found =
      this.#selectedId === undefined
        ? undefined
        : this.#order.position(this.#selectedId, this.#selectedIndex);
    const index = found ?? Math.max(0, Math.min(this.#selectedIndex, rows.length - 1));
    this.#selectedIndex = index;
    this.#selectedId = rows[index]?.id;
    return index;
  }

  #columns(window: readonly (readonly PaneCell[])[], available: number): readonly ShownColumn[] {
    const all = this.model.columns.map((column, index): ShownColumn => {
      // Room for the sort mark, so that sorting does not move columns.
      const header = column.name.length + 1;
      const widest = window.reduce((width, cells) => Math.max(width, cellWidth(cells[index])), header);
      const width = Math.max(this.#widths[index] ?? 0, widest);
      this.#widths[index] = width;
      return { index, column, width };
    });
    return fitColumns(all, available);
  }
}

interface ShownColumn {
  readonly index: number;
  readonly column: PaneColumn;
  readonly width: number;
}

/** Hides by priority, then narrows the widest, until the row fits. */
function fitColumns(all: readonly ShownColumn[], available: number): readonly ShownColumn[] {
  let shown = [...all];
  const total = () => shown.reduce((sum, { width }) => sum + width + gapColumns, -gapColumns);
  while (total() > available) {
    const hideable = shown.reduce((highest, { column }) => Math.max(highest, column.priority), 0);
    if (hideable === 0) break;
    const victim = shown.findLastIndex(({ column }) => column.priority === hideable);
    shown = shown.filter((_, index) => index !== victim);
  }
  while (total() > available) {
    const widest = shown.reduce((found, candidate) => (candidate.width > found.width ? candidate : found));
    if (widest.width <= narrowestColumn) break;
    const width = Math.max(narrowestColumn, widest.width - (total() - available));
    shown = shown.map((candidate) => (candidate === widest ? { ...candidate, width } : candidate));
  }
  return shown;
}

interface RowLook {
  readonly isSelected: boolean;
  readonly focused: boolean;
  readonly stale: boolean;
}

function drawRow(
  canvas: Canvas,
  inside: Rect,
  row: number,
  columns: readonly ShownColumn[],
  cells: readonly PaneCell[],
  { isSelected, focused, stale }: RowLook,
): void {
  const right = inside.left + inside.width;
  const bar: CellStyle = isSelected ? (focused ? { reverse: true } : { underline: true }) : {};
  if (isSelected) canvas.bar(row, inside.left, '', bar, inside.width);
  let left = inside.left;
  for (const { index, column, width } of columns) {
    if (left >= right) return;
    const cell = cells[index];
    const severity = stale ? 'muted' : (cell?.severity ?? 'normal');
    const style = { ...severityStyles[severity], ...bar };
    canvas.put(row, left, fit(sanitizeLine(cell?.text ?? ''), width, column.align), style, right - left);
    left += width + gapColumns;
  }
}

/** A name of ten kilobytes is measured no further than any screen is wide. */
function cellWidth(cell: PaneCell | undefined): number {
  return cell === undefined ? 0 : textWidth(sanitizeLine(cell.text.slice(0, 500)));
}

function frameStyle(focused: boolean): CellStyle {
  return focused ? { color: 'cyan' } : { color: 'gray' };
}

function emptyNote(model: PaneModel, filter: string): string {
  if (filter !== '') return 'Nothing matches the filter (Esc clears it).';
  switch (model.state.kind) {
    case 'connecting':
      return 'Connecting…';
    case 'stale':
      return `No data: ${model.state.reason}`;
    case 'live':
      return `No ${model.title.toLowerCase()}.`;
  }
}
