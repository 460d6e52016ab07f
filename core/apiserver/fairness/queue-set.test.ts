import { describe, expect, test } from 'vitest';
import { SteppedClock } from '../../machinery/stepped-clock.ts';
import { QueueSet } from './queue-set.ts';
import type { GivenSeats, QueueSetLimits, Refusal } from './queue-set.ts';
import { flowHash, hand } from './shuffle-sharding.ts';

const queuing = { queues: 64, handSize: 6, queueLengthLimit: 3 };

/** What entered, by the name of the flow, in the order of being served. */
function scene(limits: QueueSetLimits) {
  const clock = new SteppedClock();
  const set = new QueueSet(clock, limits, 15_000);
  const served: { readonly flow: string; readonly seats: GivenSeats }[] = [];
  const refused: string[] = [];
  const note = (flow: string, outcome: GivenSeats | Refusal) => {
    if (typeof outcome === 'string') refused.push(`${flow} ${outcome}`);
    else served.push({ flow, seats: outcome });
  };
  return {
    clock,
    set,
    refused,
    enter: (
      flow: string,
      { seats = 1, signal = new AbortController().signal }: { seats?: number; signal?: AbortSignal } = {},
    ) => {
      const outcome = set.enter({ seats, hash: () => flowHash('s', flow), signal, onQueued: () => {} });
      if (outcome instanceof Promise) void outcome.then((settled) => note(flow, settled));
      else note(flow, outcome);
    },
    /** Ends the one served longest, `tookMs` after it began. */
    next: async (tookMs = 3): Promise<string | undefined> => {
      clock.advance(tookMs);
      const done = served.shift();
      done?.seats.release();
      await Promise.resolve();
      await Promise.resolve();
      return done?.flow;
    },
    flows: () => served.map(({ flow }) => flow),
  };
}

describe('the seats of a level', () => {
  test('are given at once while there are any', () => {
    const { enter, set, flows } = scene({ seats: 2, queuing });
    enter('a');
    enter('b');
    expect(flows()).toEqual(['a', 'b']);
    expect(set.takenSeats).toBe(2);
  });

  test('are refused at once where nobody may wait', async () => {
    const { enter, refused, next, flows } = scene({ seats: 1 });
    enter('a');
    enter('b');
    expect(refused).toEqual(['b concurrency-limit']);
    await next();
    enter('b');
    expect(flows()).toEqual(['b']);
  });

  test('go round between flows, however much one of them asks', async () => {
    const { enter, next } = scene({ seats: 1, queuing: { ...queuing, queueLengthLimit: 100 } });
    enter('first');
    for (let index = 0; index < 60; index++) enter('greedy');
    enter('modest');
    enter('modest');
    const order: (string | undefined)[] = [];
    for (let index = 0; index < 10; index++) order.push(await next());
    // The greedy one may wait in six queues: the modest one has its turn when each of them had one.
    expect(order.filter((flow) => flow === 'modest')).toHaveLength(2);
  });

  test('are reckoned by how long they were held', async () => {
    const { enter, next, flows } = scene({
      seats: 1,
      queuing: { queues: 2, handSize: 1, queueLengthLimit: 100 },
    });
    const [slow, quick] = ['a', 'b', 'c', 'd', 'e'].reduce<string[]>((flows, flow) => {
      const queue = hand(flowHash('s', flow), 2, 1)[0] ?? 0;
      flows[queue] ??= flow;
      return flows;
    }, []);
    if (slow === undefined || quick === undefined) throw new Error('the flows share a queue');
    enter('first');
    for (let index = 0; index < 10; index++) {
      enter(slow);
      enter(quick);
    }
    await next();
    const order: (string | undefined)[] = [];
    for (let index = 0; index < 11; index++) order.push(await next(flows()[0] === slow ? 30 : 3));
    expect(order.filter((flow) => flow === quick).length).toBeGreaterThan(6);
  });

  test('are waited for in a queue that ends somewhere, and not for ever', async () => {
    const { enter, refused, clock } = scene({
      seats: 1,
      queuing: { queues: 1, handSize: 1, queueLengthLimit: 2 },
    });
    enter('a');
    for (const flow of ['b', 'c', 'd']) enter(flow);
    expect(refused).toEqual(['d queue-full']);
    await clock.advanceAsync(15_000);
    expect(refused).toEqual(['d queue-full', 'b time-out', 'c time-out']);
    expect(clock.pendingTimers).toBe(0);
  });

  test('are no longer waited for by who has left', async () => {
    const { enter, refused, next, flows } = scene({ seats: 1, queuing });
    const gone = new AbortController();
    enter('a');
    enter('b', { signal: gone.signal });
    enter('c');
    gone.abort();
    await next();
    expect(refused).toEqual(['b cancelled']);
    expect(flows()).toEqual(['c']);
  });

  test('are kept together for who needs several', async () => {
    const { enter, next, flows } = scene({ seats: 4, queuing });
    for (let index = 0; index < 4; index++) enter('narrow');
    enter('wide', { seats: 3 });
    enter('later');
    await next();
    await next();
    expect(flows()).not.toContain('later');
    await next();
    expect(flows()).toEqual(['narrow', 'wide']);
    // Wider than everything there is: alone.
    const all = scene({ seats: 2, queuing });
    all.enter('huge', { seats: 10 });
    expect(all.flows()).toEqual(['huge']);
  });

  test('may become more while somebody waits', async () => {
    const { enter, set, flows } = scene({ seats: 1, queuing });
    for (const flow of ['a', 'b', 'c']) enter(flow);
    set.configure({ seats: 2, queuing: { ...queuing, queues: 16 } });
    await Promise.resolve();
    await Promise.resolve();
    expect(flows()).toHaveLength(2);
  });
});

describe('a hand', () => {
  test('has different cards of the whole deck, the same for the same flow', () => {
    const seen = new Set<number>();
    for (let index = 0; index < 300; index++) {
      const dealt = hand(flowHash('s', String(index)), 16, 4);
      expect(new Set(dealt).size).toBe(4);
      for (const card of dealt) seen.add(card);
    }
    expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: 16 }, (_, index) => index));
    expect(hand(flowHash('s', 'a'), 16, 4)).toEqual(hand(flowHash('s', 'a'), 16, 4));
    expect(hand(7n, 2, 8)).toHaveLength(2);
  });
});
