import { describe, expect, test } from 'vitest';
import { conflict } from '../../api/errors.ts';
import { SteppedClock } from '../../machinery/stepped-clock.ts';
import { Controller, type ControllerOptions } from './controller.ts';

function start(options: Omit<ControllerOptions, 'name' | 'clock'>) {
  const clock = new SteppedClock();
  const stop = new AbortController();
  const controller = new Controller({ name: 'test', clock, ...options });
  const ended = controller.run(stop.signal);
  return { clock, controller, stop, ended };
}

describe('a controller', () => {
  test('retries what fails, later and later, until it succeeds', async () => {
    const atMs: number[] = [];
    const errors: unknown[] = [];
    const { clock, controller } = start({
      reconcile: () => {
        atMs.push(clock.monotonicMs());
        return atMs.length < 4 ? Promise.reject(new Error('not yet')) : Promise.resolve();
      },
      onError: (error) => errors.push(error),
    });
    controller.queue.add('a');
    await clock.advanceAsync(1000);
    expect(atMs).toEqual([0, 5, 15, 35]);
    expect(errors).toHaveLength(3);
    expect(controller.queue.failures('a')).toBe(0);
  });

  test('retries a lost race without a word', async () => {
    let calls = 0;
    const { clock, controller } = start({
      reconcile: () =>
        ++calls === 1
          ? Promise.reject(conflict({ group: 'apps', plural: 'deployments' }, 'web', 'it changed'))
          : Promise.resolve(),
      onError: (error) => expect.fail(String(error)),
    });
    controller.queue.add('a');
    await clock.advanceAsync(10);
    expect(calls).toBe(2);
  });

  test('comes back when asked to', async () => {
    const atMs: number[] = [];
    const { clock, controller } = start({
      reconcile: () => {
        atMs.push(clock.monotonicMs());
        return Promise.resolve(atMs.length === 1 ? { requeueAfterMs: 700 } : undefined);
      },
    });
    controller.queue.add('a');
    await clock.advanceAsync(5000);
    expect(atMs).toEqual([0, 700]);
  });

  test('works on no more keys at a time than it has workers, and ends a reconcile that hangs', async () => {
    const begun: string[] = [];
    const { clock, controller } = start({
      workers: 2,
      deadlineMs: 100,
      reconcile: (key, signal) => {
        begun.push(key);
        return new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        });
      },
    });
    for (const key of ['a', 'b', 'c']) controller.queue.add(key);
    await clock.advanceAsync(99);
    expect(begun).toEqual(['a', 'b']);
    await clock.advanceAsync(1);
    expect(begun).toEqual(['a', 'b', 'c']);
  });

  test('ends with its signal, passing it on to the reconcile under way', async () => {
    let aborted = false;
    const { controller, stop, ended, clock } = start({
      reconcile: (_, signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            aborted = true;
            reject(signal.reason as Error);
          });
        }),
      onError: (error) => expect.fail(String(error)),
    });
    controller.queue.add('a');
    await clock.advanceAsync(0);
    stop.abort();
    await ended;
    expect(aborted).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });
});
