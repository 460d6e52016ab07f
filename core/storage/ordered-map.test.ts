import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OrderedView } from './ordered-map.ts';
import { OrderedMap, prefixEnd } from './ordered-map.ts';

describe('OrderedMap', () => {
  test('agrees with a sorted Map under any sequence of changes, and its snapshots do not move', () => {
    const change = fc.record({
      key: fc.integer({ min: 0, max: 999 }).map((number) => `/pods/${number}`),
      remove: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 1500, size: 'max' }), (changes) => {
        const map = new OrderedMap<number>();
        const model = new Map<string, number>();
        const kept: { view: OrderedView<number>; expected: number[] }[] = [];
        changes.forEach(({ key, remove }, index) => {
          if (remove) expect(map.delete(key)).toBe(model.delete(key));
          else {
            map.set(key, index);
            model.set(key, index);
          }
          if (index % 300 === 0) kept.push({ view: map.snapshot(), expected: sorted(model) });
        });
        expect(map.size).toBe(model.size);
        expect(valuesOf(map.snapshot())).toEqual(sorted(model));
        for (const { view, expected } of kept) expect(valuesOf(view)).toEqual(expected);
      }),
      { numRuns: 30, seed: 7 },
    );
  });

  test('shrinks back to nothing when every key is deleted in either direction', () => {
    const keys = Array.from({ length: 5_000 }, (_, index) => String(index).padStart(5, '0'));
    for (const order of [keys, keys.toReversed()]) {
      const map = new OrderedMap<string>();
      for (const key of keys) map.set(key, key);
      for (const key of order) expect(map.delete(key)).toBe(true);
      expect(map.size).toBe(0);
      expect(valuesOf(map.snapshot())).toEqual([]);
      map.set('again', 'yes');
      expect(map.get('again')).toBe('yes');
    }
  });

  test('ranks, counts and pages by prefix without walking', () => {
    const map = new OrderedMap<number>();
    for (const space of ['a', 'ab', 'b'])
      for (let i = 0; i < 300; i++) map.set(`/pods/${space}/${1000 + i}`, i);
    const view = map.snapshot();
    expect(view.count('/pods/')).toBe(900);
    expect(view.count('/pods/ab/')).toBe(300);
    expect(view.count('/pods/ab/', '/pods/ab/1009')).toBe(290);
    expect(view.count('/pods/ab/', '/pods/b/')).toBe(0);
    expect(view.count('/nodes/')).toBe(0);
    expect(view.rank('/pods/b/')).toBe(600);
    expect(valuesOf(view, '/pods/ab/', '/pods/ab/1298')).toEqual([299]);
    expect(valuesOf(view, '/pods/ab/')).toEqual(Array.from({ length: 300 }, (_, index) => index));
    expect(valuesOf(view, '/pods/c')).toEqual([]);
  });

  test('the end of a prefix is behind everything that starts with it', () => {
    expect(prefixEnd('/pods/')).toBe('/pods0');
    expect(prefixEnd('a\uffff')).toBe('b');
    expect(prefixEnd('')).toBeUndefined();
  });
});

function sorted(model: Map<string, number>): number[] {
  return [...model].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}

function valuesOf<V>(view: OrderedView<V>, prefix = '', startAfter?: string): V[] {
  return [...view.runs(prefix, startAfter)].flat();
}
