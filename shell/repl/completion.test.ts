import { describe, expect, test } from 'vitest';
import { commonPrefix, menuRows } from './completion-menu.ts';
import { beginCompletion } from './completion-session.ts';
import { edit } from './edit-buffer.ts';
import { withShellWords } from './shell-words.ts';

const items = (...texts: string[]) => texts.map((text) => ({ text }));
const rowTexts = (rows: ReturnType<typeof menuRows>) =>
  rows.map((spans) => spans.map((span) => span.text).join(''));

describe('completion', () => {
  test('takes a single answer with what follows it', () => {
    const { state, menu } = beginCompletion(edit('get po'), { from: 4, items: items('pods') });
    expect([state.text, state.cursor, menu]).toEqual(['get pods ', 9, undefined]);
    const open = beginCompletion(edit('logs po'), { from: 5, items: [{ text: 'pod/', suffix: '' }] });
    expect(open.state.text).toBe('logs pod/');
  });

  test('completes in the middle of a line', () => {
    const { state } = beginCompletion(edit('get po -A', 6), { from: 4, items: items('pods') });
    expect(state).toEqual({ text: 'get pods  -A', cursor: 9 });
  });

  test('narrows several to what they share and lists them', () => {
    const { state, menu } = beginCompletion(edit('get w'), { from: 4, items: items('web-1', 'web-2') });
    expect(state.text).toBe('get web-');
    expect(menu?.choosing).toBe(false);
    expect(menu?.move(1).text).toBe('get web-1');
    expect(menu?.move(1).text).toBe('get web-2');
    expect(menu?.move(1).text).toBe('get web-1');
    expect(menu?.move(-1).text).toBe('get web-2');
    expect(menu?.take().text).toBe('get web-2 ');
    expect(menu?.original.text).toBe('get web-');
  });

  test('does nothing without answers, or with one that cannot be', () => {
    expect(beginCompletion(edit('x'), { from: 0, items: [] }).state.text).toBe('x');
    expect(beginCompletion(edit('x'), { from: 9, items: items('y') }).state.text).toBe('x');
  });

  test('never takes control characters into the line', () => {
    expect(beginCompletion(edit(''), { from: 0, items: items('a\x1b[31m\rb') }).state.text).toBe('ab ');
  });

  test('shares whole graphemes only', () => {
    expect(commonPrefix(items('e\u0301a', 'e\u0302b'))).toBe('');
    expect(commonPrefix(items('日本', '日月'))).toBe('日');
  });
});

describe('the menu', () => {
  test('fills columns downwards', () => {
    expect(rowTexts(menuRows(items('a', 'b', 'c', 'd', 'e'), undefined, 9, 10))).toEqual(['a  c  e', 'b  d']);
  });

  test('shows the part around the selection of a long list, and how long it is', () => {
    const names = items(
      ...Array.from({ length: 100 }, (_, index) => `name-${String(index).padStart(40, '0')}`),
    );
    const rows = rowTexts(menuRows(names, 50, 60, 5));
    expect(rows).toHaveLength(5);
    expect(rows.at(-1)).toBe('… 51 of 100');
    expect(rows.slice(0, -1).some((row) => row.includes('0050'))).toBe(true);
  });

  test('puts descriptions beside items', () => {
    const rows = menuRows([{ text: 'get', description: 'list objects' }, { text: 'scale' }], 0, 60, 5);
    expect(rowTexts(rows)).toEqual(['get    list objects', 'scale']);
    expect(rows[0]?.[0]?.sgr).toBe('7');
  });
});

describe("the shell's own words", () => {
  test('complete among the first words only', () => {
    expect(withShellWords('ex', 2, { from: 0, items: items('exec') }).items.map((item) => item.text)).toEqual(
      ['exec', 'exit'],
    );
    expect(withShellWords('get ex', 6, { from: 4, items: [] }).items).toEqual([]);
  });
});
