import { expect, test } from 'vitest';
import { systemClock } from './clock.ts';
import { LoopTime, loopTimeOf, Stints } from './loop-time.ts';
import { nextTurn } from './next-turn.ts';

function work(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

test('what comes all at once is done in order, in turns that last as long as they may and no longer', async () => {
  const time = new LoopTime(systemClock, 10);
  const done: number[] = [];
  const perTurn: number[] = [];
  const all = Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      await time.turn();
      work(2);
      done.push(index);
    }),
  );
  while (done.length < 40) {
    const before = done.length;
    await nextTurn();
    perTurn.push(done.length - before);
  }
  await all;
  expect(done).toEqual(Array.from({ length: 40 }, (_, index) => index));
  // One of its own, and what was begun in the last moment.
  expect(Math.max(...perTurn)).toBeLessThanOrEqual(10);
  expect(perTurn.length).toBeGreaterThanOrEqual(4);
});

test('whoever is next waits for what the one before sets off', async () => {
  const time = new LoopTime(systemClock, 1_000);
  const steps: string[] = [];
  await Promise.all(
    ['a', 'b'].map(async (name) => {
      await time.turn();
      for (let step = 0; step < 20; step++) {
        await Promise.resolve();
        steps.push(name);
      }
    }),
  );
  expect(steps.join('')).toBe('a'.repeat(20) + 'b'.repeat(20));
});

test('one that works longer than a turn holds up the next, and that is all', async () => {
  const time = new LoopTime(systemClock, 5);
  const turns: number[] = [];
  let turn = 0;
  const all = Promise.all(
    [20, 0, 0].map(async (ms) => {
      await time.turn();
      turns.push(turn);
      work(ms);
    }),
  );
  while (turns.length < 3) {
    await nextTurn();
    turn++;
  }
  await all;
  expect(turns[1]).toBeGreaterThan(turns[0]!);
  await nextTurn();
  await time.turn();
});

test('long work goes on in stints, between which others have their turns, not after each of its pieces', async () => {
  const time = loopTimeOf(systemClock);
  const others = { isWorking: true, turns: 0 };
  const busy = Array.from({ length: 20 }, async () => {
    for (; others.isWorking; others.turns++) {
      await time.turn();
      work(0.2);
    }
  });
  const stints = new Stints(systemClock);
  let pauses = 0;
  for (let piece = 0; piece < 500; piece++) {
    work(0.02);
    if (!stints.isOver) continue;
    pauses++;
    const before = others.turns;
    await stints.next();
    expect(others.turns).toBeGreaterThan(before);
  }
  others.isWorking = false;
  await Promise.all(busy);
  expect(pauses).toBeGreaterThan(0);
  expect(pauses).toBeLessThan(100);
});
