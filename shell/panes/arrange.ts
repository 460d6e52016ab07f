import type { Rect } from './canvas.ts';

/** Narrower than this, tables are not shown side by side: only the one in focus, over the whole width. */
const sideBySideColumns = 90;
/** Lower than this, the output hides the tables instead of sharing the screen with them. */
const sharedRows = 18;

export interface Arrangement {
  /** One place per table; undefined where it is not shown. */
  readonly tables: readonly (Rect | undefined)[];
  readonly output: Rect | undefined;
  /** Rows for the state of things and for the input line; undefined when the screen is too low for them. */
  readonly statusRow: number | undefined;
  readonly inputRow: number;
}

export interface TableNeed {
  /** Share of the width. */
  readonly weight: number;
  /** Columns at which all is shown; undefined while that is not known. */
  readonly wanted: number | undefined;
}

export interface ArrangeInput {
  readonly columns: number;
  readonly rows: number;
  readonly tables: readonly TableNeed[];
  readonly focusedTable: number;
  readonly outputOpen: boolean;
}

/** Where everything goes. Works for any size: what has no room is left out, the input line last. */
export function arrange(input: ArrangeInput): Arrangement {
  const { columns, rows, focusedTable, outputOpen } = input;
  const inputRow = Math.max(0, rows - 1);
  const statusRow = rows >= 4 ? rows - 2 : undefined;
  const room = statusRow ?? inputRow;
  const shared = room >= sharedRows;
  const outputHeight = !outputOpen ? 0 : shared ? Math.ceil(room / 2) : room;
  const height = room - outputHeight;
  const output =
    outputHeight > 0 ? { top: height, left: 0, width: columns, height: outputHeight } : undefined;
  if (height < 3) return { tables: input.tables.map(() => undefined), output, statusRow, inputRow };
  if (columns < sideBySideColumns) {
    const whole = { top: 0, left: 0, width: columns, height };
    const tables = input.tables.map((_, index) => (index === focusedTable ? whole : undefined));
    return { tables, output, statusRow, inputRow };
  }
  let left = 0;
  const tables = tableWidths(input.tables, columns).map((width) => {
    const rect = { top: 0, left, width, height };
    left += width;
    return rect;
  });
  return { tables, output, statusRow, inputRow };
}

/** Shares by weight, but nobody gets more than it can use while another has to hide something. */
function tableWidths(tables: readonly TableNeed[], columns: number): number[] {
  const sum = tables.reduce((total, { weight }) => total + weight, 0);
  const shares = tables.map(({ weight }) => Math.floor((columns * weight) / sum));
  const surplus = tables.map(({ wanted }, index) => Math.max(0, (shares[index] ?? 0) - (wanted ?? Infinity)));
  const lacks = tables.map(({ wanted }, index) => Math.max(0, (wanted ?? 0) - (shares[index] ?? 0)));
  const lacking = total(lacks);
  const moved = Math.min(total(surplus), lacking);
  const given = surplus.map((spare) => (moved === 0 ? 0 : Math.floor((spare * moved) / total(surplus))));
  const taken = lacks.map((lack) => (moved === 0 ? 0 : Math.floor((lack * total(given)) / lacking)));
  const widths = shares.map((share, index) => share - (given[index] ?? 0) + (taken[index] ?? 0));
  const last = widths.length - 1;
  // What rounding left over goes to the last one: the screen is filled to its edge.
  return widths.map((width, index) => (index === last ? width + columns - total(widths) : width));
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
