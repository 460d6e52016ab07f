import type { Clock } from '../../core/machinery/clock.ts';
import type { InputEvent, Key } from '../terminal/keys.ts';
import { sanitizeText } from '../../core/printers/sanitize.ts';
import type { KeyboardLease } from '../terminal/terminal.ts';
import type { Completions } from './command-line.ts';
import { beginCompletion, type CompletionMenu } from './completion-session.ts';
import { edit, emptyEdit, insert, lineAway, right, wordRight, type EditState } from './edit-buffer.ts';
import { editCommand, killActions } from './editor-commands.ts';
import type { History } from './history.ts';
import { HistorySearch, HistoryWalk } from './history-walk.ts';
import { actionFor, editorKeys, type EditorAction } from './key-map.ts';
import { KillRing } from './kill-ring.ts';
import type { Span } from './layout.ts';
import { PromptScreen, type EditorTerminal, type PromptView } from './prompt-screen.ts';

/** Completion that takes longer than this is given up: the cluster may be gone, the editor is not. */
const completionDeadlineMs = 3_000;
const undoSteps = 500;
/** More than any command; keeps a stray paste of a whole file from slowing every key. */
const longestTextCharacters = 1 << 20;

export type ReadResult =
  | { readonly kind: 'line'; readonly text: string }
  /** Ctrl-C: the line was thrown away. */
  | { readonly kind: 'interrupted' }
  /** Ctrl-D on an empty line, or the terminal is gone. */
  | { readonly kind: 'end' };

export interface LineEditorOptions {
  readonly terminal: EditorTerminal;
  readonly clock: Clock;
  readonly history: History;
  readonly complete?: (line: string, cursor: number, signal: AbortSignal) => Promise<Completions>;
  readonly needsMore?: (text: string) => boolean;
}

export interface ReadOptions {
  /** Read again for each drawing. */
  readonly prompt: () => readonly Span[];
  readonly signal?: AbortSignal;
}

/**
 * Reads one command at a time: Emacs keys, history, completion, search, ghost text. It only holds the keyboard while
 * it reads; what is typed in between is delivered to the next `read`.
 */
export class LineEditor {
  readonly #options: LineEditorOptions;
  readonly #screen: PromptScreen;
  readonly #ring = new KillRing();
  #state: EditState = emptyEdit;
  #undo: EditState[] = [];
  #menu: CompletionMenu | undefined;
  #search: { readonly search: HistorySearch; readonly before: EditState } | undefined;
  #lastQuery = '';
  #walk: HistoryWalk | undefined;
  #yanked: { readonly from: number; readonly length: number } | undefined;
  #completing: AbortController | undefined;
  #finish: ((result: ReadResult) => void) | undefined;

  constructor(options: LineEditorOptions) {
    this.#options = options;
    this.#screen = new PromptScreen(options.terminal, options.clock);
  }

  async read({ prompt, signal }: ReadOptions): Promise<ReadResult> {
    if (this.#finish !== undefined) throw new Error('Cannot read a line: the editor is already reading one');
    if (signal?.aborted === true) return { kind: 'end' };
    this.#clear();
    const view = (): PromptView => this.#view(prompt());
    let lease: KeyboardLease | undefined;
    let abort: (() => void) | undefined;
    try {
      return await new Promise<ReadResult>((resolve) => {
        this.#finish = (result) => {
          if (this.#finish === undefined) return;
          this.#finish = undefined;
          this.#completing?.abort();
          this.#menu = undefined;
          this.#search = undefined;
          this.#screen.finish(result.kind === 'interrupted' ? '^C' : '');
          // Released here and not after the await: the very next key of the same chunk is type-ahead already.
          lease?.release();
          resolve(result);
        };
        abort = () => this.#finish?.({ kind: 'end' });
        signal?.addEventListener('abort', abort, { once: true });
        lease = this.#options.terminal.borrowKeys(
          (event) => this.#handle(event),
          this.#screen.borrowing(view),
        );
      });
    } finally {
      if (abort !== undefined) signal?.removeEventListener('abort', abort);
      lease?.release();
    }
  }

