import { expect, test } from 'vitest';
import { put } from '../../test/conformance/storage-helpers.ts';
import { SteppedClock } from '../machinery/stepped-clock.ts';
import { runCompactor } from './compactor.ts';
import { MemoryStore } from './memory/store.ts';

test('the compactor keeps what is younger than an interval and forgets what is older than two', async () => {
  const store = new MemoryStore();
  const clock = new SteppedClock();
  const controller = new AbortController();
  const running = runCompactor({ store, clock, intervalMs: 1_000, onError: () => {} }, controller.signal);
  const first = await put(store, '/a', '1');
  await put(store, '/a', '2');
  await clock.advanceAsync(1_000);
  const second = await put(store, '/a', '3');
  await put(store, '/a', '4');
  await clock.advanceAsync(1_000);
  await expect(store.list('/', { revision: first })).rejects.toMatchObject({ reason: 'compacted' });
  await expect(store.list('/', { revision: second })).resolves.toMatchObject({ revision: second });
  await clock.advanceAsync(1_000);
  await expect(store.list('/', { revision: second })).rejects.toMatchObject({ reason: 'compacted' });
  controller.abort();
  await running;
});

test('the compactor goes on after the store was away', async () => {
  const store = new MemoryStore();
  const clock = new SteppedClock();
  const controller = new AbortController();
  const errors: unknown[] = [];
  const away = { revision: () => Promise.reject(new Error('away')) };
  const flaky = new Proxy(store, {
    get: (target, name) =>
      clock.monotonicMs() < 500 && name === 'revision' ? away.revision : bound(target, name),
  });
  const onError = (error: unknown) => errors.push(error);
  const running = runCompactor({ store: flaky, clock, intervalMs: 1_000, onError }, controller.signal);
  const first = await put(store, '/a', '1');
  await put(store, '/a', '2');
  await clock.advanceAsync(2_000);
  expect(errors.length).toBe(1);
  await expect(store.list('/', { revision: first })).rejects.toMatchObject({ reason: 'compacted' });
  controller.abort();
  await running;
});

function bound(target: MemoryStore, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name);
  return typeof value === 'function' ? value.bind(target) : value;
}
