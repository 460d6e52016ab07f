import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deepFreeze } from '../json.ts';
import { applyMergePatch, createMergePatch, createThreeWayMergePatch } from './merge-patch.ts';

describe('applyMergePatch()', () => {
  // The examples of RFC 7386, appendix A.
  test.each<[unknown, unknown, unknown]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j with %j is %j', (target, patch, expected) =>
    expect(applyMergePatch(target, patch)).toEqual(expected),
  );

  test('shares what it does not change', () => {
    const target = deepFreeze({ a: { b: 1 }, c: { d: 1 } });
    const result = applyMergePatch(target, { c: { d: 2 } }) as typeof target;
    expect(result.a).toBe(target.a);
    expect(applyMergePatch(target, { a: { b: 1 }, x: null })).toBe(target);
  });
});

const withoutNull = fc.letrec<{ value: unknown; object: Record<string, unknown> }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.integer({ max: 3, min: 0 }),
    fc.array(fc.integer({ max: 2, min: 0 }), { maxLength: 2 }),
    tie('object'),
  ),
  object: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), tie('value'), { maxKeys: 4 }),
})).object;

describe('created patches', () => {
  test('of two documents yield the second', () => {
    fc.assert(
      fc.property(withoutNull, withoutNull, (original, modified) => {
        expect(applyMergePatch(original, createMergePatch(original, modified))).toEqual(modified);
      }),
    );
  });

  test('of three documents set what is applied, remove what no longer is, and keep what others added', () => {
    const original = { keep: 1, drop: 1, inner: { drop: 1, keep: 1 } };
    const modified = { keep: 2, inner: { keep: 1 }, new: [1] };
    const current = { keep: 5, drop: 1, inner: { drop: 1, keep: 7, added: 1 }, added: 1 };
    const patch = createThreeWayMergePatch(original, modified, current);
    expect(patch).toEqual({ keep: 2, drop: null, inner: { drop: null, keep: 1 }, new: [1] });
    expect(applyMergePatch(current, patch)).toEqual({
      keep: 2,
      inner: { keep: 1, added: 1 },
      added: 1,
      new: [1],
    });
  });

  test('are empty when nothing is to do', () => {
    expect(createThreeWayMergePatch({ a: { b: 1 } }, { a: { b: 1 } }, { a: { b: 1, c: 2 } })).toEqual({});
  });

  test('applied once leave nothing to do', () => {
    fc.assert(
      fc.property(withoutNull, withoutNull, withoutNull, (original, modified, current) => {
        const patched = applyMergePatch(current, createThreeWayMergePatch(original, modified, current));
        expect(createThreeWayMergePatch(modified, modified, patched as Record<string, unknown>)).toEqual({});
      }),
    );
  });
});
