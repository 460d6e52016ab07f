import { expect, test } from 'vitest';
import {
  nameSuffix,
  randomBelow,
  randomFraction,
  safeEncodeString,
  seededRandom,
  systemRandom,
  uuid,
} from './random.ts';

test('the same seed gives the same sequence and another seed another', () => {
  const draw = (seed: number) => {
    const random = seededRandom(seed);
    return Array.from({ length: 8 }, () => random.uint32());
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
});

test('uuid() has version 4 and the RFC variant', () => {
  const random = seededRandom(1);
  for (let i = 0; i < 200; i++) {
    expect(uuid(random)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
});

test('systemRandom keeps drawing past its pool without repeating itself', () => {
  const ids = new Set(Array.from({ length: 1000 }, () => uuid(systemRandom)));
  expect(ids.size).toBe(1000);
});

test('nameSuffix() uses only the safe alphabet, all of it', () => {
  const random = seededRandom(3);
  const letters = new Set(Array.from({ length: 300 }, () => nameSuffix(random)).join(''));
  expect([...letters].sort().join('')).toBe('2456789bcdfghjklmnpqrstvwxz');
  expect(nameSuffix(random, 8)).toHaveLength(8);
});

test('safeEncodeString() gives the hashes upstream puts into names', () => {
  // '0'..'9' are 48..57; 48 mod 27 is 21.
  expect(safeEncodeString('0123456789')).toBe('456789bcdf');
});

test('randomBelow() stays below its bound and randomFraction() below one', () => {
  const random = seededRandom(5);
  for (let i = 0; i < 1000; i++) {
    expect(randomBelow(random, 3)).toBeLessThan(3);
    expect(randomFraction(random)).toBeLessThan(1);
  }
});

test('randomBelow() draws again from the uneven tail', () => {
  const draws = [2 ** 32 - 1, 4];
  expect(randomBelow({ uint32: () => draws.shift() ?? 0 }, 10)).toBe(4);
});
