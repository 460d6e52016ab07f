import { expect, test } from 'vitest';
import { slowStart } from './slow-start.ts';

test('batches double: one, two, four and the rest', async () => {
  let open = 0;
  const batches: number[] = [];
  const { attempted } = await slowStart(10, async (index) => {
    open++;
    await Promise.resolve();
    if (open > 0) batches.push(open);
    open = 0;
    expect(index).toBeLessThan(10);
  });
  expect(attempted).toBe(10);
  expect(batches.filter((size) => size > 0)).toEqual([1, 2, 4, 3]);
});

test('a failure ends it after its batch', async () => {
  let calls = 0;
  const { attempted, error } = await slowStart(100, (index) => {
    calls++;
    return index === 2 ? Promise.reject(new Error('quota')) : Promise.resolve();
  });
  expect(calls).toBe(3);
  expect(attempted).toBe(3);
  expect(error).toEqual(new Error('quota'));
});

test('nothing to do is nothing done', async () => {
  const { attempted } = await slowStart(0, () => Promise.reject(new Error('called')));
  expect(attempted).toBe(0);
});
