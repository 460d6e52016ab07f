import stringWidth from 'string-width';

const padding = 2;

/**
 * Aligns text at its tabs, as Go's text/tabwriter does for kubectl describe: a cell is what a tab ends; cells of
 * adjoining lines in the same column are padded to the widest of them; a line without the cell ends the column.
 */
export function alignTabs(lines: readonly string[]): string[] {
  const cells = lines.map((line) => line.split('\t'));
  const widths: number[][] = cells.map(() => []);
  assignWidths(cells, widths, 0, 0, cells.length);
  return cells.map((row, index) =>
    row
      .map((cell, column) =>
        column === row.length - 1
          ? cell
          : cell + ' '.repeat((widths[index]?.[column] ?? 0) - stringWidth(cell)),
      )
      .join(''),
  );
}

function assignWidths(
  cells: readonly (readonly string[])[],
  widths: number[][],
  column: number,
  start: number,
  end: number,
): void {
  let row = start;
  while (row < end) {
    if (!hasCell(cells[row], column)) {
      row++;
      continue;
    }
    let last = row;
    let width = 0;
    while (last < end && hasCell(cells[last], column)) {
      width = Math.max(width, stringWidth(cells[last]?.[column] ?? '') + padding);
      last++;
    }
    for (let line = row; line < last; line++) widths[line]?.push(width);
    assignWidths(cells, widths, column + 1, row, last);
    row = last;
  }
}

function hasCell(row: readonly string[] | undefined, column: number): boolean {
  return row !== undefined && column < row.length - 1;
}
