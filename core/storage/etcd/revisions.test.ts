import { expect, test } from 'vitest';
import { endOf, etcdRevisionOf, isEnd, placeOf, revisionAt } from './revisions.ts';

const keys = Array.from({ length: 20_000 }, (_, index) => `/registry/core/pods/default/pod-${index}`);

test('a change is after all of the transaction before its own, and before the end of its own', () => {
  for (const key of keys.slice(0, 2_000)) {
    const revision = revisionAt(8, key);
    expect(revision).toBeGreaterThan(endOf(7));
    expect(revision).toBeLessThan(endOf(8));
    expect([etcdRevisionOf(revision), isEnd(revision)]).toEqual([8, false]);
  }
  expect([etcdRevisionOf(endOf(8)), isEnd(endOf(8))]).toEqual([8, true]);
});

test('keys are spread over all places', () => {
  const counts = new Map<number, number>();
  for (const key of keys) counts.set(placeOf(key), (counts.get(placeOf(key)) ?? 0) + 1);
  expect(counts.size).toBeGreaterThan(3_900);
  expect(Math.max(...counts.values())).toBeLessThan(25);
});

test('revisions are exact for as long as anybody will run a cluster', () => {
  const last = 2 ** 41 - 2;
  expect(endOf(last)).toBeLessThan(Number.MAX_SAFE_INTEGER);
  expect(etcdRevisionOf(revisionAt(last, keys[0] as string))).toBe(last);
});
