import { expect, test } from 'vitest';
import { sleep } from './clock.ts';
import { SteppedClock } from './stepped-clock.ts';

test('timers run in order of time, each at its own time', () => {
  const clock = new SteppedClock(1000);
  const ran: [string, number][] = [];
  clock.after(20, () => ran.push(['late', clock.now()]));
  clock.after(10, () => ran.push(['early', clock.now()]));
  clock.after(10, () => ran.push(['early too', clock.now()]));
  clock.advance(30);
  expect(ran).toEqual([
    ['early', 1010],
    ['early too', 1010],
    ['late', 1020],
  ]);
  expect(clock.monotonicMs()).toBe(30);
});

test('a timer set by a timer runs in the same step when it comes due in it', () => {
  const clock = new SteppedClock();
  let ran = 0;
  const again = () => {
    ran++;
    clock.after(10, again);
  };
  clock.after(10, again);
  clock.advance(35);
  expect(ran).toBe(3);
  expect(clock.nextTimerMs).toBe(5);
});

test('a cancelled timer never runs', () => {
  const clock = new SteppedClock();
  const cancel = clock.after(5, () => expect.unreachable());
  cancel();
  clock.advance(10);
  expect(clock.pendingTimers).toBe(0);
});

test('advanceAsync() lets what a timer woke up set its next timer', async () => {
  const clock = new SteppedClock();
  const times: number[] = [];
  const loop = async () => {
    for (let i = 0; i < 3; i++) {
      await sleep(clock, 10);
      times.push(clock.monotonicMs());
    }
  };
  const done = loop();
  await clock.advanceAsync(30);
  await done;
  expect(times).toEqual([10, 20, 30]);
});

test('an aborted sleep rejects with the reason and leaves no timer', async () => {
  const clock = new SteppedClock();
  const stop = new AbortController();
  const sleeping = sleep(clock, 10, stop.signal);
  stop.abort(new Error('stopping'));
  await expect(sleeping).rejects.toThrow('stopping');
  expect(clock.pendingTimers).toBe(0);
});
