import { expect, test } from 'vitest';
import { dryRunSummary } from './summary.ts';

const says = (problems: number, asked: number, left: number) =>
  dryRunSummary({ problems, asked, left }, 'dev', 200);

test('who asked is told how it went, in one sentence where that is all', () => {
  expect(says(0, 0, 0)).toBe('There is no object in this file.');
  expect(says(0, 3, 0)).toBe('"dev" would take everything in this file.');
  expect(says(2, 3, 0)).toBe('"dev" has something to say about this file: see Problems.');
});

test('what was not asked about is told, whether there are problems or not', () => {
  expect(says(0, 200, 7)).toContain('would take 200 objects; 7 were not asked about');
  expect(says(2, 200, 7)).toMatch(/see Problems\. 7 objects were not asked about: .*beyond the first 200\.$/);
});
