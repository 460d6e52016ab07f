import { expect, test } from 'vitest';
import { boundedWarnings } from './warnings.ts';

test('warnings are told whole and once while they fit', () => {
  const long = 'x'.repeat(2_000);
  expect(boundedWarnings([long, 'short', long, ''])).toEqual([long, 'short']);
});

test('too many warnings are cut short, and those that do not fit then are left out', () => {
  const texts = Array.from({ length: 40 }, (_, index) => `${index} ${'ü'.repeat(300)}`);
  const told = boundedWarnings(texts);
  expect(told.length).toBeGreaterThan(5);
  expect(Math.max(...told.map((text) => text.length))).toBe(256);
  expect(told.reduce((sum, text) => sum + Buffer.byteLength(text), 0)).toBeLessThanOrEqual(4_096);
});
