import { expect, test } from 'vitest';
import { shortList } from './short-list.ts';

const lines = (count: number) => Array.from({ length: count }, (_, index) => `configmap/${index}`);

test('a question names what it is about, as far as that fits on a screen', () => {
  expect(shortList(lines(20))).toEqual(lines(20));
  expect(shortList(lines(500))).toEqual([...lines(19), '… and 481 more']);
});