  #clear(): void {
    this.#state = emptyEdit;
    this.#undo = [];
    this.#walk = undefined;
    this.#yanked = undefined;
    this.#ring.endChain();
  }

  #handle(event: InputEvent): void | 'keep' {
    if (event.kind === 'cursor') {
      this.#screen.cursorReported(event.row, event.column);
      return;
    }
    if (this.#finish === undefined) return 'keep';
    this.#completing?.abort();
    this.#completing = undefined;
    if (event.kind === 'paste') this.#paste(event.text);
    else this.#press(event);
    if (this.#finish !== undefined) this.#screen.invalidate();
  }

  #paste(text: string): void {
    const clean = sanitizeText(text.replace(/\r\n?/g, '\n')).replace(/\n+$/, '');
    if (this.#search !== undefined) this.#search.search.type(clean.split('\n')[0] ?? '');
    else {
      this.#menu = undefined;
      this.#change(insert(this.#state, clean));
    }
  }

  #press(key: Key): void {
    const action = actionFor(editorKeys, key);
    if (this.#search !== undefined && this.#pressInSearch(key, action)) return;
    if (this.#menu !== undefined && this.#pressInMenu(this.#menu, key, action)) return;
    if (action === undefined) {
      if (key.text !== '') this.#change(insert(this.#state, key.text));
      return;
    }
    if (!killActions.has(action)) this.#ring.endChain();
    const yanked = this.#yanked;
    this.#yanked = undefined;
    this.#run(action, yanked);
  }

  #run(action: EditorAction, yanked: { readonly from: number; readonly length: number } | undefined): void {
    const edited = editCommand(this.#state, action, this.#ring);
    switch (action) {
      case 'accept':
        this.#accept();
        return;
      case 'interrupt':
        this.#finish?.({ kind: 'interrupted' });
        return;
      case 'delete-char-or-leave':
        if (this.#state.text === '') this.#finish?.({ kind: 'end' });
        else this.#run('delete-char', yanked);
        return;
      case 'suspend':
        this.#options.terminal.suspend();
        return;
      case 'clear-screen':
        this.#screen.clearScreen();
        return;
      case 'complete':
      case 'complete-backwards':
        this.#complete();
        return;
      case 'up':
      case 'down':
        this.#walkHistory(action === 'up' ? -1 : 1);
        return;
      case 'search-backwards':
        this.#search = { search: new HistorySearch(this.#options.history), before: this.#state };
        return;
      case 'line-end':
      case 'forward-char':
      case 'accept-word':
        this.#forward(action);
        return;
      case 'yank':
        if (edited === undefined) return;
        this.#yanked = { from: this.#state.cursor, length: edited.cursor - this.#state.cursor };
        this.#change(edited);
        return;
      case 'yank-previous':
        if (yanked !== undefined) this.#yankPrevious(yanked);
        return;
      case 'previous-argument': {
        const word = /\S+$/.exec(this.#options.history.lines.at(-1) ?? '')?.[0];
        if (word !== undefined) this.#change(insert(this.#state, word));
        return;
      }
      case 'undo': {
        const before = this.#undo.pop();
        if (before !== undefined) this.#state = before;
        return;
      }
      default:
        if (edited !== undefined) this.#change(edited);
    }
  }

  #accept(): void {
    const { text } = this.#state;
    if (text.trim() !== '' && this.#options.needsMore?.(text) === true) {
      this.#change(insert(edit(text), '\n'));
      return;
    }
    this.#state = edit(text);
    this.#finish?.({ kind: 'line', text });
  }

  /** → and its like: inside the text they move, at its end they take the suggestion or a word of it. */
  #forward(action: 'line-end' | 'forward-char' | 'accept-word'): void {
    const ghost = this.#ghost();
    if (ghost === '') {
      if (action === 'forward-char') this.#state = right(this.#state);
      else if (action === 'accept-word') this.#state = wordRight(this.#state);
      else this.#state = editCommand(this.#state, action, this.#ring) ?? this.#state;
      return;
    }
    const whole = edit(this.#state.text + ghost, this.#state.cursor);
    this.#change(
      action === 'accept-word' ? edit(whole.text.slice(0, wordRight(whole).cursor)) : edit(whole.text),
    );
  }

  #yankPrevious({ from, length }: { readonly from: number; readonly length: number }): void {
    const text = this.#ring.yankPrevious();
    const { text: whole } = this.#state;
    this.#change(insert(edit(whole.slice(0, from) + whole.slice(from + length), from), text));
    this.#yanked = { from, length: text.length };
  }

  #walkHistory(direction: -1 | 1): void {
    const moved = lineAway(this.#state, direction);
    if (moved !== undefined) {
      this.#state = moved;
      return;
    }
    const walk = (this.#walk ??= new HistoryWalk(
      this.#options.history,
      this.#state.text,
      this.#state.text.slice(0, this.#state.cursor),
    ));
    const line = direction === -1 ? walk.older() : walk.newer();
    if (line === undefined) return;
    this.#change(edit(line));
    this.#walk = walk;
  }

  #pressInSearch(key: Key, action: EditorAction | undefined): boolean {
    const current = this.#search;
    if (current === undefined) return false;
    const { search, before } = current;
    switch (action) {
      case 'search-backwards':
      case 'search-forwards':
        search.next(action === 'search-backwards' ? -1 : 1, this.#lastQuery);
        return true;
      case 'backward-delete-char':
        search.erase();
        return true;
      case 'cancel':
      case 'interrupt':
        this.#search = undefined;
        this.#state = before;
        return true;
      case undefined:
        if (key.text !== '') search.type(key.text);
        return true;
      default: {
        // Every other key ends the search on what it found and then does what it always does.
        this.#search = undefined;
        this.#lastQuery = search.query;
        const { match } = search;
        if (match !== undefined) this.#change(edit(match.line, action === 'accept' ? undefined : match.at));
        return action === 'escape';
      }
    }
  }

  #pressInMenu(menu: CompletionMenu, key: Key, action: EditorAction | undefined): boolean {
    switch (action) {
      case 'complete':
      case 'down':
        this.#state = menu.move(1);
        return true;
      case 'complete-backwards':
      case 'up':
        this.#state = menu.move(-1);
        return true;
      case 'escape':
      case 'cancel':
        this.#menu = undefined;
        this.#state = menu.original;
        return true;
      case 'accept':
        this.#menu = undefined;
        if (!menu.choosing) return false;
        this.#change(menu.take());
        return true;
      default:
        if (key.text !== '' || action !== undefined) this.#menu = undefined;
        return false;
    }
  }

  #complete(): void {
    const { complete, clock } = this.#options;
    if (complete === undefined) return;
    const controller = new AbortController();
    this.#completing = controller;
    const state = this.#state;
    const cancel = clock.after(completionDeadlineMs, () => controller.abort());
    complete(state.text, state.cursor, controller.signal)
      .then((completions) => {
        // A key pressed meanwhile has aborted it: its answer is for another line.
        if (controller.signal.aborted || this.#finish === undefined) return;
        const step = beginCompletion(state, completions);
        this.#menu = step.menu;
        if (step.state !== state) this.#change(step.state);
        this.#screen.invalidate();
      })
      .catch(() => {
        // No completions is the whole consequence; the command itself will say what is wrong.
      })
      .finally(cancel);
  }

  #change(next: EditState): void {
    if (next.text.length > longestTextCharacters) return;
    if (next.text !== this.#state.text) {
      this.#undo.push(this.#state);
      if (this.#undo.length > undoSteps) this.#undo.shift();
      this.#walk = undefined;
    }
    this.#state = next;
  }

  #ghost(): string {
    if (
      this.#finish === undefined ||
      this.#state.cursor !== this.#state.text.length ||
      this.#menu !== undefined
    )
      return '';
    const { text } = this.#state;
    if (text.includes('\n')) return '';
    const suggestion = this.#options.history.suggestion(text)?.slice(text.length) ?? '';
    return suggestion.split('\n')[0] ?? '';
  }

  #view(prompt: readonly Span[]): PromptView {
    const { columns, rows } = this.#options.terminal;
    if (this.#search !== undefined) {
      const { search, before } = this.#search;
      const shown = search.match === undefined ? before : edit(search.match.line, search.match.at);
      const label = search.failed ? 'no match in history: ' : 'search history: ';
      return { prompt, state: shown, ghost: '', below: [[{ text: label + search.query, sgr: '2' }]] };
    }
    const below = this.#menu?.rows(columns, Math.max(1, Math.floor(rows / 2))) ?? [];
    return { prompt, state: this.#state, ghost: this.#ghost(), below };
  }
}
