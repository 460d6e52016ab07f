import { sanitizeLine } from '../../core/printers/sanitize.ts';
import type { Completion, Completions } from './command-line.ts';
import { commonPrefix, menuRows } from './completion-menu.ts';
import { replaceRange, type EditState } from './edit-buffer.ts';
import type { Span } from './layout.ts';

/** What Tab did: text to put in the line, and a menu to show when it was not decided yet. */
export interface CompletionStep {
  readonly state: EditState;
  readonly menu: CompletionMenu | undefined;
}

/** The first Tab: a single answer is taken; several are narrowed to what they share, and listed. */
export function beginCompletion(state: EditState, { from, items }: Completions): CompletionStep {
  const [only, ...others] = items;
  if (only === undefined || from < 0 || from > state.cursor) return { state, menu: undefined };
  if (others.length === 0) {
    return { state: put(state, from, only.text + (only.suffix ?? ' ')), menu: undefined };
  }
  const typed = state.text.slice(from, state.cursor);
  const shared = commonPrefix(items);
  // Completions that match by more than their beginning (case, aliases) must not shorten what was typed.
  const narrowed = shared.length > typed.length ? put(state, from, shared) : state;
  return { state: narrowed, menu: new CompletionMenu(narrowed, from, items) };
}

/** The open list: Tab walks it, the line shows the choice, Enter takes it, Escape takes it back. */
export class CompletionMenu {
  readonly original: EditState;
  readonly #from: number;
  readonly #items: readonly Completion[];
  #selected: number | undefined;

  constructor(original: EditState, from: number, items: readonly Completion[]) {
    this.original = original;
    this.#from = from;
    this.#items = items;
  }

  get choosing(): boolean {
    return this.#selected !== undefined;
  }

  move(steps: 1 | -1): EditState {
    const { length } = this.#items;
    const at = this.#selected ?? (steps > 0 ? -1 : length);
    this.#selected = (at + steps + length) % length;
    return put(this.original, this.#from, this.#items[this.#selected]?.text ?? '');
  }

  /** The choice for good, with what belongs after it. */
  take(): EditState {
    const item = this.#selected === undefined ? undefined : this.#items[this.#selected];
    return item === undefined
      ? this.original
      : put(this.original, this.#from, item.text + (item.suffix ?? ' '));
  }

  rows(columns: number, maxRows: number): readonly (readonly Span[])[] {
    return menuRows(this.#items, this.#selected, columns, maxRows);
  }
}

function put(state: EditState, from: number, text: string): EditState {
  return replaceRange(state, from, state.cursor, sanitizeLine(text));
}
