import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FieldSelector, parseFieldSelector } from './field-selector.ts';
import {
  LabelSelector,
  parseLabelSelector,
  selectorFromLabels,
  selectorFromObject,
  type LabelRequirement,
} from './label-selector.ts';
import { cpuMs } from '../../test/expectations/cpu-time.ts';

describe('label selectors as text', () => {
  test.each([
    ['a=b', 'a=b'],
    ['a==b', 'a=b'],
    [' a = b , c != d ', 'a=b,c!=d'],
    ['e in (g,f,f)', 'e in (f,g)'],
    ['h notin(i)', 'h notin (i)'],
    ['!k,j', 'j,!k'],
    ['a=', 'a='],
    ['a=,b', 'a=,b'],
    ['x in ()', 'x in ()'],
    ['x in (,a)', 'x in (,a)'],
    ['in in (in,notin)', 'in in (in,notin)'],
    ['notin=in', 'notin=in'],
    ['n>5,m<6', 'm<6,n>5'],
    ['example.com/tier=web', 'example.com/tier=web'],
    ['', ''],
    ['  ', ''],
  ])('%j reads as %j', (text, canonical) => {
    const selector = parseLabelSelector(text);
    expect(selector.toString()).toBe(canonical);
    expect(parseLabelSelector(canonical).requirements).toEqual(selector.requirements);
  });

  test.each([
    ['a=b,', "found '', expected: !, identifier (at position 4)"],
    [',a', "found ',', expected: !, identifier (at position 0)"],
    ['a b', "found 'b', expected: in, notin, =, ==, !=, gt, lt (at position 2)"],
    ['a=b c', "found 'c', expected: ',' or 'end of string' (at position 4)"],
    ['a in b', "found 'b', expected: '(' (at position 5)"],
    ['a in (b', "found '', expected: ',' or ')' (at position 7)"],
    ['a in (b c)', "found 'c', expected: ',' or ')' (at position 8)"],
    ['!a=b', "found '=', expected: ',' or 'end of string' (at position 2)"],
    ['a=(b)', "found '(', expected: identifier (at position 2)"],
    ['a,-b=c', 'key "-b": name part must consist of alphanumeric'],
    ['a=b@c', 'value "b@c": a valid label must be an empty string'],
    ['a>b', 'the value must be an integer'],
    ['a=!', "found '!', expected: identifier"],
  ])('%j is refused and says where', (text, reason) => {
    expect(() => parseLabelSelector(text)).toThrow(reason);
  });

  test('hostile text is refused in linear time', () => {
    const spent = cpuMs(() => {
      expect(() => parseLabelSelector(`a in (${'('.repeat(300_000)}`)).toThrow('expected');
      expect(() => parseLabelSelector(' '.repeat(300_000) + '=')).toThrow('expected');
    });
    expect(spent).toBeLessThan(2_000);
  });
});

describe('matching labels', () => {
  test.each([
    ['a=1', { a: '1' }, true],
    ['a=1', { a: '2' }, false],
    ['a=1', {}, false],
    ['a!=1', { a: '2' }, true],
    ['a!=1', {}, true],
    ['a notin (1,2)', {}, true],
    ['a notin (1,2)', { a: '2' }, false],
    ['a in (1,2)', { a: '2' }, true],
    ['a in (1,2)', {}, false],
    ['a', { a: '' }, true],
    ['a', {}, false],
    ['!a', {}, true],
    ['!a', { a: '' }, false],
    ['a>5', { a: '10' }, true],
    ['a>5', { a: 'x' }, false],
    ['a<5', { a: '-3' }, true],
    ['a<5', {}, false],
    ['a=1,b=2', { a: '1', b: '3' }, false],
    ['constructor', {}, false],
    ['!toString', {}, true],
    ['', { a: '1' }, true],
  ])('%j against %j is %s', (text, labels, matches) => {
    expect(parseLabelSelector(text).matches(labels)).toBe(matches);
  });

  test('missing labels are no labels', () => {
    expect(parseLabelSelector('!a').matches(undefined)).toBe(true);
    expect(parseLabelSelector('a').matches(undefined)).toBe(false);
  });
});

