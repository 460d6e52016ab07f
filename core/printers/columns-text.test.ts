import { expect, test } from 'vitest';
import { alignColumns, columnWidths } from './columns-text.ts';

test('columns are as wide as their widest cell plus three, and at least six', () => {
  expect(
    alignColumns([
      ['NAME', 'READY', 'AGE'],
      ['web-7b697c564d-w4mlt', '1/1', '3m39s'],
    ]),
  ).toEqual(['NAME                   READY   AGE', 'web-7b697c564d-w4mlt   1/1     3m39s']);
});

test('a cell of wide characters takes the columns it occupies on a terminal', () => {
  expect(
    alignColumns([
      ['世界', 'x'],
      ['abcdefg', 'y'],
    ]),
  ).toEqual(['世界      x', 'abcdefg   y']);
});

test('widths remembered from earlier rows never shrink', () => {
  const widths = columnWidths([['a-long-name', 'x']]);
  expect(columnWidths([['b', 'y']], widths)).toEqual(widths);
});
