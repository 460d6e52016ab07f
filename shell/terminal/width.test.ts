import { describe, expect, test } from 'vitest';
import { fit, graphemeBoundaries, graphemes, textWidth, truncate } from './width.ts';
import { cpuMs } from '../../test/expectations/cpu-time.ts';

describe('widths', () => {
  test('count cells, not characters', () => {
    expect(textWidth('web-1')).toBe(5);
    expect(textWidth('日本')).toBe(4);
    expect(textWidth('e\u0301')).toBe(1);
    expect(textWidth('👩‍👩‍👧‍👦')).toBe(2);
  });

  test('cut with an ellipsis and never through a grapheme', () => {
    expect(truncate('web-1', 5)).toBe('web-1');
    expect(truncate('web-12', 5)).toBe('web-…');
    expect(truncate('日本語', 5)).toBe('日本…');
    expect(truncate('日本語', 4)).toBe('日…');
    expect(truncate('anything', 0)).toBe('');
    expect(truncate('日', 1)).toBe('…');
  });

  test('fit exactly', () => {
    expect(fit('ab', 4)).toBe('ab  ');
    expect(fit('ab', 4, 'right')).toBe('  ab');
    expect(textWidth(fit('日本語日本語', 6))).toBe(6);
    expect(textWidth(fit('日本語日本語', 7))).toBe(7);
  });

  test('cut a ten-kilobyte name without measuring all of it', () => {
    const name = '日'.repeat(1_000_000);
    const spent = cpuMs(() => {
      for (let run = 0; run < 200; run += 1) expect(truncate(name, 20)).toBe(`${'日'.repeat(9)}…`);
    });
    expect(spent).toBeLessThan(4_000);
  });

  test('find where graphemes begin', () => {
    expect(graphemeBoundaries('ae\u0301👩‍👧b')).toEqual([0, 1, 3, 8, 9]);
    expect(graphemes('日a')).toEqual([
      { text: '日', width: 2 },
      { text: 'a', width: 1 },
    ]);
  });
});
