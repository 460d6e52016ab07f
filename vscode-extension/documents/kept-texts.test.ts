import { expect, test } from 'vitest';
import { KeptTexts } from './kept-texts.ts';

test('very many short texts are kept, as a comparison of very many objects needs them', () => {
  const kept = new KeptTexts(1_000_000);
  for (let index = 0; index < 2_000; index++) kept.add(`${index}`, 'x'.repeat(100));
  expect(kept.get('0')).toHaveLength(100);
});

test('the oldest make room for new ones, and the newest stays, however long it is', () => {
  const kept = new KeptTexts(10);
  kept.add('a', '12345');
  kept.add('b', '12345');
  expect([kept.get('a'), kept.get('b')]).toEqual(['12345', '12345']);
  kept.add('c', '1');
  expect([kept.get('a'), kept.get('b'), kept.get('c')]).toEqual([undefined, '12345', '1']);
  kept.add('d', 'x'.repeat(20));
  expect([kept.get('b'), kept.get('c'), kept.get('d')]).toEqual([undefined, undefined, 'x'.repeat(20)]);
});
