import { describe, expect, test } from 'vitest';
import { LogHistory } from './log-history.ts';
import { lineFilter, logText, SpeakerColors, withColors } from './log-text.ts';

const line = (text: string) => ({ pod: 'web-1', container: 'main', time: '2030-01-01T00:00:00Z', text });

describe('a line of a log', () => {
  test('begins with who says it, where several do', () => {
    const colors = new SpeakerColors();
    const shown = logText(line('hello'), { prefix: true, timestamps: false, colors });
    expect(shown).toMatch(/^\x1b\[\d+mweb-1 main\x1b\[0m hello$/);
    expect(logText(line('hello'), { prefix: false, timestamps: false, colors })).toBe('hello');
  });

  test('keeps its colours and nothing else that a terminal would obey', () => {
    expect(withColors('\x1b[31mred\x1b[0m \x1b]0;title\x07\x1b[2Jplain')).toBe(
      '\x1b[31mred\x1b[0m plain\x1b[0m',
    );
  });
});

describe('colours of those who speak', () => {
  const names = Array.from({ length: 12 }, (_, index) => `web-${index}/main`);

  test('differ as long as there are enough, and stay', () => {
    const colors = new SpeakerColors();
    const given = names.map((name) => colors.of(name));
    expect(new Set(given).size).toBe(12);
    expect(names.map((name) => colors.of(name))).toEqual(given);
  });

  test('are shared evenly after that', () => {
    const colors = new SpeakerColors();
    for (const name of names) colors.of(name);
    expect(new Set(names.map((name) => colors.of(`other-${name}`))).size).toBe(12);
  });

  test('are the same for the same name in another terminal', () => {
    const [one, other] = [new SpeakerColors(), new SpeakerColors()];
    expect(one.of('web-1/main')).toBe(other.of('web-1/main'));
  });
});

describe('a filter of lines', () => {
  test.each([
    ['err', 'an ERROR', true],
    ['err|warn', 'a warning', true],
    ['!health', 'GET /health', false],
    ['!health', 'GET /', true],
    ['(', 'an open ( parenthesis', true],
  ])('"%s" on "%s": %s', (filter, text, expected) => {
    expect(lineFilter(filter)?.(text)).toBe(expected);
  });

  test('of nothing is none', () => {
    expect(lineFilter('')).toBeUndefined();
    expect(lineFilter('!')).toBeUndefined();
  });
});

describe('the history of a log', () => {
  test('keeps the newest lines within its limit', () => {
    const history = new LogHistory(740);
    for (let index = 0; index < 1_000; index++)
      history.add([line(`number ${String(index).padStart(3, '0')}`)]);
    expect(history.lines.map(({ text }) => text)).toEqual(
      Array.from({ length: 10 }, (_, index) => `number ${990 + index}`),
    );
  });

  test('is not endless where all lines are empty', () => {
    const history = new LogHistory(64_000);
    for (let index = 0; index < 10_000; index++) history.add([line('')]);
    expect(history.lines).toHaveLength(1_000);
  });
});
