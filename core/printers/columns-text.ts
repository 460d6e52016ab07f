import stringWidth from 'string-width';

/** kubectl's tab writer: columns at least this wide, with this much room between them (cli-runtime printers/tabwriter.go). */
const minimumWidth = 6;
const padding = 3;

/**
 * Lays rows out in columns, as wide as their widest cell. The last column is never padded, so lines carry no
 * trailing blanks where their last cell is filled; an empty last cell leaves the padding before it, as in kubectl.
 */
export function alignColumns(rows: readonly (readonly string[])[], widths?: readonly number[]): string[] {
  const all = widths ?? columnWidths(rows);
  return rows.map((row) =>
    row.map((cell, index) => (index === row.length - 1 ? cell : padCell(cell, all[index] ?? 0))).join(''),
  );
}

/** The width of each column, padding included. A watch keeps them, so that later rows stay in line. */
export function columnWidths(
  rows: readonly (readonly string[])[],
  atLeast: readonly number[] = [],
): number[] {
  const widths = [...atLeast];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) {
      const needed = Math.max(minimumWidth, stringWidth(cell) + padding);
      widths[index] = Math.max(widths[index] ?? 0, needed);
    }
  }
  return widths;
}

function padCell(cell: string, width: number): string {
  return cell + ' '.repeat(Math.max(1, width - stringWidth(cell)));
}
