import { expect, test } from 'vitest';
import { SteppedClock } from '../stepped-clock.ts';
import { releaseMemoryWhenIdle } from './idle-memory.ts';

test('size matters while there is nothing to do, and speed as soon as there is', async () => {
  const clock = new SteppedClock();
  const flags: string[] = [];
  let share = 0.5;
  const stop = new AbortController();
  const done = releaseMemoryWhenIdle(clock, stop.signal, {
    utilization: () => ({ idle: 1 - share, active: share, utilization: share }),
    setFlag: (flag) => flags.push(flag),
  });
  const after = async (utilization: number) => {
    share = utilization;
    clock.advance(5_000);
    await new Promise((resolve) => setImmediate(resolve));
    return flags.splice(0);
  };
  expect(await after(0.5)).toEqual([]);
  expect(await after(0.04)).toEqual(['--optimize-for-size']);
  expect(await after(0)).toEqual([]);
  expect(await after(0.06)).toEqual(['--no-optimize-for-size']);
  expect(await after(0.01)).toEqual(['--optimize-for-size']);
  stop.abort();
  await done;
  expect(flags).toEqual(['--no-optimize-for-size']);
});
