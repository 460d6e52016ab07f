import { expect, test } from 'vitest';
import type { InformerFactory } from '../../client/informer-factory.ts';
import { Manager, type Runnable } from './manager.ts';
import { nextTurn } from '../../machinery/next-turn.ts';

const log: string[] = [];

function informers(synced: Promise<void> = Promise.resolve()): InformerFactory {
  return {
    informer: () => {
      throw new Error('No informer is needed here');
    },
    forget: () => undefined,
    run: (signal) => untilAborted('informers', signal),
    synced: () => synced,
  };
}

function part(name: string): Runnable {
  return { name, run: (signal) => untilAborted(name, signal) };
}

async function untilAborted(name: string, signal: AbortSignal): Promise<void> {
  log.push(`${name} begins`);
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  log.push(`${name} ends`);
}

test('parts begin when the caches are filled and end with the signal', async () => {
  log.length = 0;
  let filled: () => void = () => {};
  const stop = new AbortController();
  const running = new Manager(informers(new Promise((resolve) => (filled = resolve))), [
    part('a'),
    part('b'),
  ]).run(stop.signal);
  await nextTurn();
  expect(log).toEqual(['informers begins']);
  filled();
  await nextTurn();
  expect(log).toEqual(['informers begins', 'a begins', 'b begins']);
  stop.abort();
  await running;
  expect(log.slice(3).sort()).toEqual(['a ends', 'b ends', 'informers ends']);
});

test('a part that fails ends the others and is named', async () => {
  const failing: Runnable = { name: 'broken', run: () => Promise.reject(new Error('no')) };
  const running = new Manager(informers(), [part('a'), failing]).run(new AbortController().signal);
  await expect(running).rejects.toThrow('Part "broken" failed');
});
