import { expect, test } from 'vitest';
import { paint, wantsColors } from './colors.ts';

test('colours need a terminal, and give way to NO_COLOR, TERM=dumb and --color', () => {
  const wants = (
    isTerminal: boolean,
    choice: 'auto' | 'always' | 'never',
    env: Record<string, string> = {},
  ) => wantsColors({ isTerminal, choice, env });
  expect(wants(true, 'auto')).toBe(true);
  expect(wants(false, 'auto')).toBe(false);
  expect(wants(true, 'auto', { NO_COLOR: '1' })).toBe(false);
  expect(wants(true, 'auto', { NO_COLOR: '' })).toBe(true);
  expect(wants(true, 'auto', { TERM: 'dumb' })).toBe(false);
  expect(wants(false, 'always', { NO_COLOR: '1' })).toBe(true);
  expect(wants(true, 'never')).toBe(false);
});

test('paint() wraps in SGR only when colours are on', () => {
  expect(paint(true, 'Failed', 'bold', 'red')).toBe('\x1b[1;31mFailed\x1b[0m');
  expect(paint(false, 'Failed', 'red')).toBe('Failed');
  expect(paint(true, '', 'red')).toBe('');
});
