import { describe, expect, test } from 'vitest';
import { ManifestFile } from './manifest-file.ts';
import { parseDocument } from './parse-document.ts';
import { splitDocuments } from './split.ts';

const texts = (text: string) => splitDocuments(text).map((slice) => slice.text);

describe('documents are split', () => {
  test.each<[string, string[]]>([
    ['a: 1\n---\nb: 2\n', ['a: 1\n', '---\nb: 2\n']],
    ['---\na: 1\n---\nb: 2', ['---\na: 1\n', '---\nb: 2']],
    ['# head\n---\na: 1\n', ['# head\n---\na: 1\n']],
    ['a: 1\r\n---\r\nb: 2\r\n', ['a: 1\r\n', '---\r\nb: 2\r\n']],
    ['a: |\n  x\n  ---\n  y\n', ['a: |\n  x\n  ---\n  y\n']],
    ['a: 1\n----\n', ['a: 1\n----\n']],
    ['--- a\n--- b\n', ['--- a\n', '--- b\n']],
    ['', ['']],
  ])('%j', (text, slices) => {
    expect(texts(text)).toEqual(slices);
    expect(texts(text).join('')).toBe(text);
  });
});

describe('a file that changes', () => {
  const file = new ManifestFile();
  const before = file.update('a: 1\n---\nb: 2\n---\nc: 3\n').map(({ parsed }) => parsed);
  const after = file.update('a: 1\n---\nb: 22\nd: 4\n---\nc: 3\n');

  test('keeps the results of documents that stayed as they were', () => {
    expect(after.map(({ parsed }, index) => parsed === before[index])).toEqual([true, false, true]);
  });

  test('knows where they stand now', () => {
    expect(after.map(({ start, end }) => [start, end])).toEqual([
      [0, 5],
      [5, 20],
      [20, 29],
    ]);
    expect(file.documentAt(19)).toBe(after[1]);
  });

  test('finds what stayed as it was again, when what is typed has become YAML', () => {
    const other = new ManifestFile();
    const text = `a:\n  b: 1\nc:\n${'  - d: [e, f]\n'.repeat(20)}`;
    const first = other.update(text)[0]?.parsed;
    expect(other.update(text.replace('b: 1', 'b: "1'))[0]?.parsed.problems).not.toEqual([]);
    const last = other.update(text.replace('b: 1', 'b: "1"'))[0]?.parsed;
    expect(last).toEqual(parseDocument(last?.text ?? ''));
    const itemOf = (value: unknown) => (value as { c: readonly unknown[] }).c[7];
    expect(itemOf(last?.root?.value)).toBe(itemOf(first?.root?.value));
  });

  test('knows most of what another text would be, also while what is typed is no YAML', () => {
    const other = new ManifestFile();
    const text = `a:\n  b: 1\nc:\n${'  - d: [e, f]\n'.repeat(20)}`;
    const itemOf = (value: unknown) => (value as { c: readonly unknown[] }).c[7];
    const known = itemOf(other.update(text)[0]?.parsed.root?.value);
    for (const typed of ['b: 1', 'b: "1']) {
      const [document] = other.update(text.replace('b: 1', typed));
      const instead = document?.parseInstead(text.replace('b: 1', 'b: mark'));
      expect(instead).toEqual(parseDocument(instead?.text ?? ''));
      expect(itemOf(instead?.root?.value)).toBe(known);
    }
  });

  test('forgets what it no longer holds', () => {
    const other = new ManifestFile();
    const [first] = other.update('a: 1\n');
    other.update('b: 1\n').forEach(({ parsed }) => parsed);
    expect(other.update('a: 1\n')[0]?.parsed).not.toBe(first?.parsed);
  });
});
