import { describe, expect, test } from 'vitest';
import { conflict, StatusError } from '../../api/errors.ts';
import { SteppedClock } from '../../machinery/stepped-clock.ts';
import { mostTries, Tries } from './retry.ts';

const refused = (retryAfterSeconds?: number) =>
  new StatusError(
    'TooManyRequests',
    'Too many requests, please try again later.',
    retryAfterSeconds === undefined ? {} : { retryAfterSeconds },
  );

/** How a call fares whose every try comes to this. */
async function fate(tries: Tries, clock: SteppedClock, error: unknown, signal?: AbortSignal) {
  let count = 1;
  const over = (async () => {
    for (;;) {
      await tries.next(error, signal);
      count++;
    }
  })();
  const ends: unknown[] = [];
  over.catch((thrown: unknown) => ends.push(thrown));
  while (ends.length === 0) await clock.advanceAsync(1_000);
  return { count, why: ends[0], tookMs: clock.monotonicMs() };
}

describe('a call that core has no turn for', () => {
  test('is tried as often as client-go does, each time when core says', async () => {
    const clock = new SteppedClock();
    const error = refused(2);
    const { count, why, tookMs } = await fate(new Tries(clock, mostTries), clock, error);
    expect([count, why === error]).toEqual([10, true]);
    expect(tookMs).toBeGreaterThanOrEqual(18_000);
    expect(clock.pendingTimers).toBe(0);
  });

  test('is tried no longer than it may last', async () => {
    const clock = new SteppedClock();
    const { count, tookMs } = await fate(new Tries(clock, mostTries, 5_000), clock, refused(2));
    expect(count).toBe(3);
    expect(tookMs).toBeLessThanOrEqual(5_000);
    await expect(new Tries(clock, mostTries, 30_000).next(refused(30), undefined)).rejects.toThrow();
  });

  test('has less time left with every try', async () => {
    const clock = new SteppedClock();
    const tries = new Tries(clock, mostTries, 5_000);
    const next = tries.next(refused(2), undefined);
    await clock.advanceAsync(2_000);
    await next;
    expect(tries.leftMs).toBe(3_000);
    expect(new Tries(clock, mostTries).leftMs).toBeUndefined();
  });

  test('is waited for no longer than anybody wants it', async () => {
    const clock = new SteppedClock();
    const stop = new AbortController();
    const next = new Tries(clock, mostTries).next(refused(1), stop.signal);
    stop.abort(new Error('gone'));
    await expect(next).rejects.toThrow('gone');
    expect(clock.pendingTimers).toBe(0);
  });
});

test.each([
  ['core does not say when', refused()],
  ['core says at once', refused(0)],
  ['it was served and failed', conflict({ group: '', plural: 'pods' }, 'a', 'changed')],
  ['nobody is there', new StatusError('ServiceUnavailable', 'no answer', { retryAfterSeconds: 1 })],
  ['it is no answer', new Error('broken')],
])('a call is tried once where %s', async (_why, error) => {
  const clock = new SteppedClock();
  await expect(new Tries(clock, mostTries).next(error, undefined)).rejects.toBe(error);
  expect(clock.pendingTimers).toBe(0);
});
