import {
  blankWordStart,
  changeCase,
  deleteLeft,
  deleteRight,
  end,
  home,
  insert,
  left,
  lineEnd,
  lineStart,
  replaceRange,
  transpose,
  wordLeft,
  wordRight,
  type EditState,
} from './edit-buffer.ts';
import type { EditorAction } from './key-map.ts';
import type { KillRing } from './kill-ring.ts';

/** Actions that need nothing but the text and the kill ring; undefined for all others. */
export function editCommand(state: EditState, action: EditorAction, ring: KillRing): EditState | undefined {
  switch (action) {
    case 'backward-char':
      return left(state);
    case 'backward-word':
      return wordLeft(state);
    case 'line-start':
      return home(state);
    case 'line-end':
      return end(state);
    case 'backward-delete-char':
      return deleteLeft(state);
    case 'delete-char':
      return deleteRight(state);
    case 'kill-line': {
      // At the end of a line it is the line break that goes, as in Emacs.
      const stop = lineEnd(state);
      return cut(state, state.cursor, stop === state.cursor ? stop + 1 : stop, ring);
    }
    case 'backward-kill-line': {
      const start = lineStart(state);
      return cut(state, start === state.cursor ? Math.max(0, start - 1) : start, state.cursor, ring);
    }
    case 'backward-kill-blank-word':
      return cut(state, blankWordStart(state), state.cursor, ring);
    case 'backward-kill-word':
      return cut(state, wordLeft(state).cursor, state.cursor, ring);
    case 'kill-word':
      return cut(state, state.cursor, wordRight(state).cursor, ring);
    case 'yank':
      return insert(state, ring.yank());
    case 'transpose':
      return transpose(state);
    case 'upcase-word':
      return changeCase(state, 'upper');
    case 'downcase-word':
      return changeCase(state, 'lower');
    case 'capitalize-word':
      return changeCase(state, 'capital');
    case 'newline':
      return insert(state, '\n');
    default:
      return undefined;
  }
}

export const killActions: ReadonlySet<EditorAction> = new Set([
  'kill-line',
  'backward-kill-line',
  'backward-kill-blank-word',
  'backward-kill-word',
  'kill-word',
]);

function cut(state: EditState, from: number, to: number, ring: KillRing): EditState {
  const text = state.text.slice(from, to);
  ring.kill(text, from < state.cursor);
  return replaceRange(state, from, Math.min(to, state.text.length), '');
}
