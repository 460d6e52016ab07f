import { expect, test } from 'vitest';
import { typingPauseMs } from './typing-pause.ts';

test('a short check follows the key at once', () => {
  expect(typingPauseMs(2)).toBe(0);
});

test('so does one that is over before the next key, as of a manifest of 2,000 lines', () => {
  expect(typingPauseMs(52)).toBe(0);
});

test('a longer one waits for the next key', () => {
  expect(typingPauseMs(200)).toBe(50);
});

test('nobody waits for ever for a file that is huge', () => {
  expect(typingPauseMs(8_000)).toBe(250);
});
