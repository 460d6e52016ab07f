import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { alteredInteger } from './integers.ts';

describe('alteredInteger()', () => {
  test.each([
    ['{"a":1795282353123456789}', '1795282353123456789'],
    ['[1,-9007199254740993 ]', '-9007199254740993'],
    ['{"b":"x\\\\","a":9223372036854775807}', '9223372036854775807'],
    // Go has a float there, too.
    ['[18446744073709551615,100000000000000000000]', undefined],
    ['[9007199254740991,1795282353123456800,1234567890123456.5,1.0000000000000000001,1e16]', undefined],
    ['{"1795282353123456789":"1795282353123456789\\"1795282353123456789"}', undefined],
  ])('in %s finds %s', (text, found) => expect(alteredInteger(text)).toBe(found));

  test('does not read a million digits to find that they are no integer of 64 bits', () => {
    expect(alteredInteger(`[${'9'.repeat(1_000_000)}]`)).toBeUndefined();
  });

  test('finds none in what JSON.stringify wrote', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.double({ noNaN: true, noDefaultInfinity: true }), (value, number) => {
        expect(alteredInteger(JSON.stringify([value, number]))).toBeUndefined();
      }),
    );
  });
});
