import { expect, test } from 'vitest';
import { Backoff, KeyedBackoff, backoffDelayMs } from './backoff.ts';

const tenSecondsToFiveMinutes = { initialMs: 10_000, maxMs: 300_000 };

test('delays double up to the cap', () => {
  const backoff = new Backoff(tenSecondsToFiveMinutes);
  const delays = Array.from({ length: 7 }, () => backoff.nextMs());
  expect(delays).toEqual([10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
  expect(backoff.failures).toBe(7);
});

test('reset() starts over', () => {
  const backoff = new Backoff(tenSecondsToFiveMinutes);
  backoff.nextMs();
  backoff.nextMs();
  backoff.reset();
  expect(backoff.nextMs()).toBe(10_000);
});

test('a very long row of failures stays at the cap', () => {
  expect(backoffDelayMs(tenSecondsToFiveMinutes, 5000)).toBe(300_000);
});

test('jitter lengthens the delay by at most its share and never past the cap', () => {
  const highest = { uint32: () => 2 ** 32 - 1 };
  const lowest = { uint32: () => 0 };
  expect(backoffDelayMs({ ...tenSecondsToFiveMinutes, jitter: 0.5, random: lowest }, 1)).toBe(10_000);
  expect(backoffDelayMs({ ...tenSecondsToFiveMinutes, jitter: 0.5, random: highest }, 1)).toBeCloseTo(15_000);
  expect(backoffDelayMs({ ...tenSecondsToFiveMinutes, jitter: 0.5, random: highest }, 9)).toBe(300_000);
});

test('keys back off on their own and are forgotten on their own', () => {
  const backoff = new KeyedBackoff<string>({ initialMs: 5, maxMs: 1000 });
  expect([backoff.nextMs('a'), backoff.nextMs('a'), backoff.nextMs('b')]).toEqual([5, 10, 5]);
  backoff.forget('a');
  expect(backoff.failures('a')).toBe(0);
  expect(backoff.failures('b')).toBe(1);
  expect(backoff.nextMs('a')).toBe(5);
});
