import type { Clock } from '../../core/machinery/clock.ts';
import type { BorrowOptions, Terminal } from '../terminal/terminal.ts';
import type { EditState } from './edit-buffer.ts';
import { layOut, type Layout, type Span } from './layout.ts';
import { Renderer } from './renderer.ts';

/** How long the terminal may take to say where its cursor is; a local one answers within a millisecond. */
const cursorReportMs = 200;
const continuation: readonly Span[] = [{ text: '> ', sgr: '2' }];
const pasteOn = '\x1b[?2004h';
const pasteOff = '\x1b[?2004l';

/** What drawing a prompt needs of the terminal beyond what everybody does. */
export interface EditorTerminal extends Terminal {
  readonly atLineStart: boolean;
  requestCursor(): void;
}

export interface PromptView {
  readonly prompt: readonly Span[];
  readonly state: EditState;
  /** Suggested continuation behind the cursor. */
  readonly ghost: string;
  readonly below: readonly (readonly Span[])[];
}

/**
 * Draws the prompt and keeps it right through resizes, stops and borrowed screens. One write per turn of the event
 * loop, however many keys arrived in it.
 */
export class PromptScreen {
  readonly #terminal: EditorTerminal;
  readonly #clock: Clock;
  readonly #renderer = new Renderer();
  #view: (() => PromptView) | undefined;
  #queued = false;
  #stopResize: (() => void) | undefined;
  /** A question to the terminal is open: nothing is drawn until it is known where the prompt now begins. */
  #resizing: { columns: number; cancel: () => void } | undefined;
  #reports = 0;

  constructor(terminal: EditorTerminal, clock: Clock) {
    this.#terminal = terminal;
    this.#clock = clock;
  }

  /** How to borrow the keyboard with this prompt on screen. */
  borrowing(view: () => PromptView): BorrowOptions {
    return {
      enter: () => {
        this.#view = view;
        this.#renderer.reset();
        this.#stopResize ??= this.#terminal.onResize(() => this.#resized());
        this.#terminal.write((this.#terminal.atLineStart ? '\r' : '\r\n') + pasteOn + this.#update());
      },
      leave: (reason) => {
        this.#stopResize?.();
        this.#stopResize = undefined;
        this.#resizing?.cancel();
        this.#resizing = undefined;
        // On `end` the line is finished already; in every other case what follows starts on a row of its own.
        this.#terminal.write((reason === 'end' ? '' : this.#renderer.finish()) + pasteOff);
        this.#view = undefined;
      },
    };
  }

  /** The view changed: draw before the event loop turns. */
  invalidate(): void {
    if (this.#queued) return;
    this.#queued = true;
    queueMicrotask(() => {
      this.#queued = false;
      if (this.#resizing === undefined && this.#view !== undefined) this.#terminal.write(this.#update());
    });
  }

  /**
   * The line is done: shows it whole without ghost and menu, and goes to the next row. Rows that wrapped are written
   * anew in one go, so that the terminal knows them as one line when they are copied or reflowed.
   */
  finish(mark: string): void {
    const view = this.#view?.();
    if (view === undefined) return;
    const spans = [...view.prompt, { text: view.state.text + mark, sgr: '' }];
    const whole = this.#layout({
      prompt: view.prompt,
      state: { text: view.state.text + mark, cursor: 0 },
      ghost: '',
      below: [],
    });
    if (whole.rows.length === 1 || this.#resizing !== undefined) {
      this.#terminal.write(this.#renderer.update(whole) + this.#renderer.finish());
      return;
    }
    const lead = paintSpans(continuation, this.#terminal.colors);
    const text = paintSpans(spans, this.#terminal.colors).replaceAll('\n', `\r\n${lead}`);
    this.#terminal.write(`${this.#renderer.clear()}${text.replaceAll('\t', ' ')}\r\n`);
  }

  clearScreen(): void {
    this.#renderer.reset();
    this.#terminal.write('\x1b[H\x1b[2J');
  }

  cursorReported(row: number, column: number): void {
    this.#reports = Math.max(0, this.#reports - 1);
    // Only the answer to the last question: the size has changed again since the others were asked.
    if (this.#reports === 0 && this.#resizing !== undefined) this.#settle(row, column);
  }

  #resized(): void {
    this.#resizing?.cancel();
    const cancel = this.#clock.after(cursorReportMs, () => {
      this.#reports = 0;
      this.#settle(undefined, undefined);
    });
    this.#resizing = { columns: this.#terminal.columns, cancel };
    this.#reports += 1;
    this.#terminal.requestCursor();
  }

  /**
   * The terminal has its new size and has, or has not, broken rows that became too long. The column it reports tells
   * whether the cursor's own row was broken: xterm.js leaves that one alone, VTE and tmux do not.
   */
  #settle(row: number | undefined, column: number | undefined): void {
    const resizing = this.#resizing;
    if (resizing === undefined || this.#view === undefined) return;
    resizing.cancel();
    this.#resizing = undefined;
    const { columns } = resizing;
    const folded = (this.#renderer.cursorColumn % columns) + 1;
    const cursorRowBroken =
      column === undefined ? true : this.#renderer.cursorColumn >= columns && column === folded;
    const above = this.#renderer.rowsAboveCursor(columns, true, cursorRowBroken);
    const up = row === undefined ? above : Math.min(above, row - 1);
    this.#terminal.write(this.#renderer.restartAbove(up) + this.#update());
  }

  #update(): string {
    const view = this.#view?.();
    return view === undefined ? '' : this.#renderer.update(this.#layout(view));
  }

  #layout(view: PromptView): Layout {
    const { columns, rows, colors } = this.#terminal;
    const { text, cursor } = view.state;
    const reach = columns * rows;
    // Only what can be seen is laid out: a pasted file must not slow every key.
    const from = cursor > reach * 2 ? cursor - reach : 0;
    const plain = (spans: readonly Span[]) => (colors ? spans : spans.map((span) => ({ ...span, sgr: '' })));
    return layOut({
      prompt: from > 0 ? [] : plain(view.prompt),
      continuation: plain(continuation),
      beforeCursor: [{ text: text.slice(from, cursor), sgr: '' }],
      afterCursor: [
        { text: text.slice(cursor, cursor + reach), sgr: '' },
        // Without colour a suggestion would look like text that was typed.
        { text: colors ? view.ghost.slice(0, reach) : '', sgr: '2' },
      ],
      // The selection must show without colour too: reverse video is not a colour.
      below: colors
        ? view.below
        : view.below.map((line) => line.map((span) => ({ ...span, sgr: span.sgr === '7' ? '7' : '' }))),
      columns,
      maxRows: rows,
    });
  }
}

function paintSpans(spans: readonly Span[], colors: boolean): string {
  return spans.map(({ text, sgr }) => (colors && sgr !== '' ? `\x1b[${sgr}m${text}\x1b[0m` : text)).join('');
}
