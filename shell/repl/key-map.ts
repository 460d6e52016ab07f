import { keyLabel } from '../terminal/key-decoder.ts';
import type { Key } from '../terminal/keys.ts';

export type EditorAction =
  | 'accept'
  | 'accept-word'
  | 'backward-char'
  | 'backward-delete-char'
  | 'backward-kill-blank-word'
  | 'backward-kill-line'
  | 'backward-kill-word'
  | 'backward-word'
  | 'cancel'
  | 'capitalize-word'
  | 'clear-screen'
  | 'complete'
  | 'complete-backwards'
  | 'delete-char-or-leave'
  | 'delete-char'
  | 'down'
  | 'downcase-word'
  | 'escape'
  | 'forward-char'
  | 'interrupt'
  | 'kill-line'
  | 'kill-word'
  | 'line-end'
  | 'line-start'
  | 'newline'
  | 'previous-argument'
  | 'search-backwards'
  | 'search-forwards'
  | 'suspend'
  | 'transpose'
  | 'undo'
  | 'up'
  | 'upcase-word'
  | 'yank'
  | 'yank-previous';

export interface Binding<Action> {
  /** As `keyLabel` spells them, most usual first. */
  readonly keys: readonly string[];
  readonly action: Action;
  readonly help: string;
}

/** The editor's keys: GNU Readline's Emacs mode, with fish's ghost text on →. Help is printed from this table. */
export const editorKeys: readonly Binding<EditorAction>[] = [
  { keys: ['Enter', 'Ctrl-Enter'], action: 'accept', help: 'run the line; choose from the menu' },
  { keys: ['Alt-Enter'], action: 'newline', help: 'begin another line' },
  { keys: ['Tab'], action: 'complete', help: 'complete; then list; then go through the list' },
  { keys: ['Shift-Tab'], action: 'complete-backwards', help: 'go back through the list' },
  { keys: ['Esc', 'Alt-Esc'], action: 'escape', help: 'close the list or the search' },
  { keys: ['Ctrl-C'], action: 'interrupt', help: 'clear the line; cancel what runs' },
  {
    keys: ['Ctrl-D'],
    action: 'delete-char-or-leave',
    help: 'delete a character; leave when the line is empty',
  },
  { keys: ['Ctrl-Z'], action: 'suspend', help: 'stop the shell, as any other program' },
  { keys: ['Ctrl-L'], action: 'clear-screen', help: 'clear the screen' },
  { keys: ['↑', 'Ctrl-P'], action: 'up', help: 'line above, then older history that begins like this' },
  { keys: ['↓', 'Ctrl-N'], action: 'down', help: 'line below, then newer history' },
  { keys: ['Ctrl-R'], action: 'search-backwards', help: 'search history; again for older' },
  { keys: ['Ctrl-S'], action: 'search-forwards', help: 'search towards newer history' },
  { keys: ['Ctrl-G'], action: 'cancel', help: 'leave the search, line as it was' },
  {
    keys: ['→', 'Ctrl-F'],
    action: 'forward-char',
    help: 'a character right; at the end take the suggestion',
  },
  { keys: ['←', 'Ctrl-B'], action: 'backward-char', help: 'a character left' },
  {
    keys: ['Alt-f', 'Ctrl-→', 'Alt-→'],
    action: 'accept-word',
    help: 'a word right; at the end a word of the suggestion',
  },
  { keys: ['Alt-b', 'Ctrl-←', 'Alt-←'], action: 'backward-word', help: 'a word left' },
  { keys: ['Ctrl-A', 'Home'], action: 'line-start', help: 'start of the line' },
  { keys: ['Ctrl-E', 'End'], action: 'line-end', help: 'end of the line; there take the suggestion' },
  {
    keys: ['Backspace', 'Ctrl-H', 'Shift-Backspace'],
    action: 'backward-delete-char',
    help: 'delete the character before',
  },
  { keys: ['Delete'], action: 'delete-char', help: 'delete the character at the cursor' },
  { keys: ['Ctrl-K'], action: 'kill-line', help: 'cut to the end of the line' },
  { keys: ['Ctrl-U'], action: 'backward-kill-line', help: 'cut to the start of the line' },
  { keys: ['Ctrl-W'], action: 'backward-kill-blank-word', help: 'cut back to a space' },
  { keys: ['Alt-d', 'Ctrl-Delete', 'Alt-Delete'], action: 'kill-word', help: 'cut the word after' },
  { keys: ['Alt-Backspace', 'Ctrl-Backspace'], action: 'backward-kill-word', help: 'cut the word before' },
  { keys: ['Ctrl-Y'], action: 'yank', help: 'paste what was cut' },
  { keys: ['Alt-y'], action: 'yank-previous', help: 'after Ctrl-Y: what was cut before that' },
  { keys: ['Alt-.', 'Alt-_'], action: 'previous-argument', help: 'last word of the previous line' },
  { keys: ['Ctrl-T'], action: 'transpose', help: 'swap two characters' },
  { keys: ['Alt-u'], action: 'upcase-word', help: 'word to upper case' },
  { keys: ['Alt-l'], action: 'downcase-word', help: 'word to lower case' },
  { keys: ['Alt-c'], action: 'capitalize-word', help: 'capitalise the word' },
  { keys: ['Ctrl-_'], action: 'undo', help: 'undo' },
];

/** Looks a key up in a table; the first entry that names it wins. */
export function actionFor<Action>(table: readonly Binding<Action>[], pressed: Key): Action | undefined {
  const label = keyLabel(pressed);
  return table.find(({ keys }) => keys.includes(label))?.action;
}

/** Rows of help: keys, then what they do. */
export function helpLines<Action>(table: readonly Binding<Action>[]): string[] {
  const spelled = table.map(({ keys, help }) => ({ keys: keys.map(spell).join(' or '), help }));
  const width = Math.max(...spelled.map(({ keys }) => keys.length));
  return spelled.map(({ keys, help }) => `${keys.padEnd(width)}   ${help}`);
}

/** A capital letter is typed with Shift, which the table need not say but the reader likes to see. */
function spell(key: string): string {
  return /^[A-Z]$/.test(key) ? `Shift-${key}` : key;
}
