import { expect, test } from 'vitest';
import { RecentMap } from './recent-map.ts';

function kept(map: RecentMap<string, number>, keys: string): string {
  return keys
    .split('')
    .filter((key) => map.get(key) !== undefined)
    .join('');
}

test('the oldest are forgotten when there is no room for all', () => {
  const map = new RecentMap<string, number>(10);
  for (const key of ['a', 'b', 'c']) map.set(key, 1, 4);
  expect(kept(map, 'abc')).toBe('bc');
  map.set('d', 3, 2);
  expect(kept(map, 'abcd')).toBe('bcd');
  map.set('e', 4, 9);
  expect(kept(map, 'abcde')).toBe('e');
  expect(map.get('e')).toBe(4);
});

test('the newest is kept however large it is, until there is a newer one', () => {
  const map = new RecentMap<string, number>(10);
  map.set('small', 1, 1);
  map.set('large', 2, 1_000);
  expect(map.get('small')).toBeUndefined();
  expect(map.get('large')).toBe(2);
  map.set('small', 3, 1);
  expect(map.get('large')).toBeUndefined();
  expect(map.get('small')).toBe(3);
});

test('what is set again counts once and is the newest', () => {
  const map = new RecentMap<string, number>(10);
  map.set('a', 1, 5);
  map.set('b', 1, 5);
  for (let i = 0; i < 5; i++) map.set('a', i, 5);
  expect(kept(map, 'ab')).toBe('ab');
  map.set('c', 1, 5);
  expect(kept(map, 'abc')).toBe('ac');
});
