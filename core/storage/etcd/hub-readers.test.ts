import { expect, test } from 'vitest';
import { SteppedClock } from '../../machinery/stepped-clock.ts';
import type { WatchBatch } from '../storage.ts';
import { HubReaders } from './hub-readers.ts';

function change(key: string, revision: number): WatchBatch {
  return { revision, changes: [{ kind: 'delete', key, revision, previous: undefined }] };
}

test('a batch wakes the readers it concerns at once, and the others no more often than every 20 ms', async () => {
  const clock = new SteppedClock();
  const readers = new HubReaders(clock);
  const woken: string[] = [];
  for (const prefix of ['/registry/pods/', '/registry/nodes/']) {
    const reader = readers.add(prefix);
    const follow = (): unknown =>
      reader.wait().then(() => {
        woken.push(prefix);
        follow();
      });
    follow();
  }
  const told = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return woken.splice(0);
  };
  readers.wakeFor(change('/registry/pods/a', 1));
  expect(await told()).toEqual(['/registry/pods/', '/registry/nodes/']);
  readers.wakeFor(change('/registry/pods/a', 2));
  readers.wakeFor(change('/registry/pods/b', 3));
  expect(await told()).toEqual(['/registry/pods/']);
  clock.advance(20);
  expect(await told()).toEqual(['/registry/pods/', '/registry/nodes/']);
  clock.advance(60);
  readers.wakeFor(change('/elsewhere', 4));
  expect(await told()).toEqual(['/registry/pods/', '/registry/nodes/']);
});

test('a reader that was removed is not woken any more', async () => {
  const readers = new HubReaders(new SteppedClock());
  const reader = readers.add('/registry/pods/');
  let woken = false;
  void reader.wait().then(() => (woken = true));
  readers.remove(reader);
  readers.wakeAll();
  await new Promise((resolve) => setImmediate(resolve));
  expect(woken).toBe(false);
});
