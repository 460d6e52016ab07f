import { expect, test } from 'vitest';
import { deferred } from '../../../core/machinery/deferred.ts';
import { Limiter } from './limiter.ts';

const signal = new AbortController().signal;

test('no more than the limit run at once, and the others follow in order', async () => {
  const limiter = new Limiter(2);
  const gates = [deferred(), deferred(), deferred(), deferred()];
  const begun: number[] = [];
  const all = gates.map((gate, index) =>
    limiter.run(signal, async () => {
      begun.push(index);
      await gate.promise;
    }),
  );
  await Promise.resolve();
  expect(begun).toEqual([0, 1]);
  gates[1]?.resolve();
  await all[1];
  expect(begun).toEqual([0, 1, 2]);
  for (const gate of gates) gate.resolve();
  await Promise.all(all);
  expect(begun).toEqual([0, 1, 2, 3]);
});

test('work that fails gives its place back', async () => {
  const limiter = new Limiter(1);
  await expect(limiter.run(signal, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await expect(limiter.run(signal, () => Promise.resolve('yes'))).resolves.toBe('yes');
});

test('who gives up while waiting leaves the line', async () => {
  const limiter = new Limiter(1);
  const gate = deferred();
  const first = limiter.run(signal, () => gate.promise);
  const impatient = new AbortController();
  const second = limiter.run(impatient.signal, () => Promise.resolve('never'));
  const third = limiter.run(signal, () => Promise.resolve('third'));
  impatient.abort(new Error('gave up'));
  await expect(second).rejects.toThrow('gave up');
  gate.resolve();
  await first;
  await expect(third).resolves.toBe('third');
});

test('map keeps the order and begins nothing after a failure', async () => {
  const limiter = new Limiter(2);
  await expect(limiter.map([3, 1, 2], signal, (item) => Promise.resolve(item * 2))).resolves.toEqual([
    6, 2, 4,
  ]);
  const begun: number[] = [];
  const failing = limiter.map([0, 1, 2, 3], signal, async (item) => {
    begun.push(item);
    if (item === 0) throw new Error('item 0');
    await new Promise((resolve) => setImmediate(resolve));
  });
  await expect(failing).rejects.toThrow('item 0');
  await new Promise((resolve) => setImmediate(resolve));
  expect(begun).toEqual([0, 1]);
});

test('the second line stands still while somebody waits in the first', async () => {
  const limiter = new Limiter(1);
  const gate = deferred();
  const order: string[] = [];
  const note = (name: string) => () => {
    order.push(name);
    return Promise.resolve();
  };
  const all = [
    limiter.run(signal, () => gate.promise),
    limiter.run(signal, note('sandbox'), 'second'),
    limiter.run(signal, note('container'), 'first'),
  ];
  gate.resolve();
  await Promise.all(all);
  expect(order).toEqual(['container', 'sandbox']);
});
