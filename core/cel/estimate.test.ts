import { expect, test } from 'vitest';
import { leastCost } from './estimate.ts';
import type { Extent } from './estimate.ts';

const texts: Extent = { count: 100 };
const self: Extent = {
  count: 0,
  member: (name) => (name === 'lists' ? { count: 10, element: () => texts } : texts),
};

test.each<[string, number]>([
  ['true', 0],
  ['self.a', 2],
  ['self.a.all(x, x > 1)', 2 + 100],
  ['self.lists.all(l, l.exists(x, x == 1))', 2 + 10 * (1 + 100)],
  ['self.a.filter(x, x > 1).all(y, y > 2)', 2 + 100 + 100],
  ['self.b ? self.a.all(x, x > 1) : true', 2 + 102],
  ['self.a.all(x, self.a.all(y, x == y))', 2 + 100 * (2 + 100 * 2)],
  ['size(self.unknown) > 1', 3],
])('%s costs at least %i', (expression, cost) => {
  expect(leastCost(expression, { self })).toBe(cost);
});
