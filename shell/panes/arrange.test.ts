import { expect, test } from 'vitest';
import { arrange } from './arrange.ts';

const tables = [
  { weight: 2, wanted: undefined },
  { weight: 3, wanted: undefined },
];

test('every size is filled without overlap and without leaving the screen', () => {
  const faults: string[] = [];
  for (let columns = 1; columns <= 200; columns += 7) {
    for (let rows = 1; rows <= 60; rows += 1) {
      for (const outputOpen of [true, false]) {
        const places = arrange({ columns, rows, tables, focusedTable: 1, outputOpen });
        // The input row and the status row belong to nobody else.
        const used = new Set([places.inputRow, places.statusRow].map((row) => `${row},0`));
        for (const rect of [...places.tables, places.output]) {
          if (rect === undefined) continue;
          if (rect.left + rect.width > columns || rect.top + rect.height > rows)
            faults.push(`${columns}x${rows}: off`);
          for (let row = rect.top; row < rect.top + rect.height; row += 1) {
            for (let column = rect.left; column < rect.left + rect.width; column += 1) {
              const cell = `${row},${column}`;
              if (used.has(cell)) faults.push(`${columns}x${rows}: ${cell} is used twice`);
              used.add(cell);
            }
          }
        }
      }
    }
  }
  expect(faults).toEqual([]);
});

test('narrow screens show the table in focus, low ones only the output', () => {
  const narrow = arrange({ columns: 60, rows: 24, tables, focusedTable: 1, outputOpen: false });
  expect(narrow.tables.map((rect) => rect?.width)).toEqual([undefined, 60]);
  const low = arrange({ columns: 120, rows: 12, tables, focusedTable: 0, outputOpen: true });
  expect(low.tables).toEqual([undefined, undefined]);
  expect(low.output?.height).toBe(10);
});

test('a table that needs less than its share leaves the rest to one that needs more', () => {
  const widths = (nodes: number, pods: number) =>
    arrange({
      columns: 130,
      rows: 40,
      tables: [
        { weight: 2, wanted: nodes },
        { weight: 3, wanted: pods },
      ],
      focusedTable: 0,
      outputOpen: false,
    }).tables.map((rect) => rect?.width);
  expect(widths(40, 200)).toEqual([40, 90]);
  expect(widths(40, 82)).toEqual([48, 82]);
  expect(widths(30, 40)).toEqual([52, 78]);
  expect(widths(200, 200)).toEqual([52, 78]);
  expect(widths(80, 30)).toEqual([80, 50]);
});
