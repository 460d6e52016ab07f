import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isQuantity, Quantity, quantityToMilli, quantityToNumber } from './quantity.ts';

const parse = (text: string | number) => Quantity.parse(text);

describe('the canonical form', () => {
  test.each([
    ['0', '0'],
    ['0Mi', '0'],
    ['-0', '0'],
    ['100m', '100m'],
    ['1000m', '1'],
    ['0.1', '100m'],
    ['0.5', '500m'],
    ['1.5', '1500m'],
    ['1500m', '1500m'],
    ['1k', '1k'],
    ['1000', '1k'],
    ['1024', '1024'],
    ['1024Ki', '1Mi'],
    ['1023Ki', '1023Ki'],
    ['0.5Gi', '512Mi'],
    ['1.5Gi', '1536Mi'],
    ['0.5Ki', '512'],
    ['500Mi', '500Mi'],
    ['128974848', '128974848'],
    ['129e6', '129e6'],
    ['129M', '129M'],
    ['1e3', '1e3'],
    ['1E3', '1e3'],
    ['1E', '1E'],
    ['1Ei', '1Ei'],
    ['12e-1', '1200e-3'],
    ['100n', '100n'],
    ['1u', '1u'],
    ['0.0000000001', '1n'],
    ['-0.0000000001', '-1n'],
    ['-1.5Ki', '-1536'],
    ['+3', '3'],
    ['1.', '1'],
    ['.5', '500m'],
    ['0.1Ki', '102400m'],
    ['1.1Ki', '1126400m'],
    ['9999Ei', '9223372036854775807'],
    ['1000000P', '1000E'],
  ])('of %s is %s', (text, canonical) => expect(parse(text).toString()).toBe(canonical));

  test('reads back as the same amount and stays as it is', () => {
    const suffix = fc.constantFrom(
      '',
      'n',
      'u',
      'm',
      'k',
      'M',
      'G',
      'T',
      'Ki',
      'Mi',
      'Gi',
      'Ti',
      'e3',
      'e-3',
      'E2',
    );
    const amount = fc.tuple(fc.integer({ min: -1e9, max: 1e9 }), fc.nat(999), suffix);
    fc.assert(
      fc.property(amount, ([whole, fraction, suffix]) => {
        const quantity = parse(`${whole}.${fraction}${suffix}`);
        const again = parse(quantity.toString());
        expect(again.nanos).toBe(quantity.nanos);
        expect(again.toString()).toBe(quantity.toString());
      }),
    );
  });
});

test.each([
  '',
  ' ',
  '.',
  '+',
  '1 Mi',
  '1mi',
  '1K',
  '1ki',
  '0x10',
  '1e',
  '1e1.5',
  '--1',
  'Mi',
  '1,5',
  'NaN',
  '1e999999999',
  '9'.repeat(200),
])('%j is refused', (text) => {
  expect(() => parse(text)).toThrow('Cannot read');
  expect(isQuantity(text)).toBe(false);
});

test('plain numbers and surrounding blanks are taken', () => {
  expect(parse(1).toString()).toBe('1');
  expect(parse(0.25).toString()).toBe('250m');
  expect(parse(1e21).toString()).toBe('1e21');
  expect(parse(' 5Mi ').toString()).toBe('5Mi');
  expect(isQuantity({})).toBe(false);
});

describe('arithmetic', () => {
  test('is exact and keeps the format', () => {
    expect(parse('0.1').add(parse('0.2')).toString()).toBe('300m');
    expect(parse('1Gi').sub(parse('1Mi')).toString()).toBe('1023Mi');
    expect(Quantity.zero.add(parse('1Gi')).toString()).toBe('1Gi');
    expect(parse('1Gi').add(parse('1')).toString()).toBe('1073741825');
    expect(parse('100m').multiply(30).toString()).toBe('3');
    expect(parse('5').negate().toString()).toBe('-5');
    expect(Quantity.fromMilli(250).toString()).toBe('250m');
    expect(Quantity.fromBytes(2 ** 30).toString()).toBe('1Gi');
    expect(Quantity.fromNanos(5n).toString()).toBe('5n');
    expect(JSON.stringify({ cpu: parse('1000m') })).toBe('{"cpu":"1"}');
  });

  test('compares across formats', () => {
    expect(parse('1Ki').compare(parse('1k'))).toBe(1);
    expect(parse('1').compare(parse('1001m'))).toBe(-1);
    expect(parse('1024').equals(parse('1Ki'))).toBe(true);
    expect([parse('-1').sign, parse('0').sign, parse('1n').sign]).toEqual([-1, 0, 1]);
  });

  test('rounds up, away from zero', () => {
    expect(parse('100100n').roundUp('milli').toString()).toBe('1m');
    expect(parse('1.1').roundUp('unit').toString()).toBe('2');
    expect(parse('-1.1').roundUp('unit').toString()).toBe('-2');
    expect(parse('1n').toMilli()).toBe(1);
    expect(parse('1.5').toNumber()).toBe(2);
    expect(parse('1.5').toFloat()).toBe(1.5);
    expect(parse('1Gi').toBytes()).toBe(2 ** 30);
  });

  test('subtracting what was added changes nothing', () => {
    const nanos = fc
      .bigInt({ min: -(10n ** 20n), max: 10n ** 20n })
      .map((value) => Quantity.fromNanos(value));
    fc.assert(
      fc.property(nanos, nanos, (a, b) => {
        expect(a.add(b).sub(b).nanos).toBe(a.nanos);
      }),
    );
  });
});

test('the short ways to numbers agree with the long one', () => {
  const suffix = fc.constantFrom('', 'm', 'k', 'M', 'Ki', 'Mi', 'Gi', 'Ti', 'u');
  fc.assert(
    fc.property(fc.nat(1_000_000), suffix, (amount, suffix) => {
      const text = `${amount}${suffix}`;
      expect(quantityToMilli(text)).toBe(parse(text).toMilli());
      expect(quantityToNumber(text)).toBe(parse(text).toNumber());
    }),
  );
  expect([quantityToMilli(2), quantityToMilli(0.5), quantityToNumber(3), quantityToNumber(1.5)]).toEqual([
    2000, 500, 3, 2,
  ]);
  expect(() => quantityToMilli('abc')).toThrow('Cannot read "abc" as a quantity');
});
