import { expect, test } from 'vitest';
import { fnv1a32, templateHash } from './hash.ts';

test('fnv1a32() gives the published test values', () => {
  expect(fnv1a32('')).toBe(0x811c9dc5);
  expect(fnv1a32('a')).toBe(0xe40c292c);
  expect(fnv1a32('foobar')).toBe(0xbf9cf968);
  expect(fnv1a32(new Uint8Array([0x62, 0x61, 0x72]), fnv1a32('foo'))).toBe(fnv1a32('foobar'));
});

test('templateHash() depends on content, not on order, and changes with the collision count', () => {
  const hash = templateHash({ spec: { a: 1, b: 2 } });
  expect(hash).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
  expect(templateHash({ spec: { b: 2, a: 1 } })).toBe(hash);
  expect(templateHash({ spec: { a: 1, b: 3 } })).not.toBe(hash);
  expect(templateHash({ spec: { a: 1, b: 2 } }, 1)).not.toBe(hash);
  expect(templateHash({ spec: { a: 1, b: 2 } }, 2)).not.toBe(templateHash({ spec: { a: 1, b: 2 } }, 1));
});
