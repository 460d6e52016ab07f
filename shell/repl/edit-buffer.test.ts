import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { graphemeBoundaries } from '../terminal/width.ts';
import { edit, type EditState } from './edit-buffer.ts';
import { editCommand } from './editor-commands.ts';
import type { EditorAction } from './key-map.ts';
import { KillRing } from './kill-ring.ts';

/** `|` stands for the cursor. */
function state(marked: string): EditState {
  const cursor = marked.indexOf('|');
  return edit(marked.replace('|', ''), cursor);
}

function after(marked: string, ...actions: EditorAction[]): string {
  const ring = new KillRing();
  const { text, cursor } = actions.reduce(
    (now, action) => editCommand(now, action, ring) ?? now,
    state(marked),
  );
  return `${text.slice(0, cursor)}|${text.slice(cursor)}`;
}

describe('editing', () => {
  test.each<[string, EditorAction, string]>([
    ['get pods|', 'backward-word', 'get |pods'],
    ['delete pod/web-1|', 'backward-word', 'delete pod/web-|1'],
    ['get pods|', 'line-start', '|get pods'],
    ['a\nb|c', 'line-start', 'a\n|bc'],
    ['|ab\nc', 'line-end', 'ab|\nc'],
    ['日本|', 'backward-char', '日|本'],
    ['e\u0301|', 'backward-delete-char', '|'],
    ['👩‍👩‍👧|x', 'backward-delete-char', '|x'],
    ['|日x', 'delete-char', '|x'],
    ['ab|', 'delete-char', 'ab|'],
    ['get po|ds', 'kill-line', 'get po|'],
    ['a|\nb', 'kill-line', 'a|b'],
    ['get po|ds', 'backward-kill-line', '|ds'],
    ['get pod/web-1  |', 'backward-kill-blank-word', 'get |'],
    ['get pod/web-1|', 'backward-kill-word', 'get pod/web-|'],
    ['get |pods now', 'kill-word', 'get | now'],
    ['ab|c', 'transpose', 'acb|'],
    ['abc|', 'transpose', 'acb|'],
    ['|abc', 'transpose', '|abc'],
    ['a|', 'transpose', 'a|'],
    ['|wORD x', 'capitalize-word', 'Word| x'],
    ['|word x', 'upcase-word', 'WORD| x'],
    ['|', 'backward-delete-char', '|'],
    ['|', 'backward-word', '|'],
  ])('%s, %s: %s', (before, action, expected) => {
    expect(after(before, action)).toBe(expected);
  });

  test('kills in a row are pasted together, in the order they stood', () => {
    expect(after('one two three|', 'backward-kill-blank-word', 'backward-kill-blank-word', 'yank')).toBe(
      'one two three|',
    );
    expect(after('|one two', 'kill-word', 'kill-word', 'yank', 'yank')).toBe('one twoone two|');
  });

  test('keeps the cursor on a grapheme boundary whatever is done', () => {
    const actions = fc.constantFrom<EditorAction>(
      'backward-char',
      'backward-word',
      'line-start',
      'line-end',
      'backward-delete-char',
      'delete-char',
      'kill-line',
      'backward-kill-line',
      'backward-kill-blank-word',
      'kill-word',
      'yank',
      'transpose',
      'upcase-word',
      'newline',
    );
    const texts = fc
      .array(fc.constantFrom('a', ' ', '日', 'e\u0301', '👩‍👧', '\n', '-', '🇩🇪', 'ß'))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(texts, fc.array(actions, { maxLength: 30 }), (text, steps) => {
        const ring = new KillRing();
        let now = edit(text);
        for (const step of steps) {
          now = editCommand(now, step, ring) ?? now;
          expect(graphemeBoundaries(now.text)).toContain(now.cursor);
        }
      }),
    );
  });
});
