import { expect, test } from 'vitest';
import { SteppedClock } from '../../machinery/stepped-clock.ts';
import type { WatchBatch } from '../storage.ts';
import { HubReaders } from './hub-readers.ts';

function change(key: string, revision: number): WatchBatch {
  return { revision, changes: [{ kind: 'delete', key, revision, previous: undefined }] };
}

/** What was woken since one asked last, one reader for each prefix. */
function follow(readers: HubReaders, ...prefixes: readonly string[]): () => Promise<readonly string[]> {
  const woken: string[] = [];
  for (const prefix of prefixes) {
    const reader = readers.add(prefix);
    const again = (): unknown =>
      reader.wait().then(() => {
        woken.push(prefix);
        again();
      });
    again();
  }
  return async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return woken.splice(0);
  };
}

test('a batch wakes the readers it concerns at once, and the others no more often than every second', async () => {
  const clock = new SteppedClock();
  const readers = new HubReaders({ position: 0 }, clock);
  const woken = follow(readers, '/registry/pods/', '/registry/nodes/');
  readers.wakeFor(change('/registry/pods/a', 1), 0);
  expect(await woken()).toEqual(['/registry/pods/', '/registry/nodes/']);
  readers.wakeFor(change('/registry/pods/a', 2), 1);
  readers.wakeFor(change('/registry/pods/b', 3), 2);
  expect(await woken()).toEqual(['/registry/pods/']);
  clock.advance(1_000);
  expect(await woken()).toEqual(['/registry/pods/', '/registry/nodes/']);
  clock.advance(3_000);
  readers.wakeFor(change('/elsewhere', 4), 3);
  expect(await woken()).toEqual(['/registry/pods/', '/registry/nodes/']);
});

test('a batch wakes the readers of every prefix of its keys, of any length', async () => {
  const readers = new HubReaders({ position: 0 }, new SteppedClock());
  readers.wakeFor(change('/elsewhere', 1), 0);
  const woken = follow(readers, '/a/', '/a/b', '/a/bc/', '/b/');
  readers.wakeFor(change('/a/bc/d', 2), 1);
  expect(await woken()).toEqual(['/a/', '/a/b', '/a/bc/']);
});

test('readers for whom somebody asked are woken when the store has come so far', async () => {
  const recent = { position: 1 };
  const readers = new HubReaders(recent, new SteppedClock());
  readers.wakeFor(change('/elsewhere', 1), 0);
  const woken = follow(readers, '/registry/pods/', '/registry/nodes/');
  readers.ask('/registry/pods/', 1);
  expect(await woken()).toEqual(['/registry/pods/']);
  readers.ask('/registry/pods/', 3);
  readers.ask('/registry/pods/', 2);
  readers.wakeFor(change('/elsewhere', 2), 1);
  expect(await woken()).toEqual(['/registry/pods/']);
  // Others ask for more before it is there, again and again: who waits for less still hears of it.
  readers.ask('/registry/pods/', 4);
  readers.wakeFor(change('/elsewhere', 3), 2);
  expect(await woken()).toEqual(['/registry/pods/']);
  readers.wakeFor(change('/elsewhere', 4), 3);
  expect(await woken()).toEqual(['/registry/pods/']);
  readers.wakeFor(change('/elsewhere', 5), 4);
  expect(await woken()).toEqual([]);
});

test('a reader hears up to where there was nothing for it, which the hub may have forgotten', async () => {
  const recent = { position: 10 };
  const readers = new HubReaders(recent, new SteppedClock());
  readers.wakeFor(change('/elsewhere', 1), 0);
  const passed = Promise.all([
    readers.add('/a/').wait(),
    readers.add('/b/').wait(),
    readers.add('/c/').wait(),
  ]);
  for (const revision of [11, 12, 13]) {
    recent.position = revision;
    readers.wakeFor(change(revision === 12 ? '/a/x' : '/elsewhere', revision), revision - 1);
  }
  readers.ask('/b/', 13);
  readers.wakeAll();
  expect(await passed).toEqual([11, 13, 0]);
});

test('a reader that was removed is not woken any more, others of its prefix are', async () => {
  const readers = new HubReaders({ position: 0 }, new SteppedClock());
  const woken = follow(readers, '/registry/pods/');
  const reader = readers.add('/registry/pods/');
  let told = false;
  void reader.wait().then(() => (told = true));
  readers.remove(reader);
  readers.wakeAll();
  readers.wakeFor(change('/registry/pods/a', 1), 0);
  expect(await woken()).toEqual(['/registry/pods/']);
  expect(told).toBe(false);
});
