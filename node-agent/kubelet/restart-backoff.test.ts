import { expect, test } from 'vitest';
import { containerNamed, sandboxWith } from '../../test/builders/observed.ts';
import { builtAtMs } from '../../test/builders/object.ts';
import { labels } from './labels.ts';
import { latestOf, observePod } from './observed-pod.ts';
import { restartBackoff } from './restart-backoff.ts';

function afterExit(recordedSeconds: number, ranMs: number) {
  const container = containerNamed()
    .labelled({ [labels.restartBackoffSeconds]: String(recordedSeconds) })
    .exited(1, builtAtMs + ranMs);
  const { notBeforeMs, nextSeconds } = restartBackoff(
    latestOf(observePod([sandboxWith([container])]), 'main'),
  );
  return { waitMs: notBeforeMs - (builtAtMs + ranMs), nextSeconds };
}

test('the first restart comes at once, then 10 s doubling to 300 s', () => {
  const waits: number[] = [];
  let seconds = 0;
  for (let restart = 0; restart < 8; restart++) {
    const { waitMs, nextSeconds } = afterExit(seconds, 1000);
    waits.push(waitMs / 1000);
    seconds = nextSeconds;
  }
  expect(waits).toEqual([0, 10, 20, 40, 80, 160, 300, 300]);
});

test('ten minutes of running end the back-off', () => {
  expect(afterExit(300, 599_000)).toEqual({ waitMs: 300_000, nextSeconds: 300 });
  expect(afterExit(300, 600_000)).toEqual({ waitMs: 0, nextSeconds: 10 });
});

test('what could not start counts from when it was made', () => {
  const failed = containerNamed()
    .failedToStart()
    .labelled({ [labels.restartBackoffSeconds]: '20' });
  const backoff = restartBackoff(latestOf(observePod([sandboxWith([failed])]), 'main'));
  expect(backoff).toEqual({ notBeforeMs: builtAtMs + 20_000, waitSeconds: 20, nextSeconds: 40 });
});

test('a container that never ran, or runs, waits for nothing', () => {
  expect(restartBackoff(undefined).notBeforeMs).toBe(0);
  expect(restartBackoff(latestOf(observePod([sandboxWith([containerNamed()])]), 'main')).notBeforeMs).toBe(0);
});
