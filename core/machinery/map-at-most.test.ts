import { describe, expect, test } from 'vitest';
import { settle } from '../../test/expectations/eventually.ts';
import { deferred } from './deferred.ts';
import { mapAtMost } from './map-at-most.ts';

const never = new AbortController().signal;

describe('work that is done a few items at a time', () => {
  test('gives its results in the order of the items, whichever is done first', async () => {
    const gates = [deferred<string>(), deferred<string>(), deferred<string>()];
    const begun: number[] = [];
    const work = (index: number) => (begun.push(index), gates[index]?.promise ?? Promise.resolve(''));
    const done = mapAtMost(2, [0, 1, 2], work, never);
    await settle();
    expect(begun).toEqual([0, 1]);
    gates[1]?.resolve('b');
    await settle();
    expect(begun).toEqual([0, 1, 2]);
    gates[2]?.resolve('c');
    gates[0]?.resolve('a');
    expect(await done).toEqual(['a', 'b', 'c']);
  });

  test('begins nothing after a failure', async () => {
    const begun: number[] = [];
    const work = async (index: number) => {
      begun.push(index);
      await settle(index);
      throw new Error(`no ${index}`);
    };
    await expect(mapAtMost(2, [1, 2, 3, 4], work, never)).rejects.toThrow('no 1');
    await settle();
    expect(begun).toEqual([1, 2]);
  });

  test('begins nothing once the signal has aborted', async () => {
    const stop = new AbortController();
    const begun: number[] = [];
    const work = (index: number) => {
      begun.push(index);
      stop.abort(new Error('enough'));
      return Promise.resolve();
    };
    await expect(mapAtMost(1, [1, 2], work, stop.signal)).rejects.toThrow('enough');
    expect(begun).toEqual([1]);
  });

  test('is nothing where there are no items', async () => {
    expect(await mapAtMost(4, [], () => Promise.reject(new Error('no')), never)).toEqual([]);
  });
});
