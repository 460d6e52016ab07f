import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { duplicateKeys } from './duplicate-keys.ts';
import {
  canonicalStringify,
  deepEqual,
  deepFreeze,
  formatPath,
  isObject,
  JsonParseError,
  ownMember,
  parseJson,
} from './json.ts';

describe('parseJson()', () => {
  test('reads bytes, also from the middle of a larger buffer', () => {
    const bytes = Buffer.from('xx{"a":"ü"}yy');
    expect(parseJson(bytes.subarray(2, bytes.length - 2))).toEqual({ a: 'ü' });
    expect(parseJson(new Uint8Array([0x31]))).toBe(1);
  });

  test('refuses text that is no JSON, with the parser’s reason', () => {
    expect(() => parseJson('{"a":}')).toThrow(/^Cannot parse JSON: Unexpected token/);
    expect(() => parseJson('')).toThrow(JsonParseError);
  });

  test('refuses too many bytes and too deep a nesting', () => {
    expect(() => parseJson('[1,2,3]', { maxBytes: 6 })).toThrow('the limit is 6');
    expect(parseJson('[[[1]]]', { maxDepth: 3 })).toEqual([[[1]]]);
    expect(() => parseJson('[[[[1]]]]', { maxDepth: 3 })).toThrow('nested too deeply');
    expect(() => parseJson('['.repeat(1_000_000) + ']'.repeat(1_000_000))).toThrow('nested too deeply');
    expect(() => parseJson('{"a":'.repeat(400_000) + '1' + '}'.repeat(400_000))).toThrow('nested too deeply');
  });

  test('refuses members that would reach for a prototype, however they are spelled', () => {
    expect(() => parseJson('{"a":{"__proto__":{"x":1}}}')).toThrow('"__proto__"');
    expect(() => parseJson('[{"\\u005f_proto__":1}]')).toThrow('"__proto__"');
    expect(parseJson('{"constructor":1}')).toEqual({ constructor: 1 });
  });
});

describe('duplicateKeys()', () => {
  test('gives the path of every repeated member', () => {
    const text = '{"a":1,"b":[{"c":1},{"c":{"d":"},{","d":2},"c":3}],"a":"\\"x"}';
    expect(duplicateKeys(text).map(formatPath)).toEqual(['b[1].c.d', 'b[1].c', 'a']);
  });

  test('tells of the first hundred, and of none in a depth that nothing is kept of', () => {
    const many = `{${Array.from({ length: 1_000 }, () => '"a":0').join()}}`;
    expect(duplicateKeys(many)).toEqual(Array.from({ length: 100 }, () => ['a']));
    const deep = `{"x":${'{"a":'.repeat(100_000)}{"b":0,"b":1}${'}'.repeat(100_000)},"x":1}`;
    expect(duplicateKeys(deep)).toEqual([['x']]);
  });

  test('sees through escapes', () => {
    expect(duplicateKeys('{"a":1,"\\u0061":2}')).toEqual([['a']]);
  });

  test('finds none in what JSON.stringify wrote', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(duplicateKeys(JSON.stringify(JSON.parse(text)))).toEqual([]);
      }),
    );
  });
});

describe('values', () => {
  test('are equal whatever the order of their members', () => {
    expect(deepEqual({ a: 1, b: [{ c: null }] }, { b: [{ c: null }], a: 1 })).toBe(true);
    expect(deepEqual({ a: 1, b: undefined }, { a: 1 })).toBe(true);
    expect(deepEqual({ a: 1 }, { a: 1, b: undefined })).toBe(true);
    expect(deepEqual([1, 2], [2, 1])).toBe(false);
    expect(deepEqual({ a: 1 }, { b: 1 })).toBe(false);
    expect(deepEqual([], {})).toBe(false);
    expect(deepEqual(null, {})).toBe(false);
    expect(deepEqual({ a: undefined, b: 1 }, { b: 1, c: 2 })).toBe(false);
    expect(deepEqual({ toString: 1 }, {})).toBe(false);
    expect(deepEqual({}, { toString: 1 })).toBe(false);
  });

  test('are equal exactly when their canonical texts are', () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(deepEqual(a, b)).toBe(canonicalStringify(a) === canonicalStringify(b));
        expect(deepEqual(a, JSON.parse(canonicalStringify(a)))).toBe(true);
      }),
    );
  });

  test('are frozen all the way down', () => {
    const value = deepFreeze({ a: [{ b: 1 }] });
    expect(() => {
      (value.a[0] as { b: number }).b = 2;
    }).toThrow(TypeError);
  });

  test('have members of their own only', () => {
    expect(ownMember({}, 'constructor')).toBeUndefined();
    expect(ownMember({ a: 1 }, 'a')).toBe(1);
    expect([isObject({}), isObject([]), isObject(null), isObject('a')]).toEqual([true, false, false, false]);
  });
});

test('formatPath() quotes keys that are no identifiers', () => {
  expect(formatPath(['spec', 'containers', 0, 'image'])).toBe('spec.containers[0].image');
  expect(formatPath(['metadata', 'labels', 'a.b/c'])).toBe('metadata.labels["a.b/c"]');
  expect(formatPath([])).toBe('');
});