describe('label selectors as objects', () => {
  test('absent selects nothing and empty selects everything', () => {
    expect(selectorFromObject(undefined).matches({})).toBe(false);
    expect(selectorFromObject(null)).toBe(LabelSelector.nothing);
    expect(selectorFromObject({}).matches({ a: 'b' })).toBe(true);
    expect(selectorFromObject({ matchLabels: {} }).isEverything).toBe(true);
    expect(LabelSelector.nothing.isEverything).toBe(false);
  });

  test('labels and expressions must all hold', () => {
    const selector = selectorFromObject({
      matchLabels: { app: 'web' },
      matchExpressions: [
        { key: 'tier', operator: 'In', values: ['b', 'a'] },
        { key: 'old', operator: 'DoesNotExist' },
      ],
    });
    expect(selector.toString()).toBe('app=web,!old,tier in (a,b)');
    expect(selector.matches({ app: 'web', tier: 'a' })).toBe(true);
    expect(selector.matches({ app: 'web', tier: 'a', old: '' })).toBe(false);
  });

  test.each([
    [
      { matchExpressions: [{ key: 'a', operator: 'Near', values: [] }] },
      '"Near" is not a valid label selector operator',
    ],
    [
      { matchExpressions: [{ key: 'a', operator: 'Gt', values: ['1'] }] },
      '"Gt" is not a valid label selector operator',
    ],
    [{ matchExpressions: [{ key: 'a', operator: 'In' }] }, "values set can't be empty"],
    [{ matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] }, 'values set must be empty'],
    [{ matchExpressions: [null] }, 'not a valid label selector operator'],
    [{ matchLabels: { 'a b': 'c' } }, 'key "a b"'],
    ['a=b', 'it is not an object'],
  ])('%j is refused', (selector, reason) => expect(() => selectorFromObject(selector)).toThrow(reason));

  test('an exact value is offered to an index', () => {
    const selector = parseLabelSelector('a=1,b in (2),c in (3,4),d!=5');
    expect(['a', 'b', 'c', 'd', 'e'].map((key) => selector.exactValue(key))).toEqual([
      '1',
      '2',
      undefined,
      undefined,
      undefined,
    ]);
    expect(selectorFromLabels({ x: 'y' }).exactValue('x')).toBe('y');
  });
});

test('what a selector prints reads back as the same selector', () => {
  const word = fc.stringMatching(/^[a-z]([a-z0-9]{0,5})$/);
  const requirement: fc.Arbitrary<LabelRequirement> = fc.oneof(
    fc.record({
      key: word,
      operator: fc.constantFrom('=' as const, '!=' as const),
      values: fc.tuple(fc.oneof(word, fc.constant(''))),
    }),
    fc.record({
      key: word,
      operator: fc.constantFrom('in' as const, 'notin' as const),
      values: fc.array(word, { minLength: 1, maxLength: 4 }),
    }),
    fc.record({
      key: word,
      operator: fc.constantFrom('exists' as const, '!' as const),
      values: fc.constant([]),
    }),
  );
  fc.assert(
    fc.property(fc.array(requirement, { maxLength: 5 }), (requirements) => {
      const selector = LabelSelector.of(requirements);
      expect(parseLabelSelector(selector.toString()).requirements).toEqual(selector.requirements);
    }),
  );
});

describe('field selectors', () => {
  const matches = (text: string, fields: Record<string, string>) =>
    parseFieldSelector(text).matches((field) => fields[field]);

  test('match equality and inequality; an absent field is empty', () => {
    expect(
      matches('metadata.name=a,status.phase!=Running', { 'metadata.name': 'a', 'status.phase': 'Failed' }),
    ).toBe(true);
    expect(matches('metadata.name==a', { 'metadata.name': 'b' })).toBe(false);
    expect(matches('spec.nodeName=', {})).toBe(true);
    expect(matches('spec.nodeName!=', {})).toBe(false);
    expect(matches('', {})).toBe(true);
  });

  test('offer the exact value of a field', () => {
    const selector = parseFieldSelector('spec.nodeName=n1,status.phase!=Failed');
    expect(selector.exactValue('spec.nodeName')).toBe('n1');
    expect(selector.exactValue('status.phase')).toBeUndefined();
  });

  test('know escapes', () => {
    expect(parseFieldSelector(String.raw`a=b\,c\=d\\,e=f`).requirements).toEqual([
      { field: 'a', operator: '=', value: String.raw`b,c=d\ `.trim() },
      { field: 'e', operator: '=', value: 'f' },
    ]);
    expect(() => parseFieldSelector(String.raw`a=b\n`)).toThrow('invalid escape sequence');
    expect(() => parseFieldSelector('a=b\\')).toThrow('invalid escape sequence');
    expect(() => parseFieldSelector('a=b=c')).toThrow("unescaped '='");
    expect(() => parseFieldSelector('x=y,abc')).toThrow('can\'t understand "abc" (at position 4)');
  });

  test('print what reads back the same', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.stringMatching(/^[a-z.]{1,8}$/),
            fc.constantFrom('=' as const, '!=' as const),
            fc.string(),
          ),
        ),
        (terms) => {
          const selector = new FieldSelector(
            terms.map(([field, operator, value]) => ({ field, operator, value })),
          );
          expect(parseFieldSelector(selector.toString()).requirements).toEqual(selector.requirements);
        },
      ),
    );
  });
});
