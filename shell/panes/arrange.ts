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

export interface ArrangeInput {
  readonly columns: number;
  readonly rows: number;
  /** Share of the width each table asks for. */
  readonly weights: readonly number[];
  readonly focusedTable: number;
  readonly outputOpen: boolean;
}

/** Where everything goes. Works for any size: what has no room is left out, the input line last. */
export function arrange(input: ArrangeInput): Arrangement {
  const { columns, rows, weights, focusedTable, outputOpen } = input;
  const inputRow = Math.max(0, rows - 1);
  const statusRow = rows >= 4 ? rows - 2 : undefined;
  const room = statusRow ?? inputRow;
  const shared = room >= sharedRows;
  const outputHeight = !outputOpen ? 0 : shared ? Math.ceil(room / 2) : room;
  const height = room - outputHeight;
  const output =
    outputHeight > 0 ? { top: height, left: 0, width: columns, height: outputHeight } : undefined;
  if (height < 3) return { tables: weights.map(() => undefined), output, statusRow, inputRow };
  if (columns < sideBySideColumns) {
    const whole = { top: 0, left: 0, width: columns, height };
    return {
      tables: weights.map((_, index) => (index === focusedTable ? whole : undefined)),
      output,
      statusRow,
      inputRow,
    };
  }
  const sum = weights.reduce((total, weight) => total + weight, 0);
  let left = 0;
  const tables = weights.map((weight, index) => {
    const width = index === weights.length - 1 ? columns - left : Math.floor((columns * weight) / sum);
    const rect = { top: 0, left, width, height };
    left += width;
    return rect;
  });
  return { tables, output, statusRow, inputRow };
}
