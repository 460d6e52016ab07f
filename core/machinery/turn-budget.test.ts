import { expect, test } from 'vitest';
import { nextTurn } from './next-turn.ts';
import { TurnBudget } from './turn-budget.ts';

test('a turn is shared out in order, and what is more than a turn has one for itself', async () => {
  const budget = new TurnBudget(10);
  const written: string[] = [];
  const write = async (name: string, amount: number) => {
    await budget.spend(amount);
    written.push(name);
  };
  const all = Promise.all([write('a', 6), write('b', 6), write('c', 25), write('d', 4), write('e', 4)]);
  const turns: string[] = [];
  while (written.length < 5) {
    await Promise.resolve();
    await Promise.resolve();
    turns.push(written.join(''));
    await nextTurn();
  }
  await all;
  expect([...new Set(turns), written.join('')]).toEqual(['ab', 'abc', 'abcde']);
});

test('what comes one after the other never waits', async () => {
  const budget = new TurnBudget(10);
  for (let times = 0; times < 3; times++) {
    expect(budget.spend(100)).toBeUndefined();
    await nextTurn();
  }
});
