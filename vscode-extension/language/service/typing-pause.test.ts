import { expect, test } from 'vitest';
import { typingPauseMs } from './typing-pause.ts';

test('a short check follows the key at once', () => {
  expect(typingPauseMs(2)).toBe(0);
});

test('a longer one waits for the next key, and both together stay below 70 ms for a manifest of 2,000 lines', () => {
  const checkMs = 52;
  expect(typingPauseMs(checkMs)).toBe(13);
  expect(checkMs + typingPauseMs(checkMs)).toBeLessThan(70);
});

test('nobody waits for ever for a file that is huge', () => {
  expect(typingPauseMs(8_000)).toBe(250);
});
