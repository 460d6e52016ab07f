import { expect, test } from 'vitest';
import { editorKeys, helpLines, type Binding } from '../repl/key-map.ts';
import { panesKeys } from './key-map.ts';

function duplicates(table: readonly Binding<unknown>[]): string[] {
  const keys = table.flatMap((binding) => binding.keys);
  return keys.filter((key, index) => keys.indexOf(key) !== index);
}

test('no key means two things', () => {
  expect(duplicates(panesKeys)).toEqual([]);
  expect(duplicates(editorKeys)).toEqual([]);
});

test('help has a row for every binding and spells capital letters as they are typed', () => {
  const help = helpLines(panesKeys);
  expect(help).toHaveLength(panesKeys.length);
  expect(help.find((line) => line.includes('by name'))).toMatch(/^Shift-N /);
  for (const { help: text } of panesKeys) expect(help.some((line) => line.endsWith(text))).toBe(true);
});
