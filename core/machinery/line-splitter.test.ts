import { describe, expect, test } from 'vitest';
import { LineSplitter } from './line-splitter.ts';

describe('LineSplitter', () => {
  const split = (...chunks: readonly (string | Buffer)[]) => {
    const splitter = new LineSplitter();
    return [...chunks.flatMap((chunk) => splitter.push(Buffer.from(chunk))), ...splitter.end()];
  };

  test('puts lines together that come in pieces', () => {
    expect(split('one\ntw', 'o\nthr', 'ee')).toEqual(['one', 'two', 'three']);
  });

  test('takes Windows line ends for line ends', () => {
    expect(split('one\r\n', 'two\r\n')).toEqual(['one', 'two']);
  });

  test('keeps characters whole whose bytes come apart', () => {
    const bytes = Buffer.from('grün\n');
    expect(split(bytes.subarray(0, 3), bytes.subarray(3))).toEqual(['grün']);
  });

  test('hands out endless lines in pieces', () => {
    const lines = split('x'.repeat(100_000));
    expect(lines.map(({ length }) => length)).toEqual([65_536, 34_464]);
  });

  test('keeps empty lines', () => {
    expect(split('\n\na\n')).toEqual(['', '', 'a']);
  });
});
