import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sanitizeLine, sanitizeText } from './sanitize.ts';
import { cpuMs } from '../../test/expectations/cpu-time.ts';

describe('sanitizeLine', () => {
  test.each([
    ['plain', 'plain'],
    ['\x1b[31mred\x1b[0m', 'red'],
    ['\x1b]0;title\x07after', 'after'],
    ['\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\', 'link'],
    ['\x9b31mC1', 'C1'],
    ['a\x1bPq#0\x1b\\b', 'ab'],
    ['two\r\nlines\tand tab', 'two lines and tab'],
    ['bell\x07 back\x08 del\x7f nul\0', 'bell back del nul'],
    ['\u202ereversed\u2066 iso\u2069', 'reversed iso'],
    ['zero\u200bwidth\ufeff', 'zerowidth'],
    ['lone \ud800 surrogate', 'lone \ufffd surrogate'],
    ['日本語 é e\u0301 عربي 👩‍👧', '日本語 é e\u0301 عربي 👩‍👧'],
    ['tag\u{e0041}', 'tag'],
  ])('makes %j into %j', (text, clean) => {
    expect(sanitizeLine(text)).toBe(clean);
  });

  test('thins out stacked marks', () => {
    expect(sanitizeLine(`e${'\u0301'.repeat(100)}`)).toBe(`e${'\u0301'.repeat(4)}`);
  });

  test('leaves nothing that steers a terminal, whatever it is given', () => {
    const nasty = fc.constantFrom(
      '\x1b',
      '[',
      ']',
      '3',
      '1',
      ';',
      'm',
      '\x07',
      '\x9b',
      '\x9d',
      '\x90',
      'P',
      '\\',
      '\n',
      '\u202e',
      'a',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(nasty).map((parts) => parts.join('')),
        ),
        (text) => {
          expect(sanitizeLine(text)).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
          expect(sanitizeText(text)).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('takes time in proportion to a hostile text', () => {
    const spent = cpuMs(() => {
      for (const piece of ['\x1b]', '\x1b[', '\u0301', '\x9d', '\x1b[0;'])
        sanitizeLine(piece.repeat(200_000));
    });
    expect(spent).toBeLessThan(10_000);
  });
});

describe('sanitizeText', () => {
  test('keeps lines and tabs', () => {
    expect(sanitizeText('a\r\nb\tc\n\x1b[1md')).toBe('a\nb\tc\nd');
  });
});
