import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SteppedClock } from './stepped-clock.ts';
import { WorkQueue } from './work-queue.ts';

function newQueue() {
  const clock = new SteppedClock();
  return { clock, queue: new WorkQueue({ clock }) };
}

describe('ready keys', () => {
  test('come in the order they were added, each once', async () => {
    const { queue } = newQueue();
    for (const key of ['a', 'b', 'a', 'c', 'b']) queue.add(key);
    expect(queue.length).toBe(3);
    expect([await queue.get(), await queue.get(), await queue.get()]).toEqual(['a', 'b', 'c']);
  });

  test('a key added while it is worked on comes again after done() and not before', async () => {
    const { queue } = newQueue();
    queue.add('a');
    await queue.get();
    queue.add('a');
    queue.add('a');
    expect(queue.length).toBe(0);
    queue.done('a');
    expect(await queue.get()).toBe('a');
    queue.done('a');
    expect(queue.length).toBe(0);
  });

  test('workers that wait are served in turn', async () => {
    const { queue } = newQueue();
    const first = queue.get();
    const second = queue.get();
    queue.add('a');
    queue.add('b');
    expect([await first, await second]).toEqual(['a', 'b']);
    expect(queue.processing).toBe(2);
  });

  test('done() for a key nobody works on changes nothing', async () => {
    const { queue } = newQueue();
    queue.add('a');
    queue.done('a');
    expect(await queue.get()).toBe('a');
  });

  test('an aborted worker gets undefined and loses no key', async () => {
    const { queue } = newQueue();
    const stop = new AbortController();
    const waiting = queue.get(stop.signal);
    stop.abort();
    expect(await waiting).toBeUndefined();
    queue.add('a');
    expect(await queue.get(stop.signal)).toBeUndefined();
    expect(await queue.get()).toBe('a');
  });
});

describe('delayed keys', () => {
  test('come when their delay has passed', async () => {
    const { clock, queue } = newQueue();
    queue.addAfter('late', 50);
    queue.addAfter('early', 10);
    clock.advance(9);
    expect(queue.length).toBe(0);
    clock.advance(1);
    expect(await queue.get()).toBe('early');
    clock.advance(40);
    expect(await queue.get()).toBe('late');
  });

  test('keep the earlier of two delays', () => {
    const { clock, queue } = newQueue();
    queue.addAfter('a', 50);
    queue.addAfter('a', 10);
    queue.addAfter('a', 90);
    expect(queue.delayed).toBe(1);
    clock.advance(10);
    expect([queue.length, queue.delayed]).toEqual([1, 0]);
  });

  test('cost one timer, and none when nothing waits', () => {
    const { clock, queue } = newQueue();
    for (let i = 0; i < 100; i++) queue.addAfter(`k${i}`, 100 - i);
    expect(clock.pendingTimers).toBe(1);
    clock.advance(100);
    expect(clock.pendingTimers).toBe(0);
    expect(queue.length).toBe(100);
  });

  test('come in order of their times, whatever order they were added in', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 2, max: 500 }), { maxLength: 60 }), async (delays) => {
        const { clock, queue } = newQueue();
        delays.forEach((delay, i) => queue.addAfter(`${i}`, delay * 2));
        const seen: number[] = [];
        for (let t = 0; t <= 500 && seen.length < delays.length; t++) {
          clock.advance(2);
          while (queue.length > 0) seen.push(delays[Number(await queue.get())] as number);
        }
        expect(seen).toEqual([...delays].sort((a, b) => a - b));
      }),
      { numRuns: 30 },
    );
  });
});

describe('back-off', () => {
  test('grows with every failure of the key until it is forgotten', () => {
    const { clock, queue } = newQueue();
    const delays: number[] = [];
    for (let i = 0; i < 4; i++) {
      queue.addRateLimited('a');
      delays.push(clock.nextTimerMs as number);
      clock.advance(1000);
    }
    expect(delays).toEqual([5, 10, 20, 40]);
    expect(queue.failures('a')).toBe(4);
    queue.forget('a');
    expect(queue.failures('a')).toBe(0);
  });
});

describe('shutting down', () => {
  test('ends waiting workers, refuses new keys, drops delayed ones and still hands out the queued', async () => {
    const { clock, queue } = newQueue();
    queue.add('queued');
    queue.addAfter('delayed', 5);
    queue.shutDown();
    queue.add('new');
    expect(clock.pendingTimers).toBe(0);
    expect(await queue.get()).toBe('queued');
    expect(await queue.get()).toBeUndefined();

    const other = newQueue().queue;
    const waiting = other.get();
    other.shutDown();
    expect(await waiting).toBeUndefined();
  });

  test('draining waits for queued keys and for keys dirtied while worked on', async () => {
    const { queue } = newQueue();
    queue.add('a');
    await queue.get();
    queue.add('a');
    let drained = false;
    const draining = queue.shutDownAndDrain().then(() => {
      drained = true;
    });
    queue.done('a');
    expect(await queue.get()).toBe('a');
    expect(drained).toBe(false);
    queue.done('a');
    await draining;
    expect(drained).toBe(true);
  });
});

test('a long queue is handed out in full and gives its memory back', async () => {
  const { clock } = newQueue();
  const queue = new WorkQueue<number>({ clock });
  for (let i = 0; i < 5000; i++) queue.add(i);
  for (let i = 0; i < 5000; i++) expect(await queue.get()).toBe(i);
  expect(queue.length).toBe(0);
});
