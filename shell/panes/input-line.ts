import type { Clock } from '../../core/machinery/clock.ts';
import type { Completions } from '../repl/command-line.ts';
import { beginCompletion, type CompletionMenu } from '../repl/completion-session.ts';
import { edit, emptyEdit, insert, right, type EditState } from '../repl/edit-buffer.ts';
import { editCommand } from '../repl/editor-commands.ts';
import type { History } from '../repl/history.ts';
import { HistoryWalk } from '../repl/history-walk.ts';
import { actionFor, editorKeys } from '../repl/key-map.ts';
import { KillRing } from '../repl/kill-ring.ts';
import type { Span } from '../repl/layout.ts';
import type { InputEvent, Key } from '../terminal/keys.ts';
import { sanitizeLine } from '../../core/printers/sanitize.ts';
import { graphemes, textWidth } from '../terminal/width.ts';
import type { Canvas } from './canvas.ts';
import { wrapLine } from './output-view.ts';

const completionDeadlineMs = 3_000;
const longestTextCharacters = 64 * 1024;

export interface InputRequest {
  /** Stands before the text. */
  readonly label: string;
  readonly initial?: string;
  readonly history?: History;
  readonly complete?: (line: string, cursor: number, signal: AbortSignal) => Promise<Completions>;
  readonly onChange?: (text: string) => void;
  /** The line entered, or undefined when it was given up. */
  readonly done: (text: string | undefined) => void;
}

/** The one line at the foot of the screen: commands, filters and questions are typed here, one at a time. */
export class InputLine {
  readonly #clock: Clock;
  readonly #changed: () => void;
  readonly #ring = new KillRing();
  #request: InputRequest | undefined;
  #state: EditState = emptyEdit;
  #walk: HistoryWalk | undefined;
  #menu: CompletionMenu | undefined;
  #completing: AbortController | undefined;

  constructor(clock: Clock, changed: () => void) {
    this.#clock = clock;
    this.#changed = changed;
  }

  get active(): boolean {
    return this.#request !== undefined;
  }

  /** Begins reading; what was being typed before is given up. */
  open(request: InputRequest): void {
    this.close(undefined);
    this.#request = request;
    this.#state = edit(request.initial ?? '');
    this.#changed();
  }

  close(text: string | undefined): void {
    const request = this.#request;
    this.#request = undefined;
    this.#completing?.abort();
    this.#menu = undefined;
    this.#walk = undefined;
    this.#state = emptyEdit;
    request?.done(text);
    this.#changed();
  }

  handle(event: InputEvent): void {
    this.#completing?.abort();
    if (event.kind === 'paste') {
      // One line: a pasted line break must neither run nor vanish unseen.
      this.#change(insert(this.#state, sanitizeLine(event.text.trimEnd())));
    } else if (event.kind === 'key') this.#press(event);
    this.#changed();
  }

  #press(key: Key): void {
    const action = actionFor(editorKeys, key);
    switch (action) {
      case 'accept':
        if (this.#menu?.choosing === true) {
          this.#change(this.#menu.take());
          this.#menu = undefined;
        } else this.close(this.#state.text);
        return;
      case 'escape':
      case 'cancel':
        if (this.#menu === undefined) this.close(undefined);
        else {
          this.#state = this.#menu.original;
          this.#menu = undefined;
        }
        return;
      case 'interrupt':
        this.close(undefined);
        return;
      case 'delete-char-or-leave':
        if (this.#state.text === '') this.close(undefined);
        else this.#edit('delete-char');
        return;
      case 'backward-delete-char':
        if (this.#state.text === '') this.close(undefined);
        else this.#edit(action);
        return;
      case 'complete':
      case 'complete-backwards':
        if (this.#menu === undefined) this.#complete();
        else this.#state = this.#menu.move(action === 'complete' ? 1 : -1);
        return;
      case 'up':
      case 'down':
        this.#walkHistory(action);
        return;
      case 'forward-char':
        this.#state = right(this.#state);
        return;
      case 'newline':
        return;
      case undefined:
        if (key.text !== '') this.#change(insert(this.#state, key.text));
        return;
      default:
        this.#edit(action);
    }
  }

  #edit(action: Parameters<typeof editCommand>[1]): void {
    const next = editCommand(this.#state, action, this.#ring);
    if (next !== undefined) this.#change(next);
  }

  #change(next: EditState): void {
    this.#menu = undefined;
    if (next.text.length > longestTextCharacters) return;
    const changed = next.text !== this.#state.text;
    this.#state = next;
    if (!changed) return;
    this.#walk = undefined;
    this.#request?.onChange?.(next.text);
  }

  #walkHistory(direction: 'up' | 'down'): void {
    const history = this.#request?.history;
    if (history === undefined) return;
    const walk = (this.#walk ??= new HistoryWalk(
      history,
      this.#state.text,
      this.#state.text.slice(0, this.#state.cursor),
    ));
    const line = direction === 'up' ? walk.older() : walk.newer();
    if (line === undefined) return;
    this.#change(edit(sanitizeLine(line)));
    this.#walk = walk;
  }

  #complete(): void {
    const complete = this.#request?.complete;
    if (complete === undefined) return;
    const controller = new AbortController();
    this.#completing = controller;
    const state = this.#state;
    const cancel = this.#clock.after(completionDeadlineMs, () => controller.abort());
    complete(state.text, state.cursor, controller.signal)
      .then((found) => {
        if (controller.signal.aborted || this.#request === undefined) return;
        const step = beginCompletion(state, found);
        this.#change(step.state);
        this.#menu = step.menu;
        this.#changed();
      })
      .catch(() => {
        // As in the line editor: no completions is the whole consequence.
      })
      .finally(cancel);
  }

  /**
   * Draws the line, scrolled so that the cursor is in view, and the completion menu above it. A question too long to
   * share the row stands above in full: what is about to be deleted is not to be cut off.
   */
  draw(canvas: Canvas, row: number): void {
    const request = this.#request;
    if (request === undefined) return;
    const label = sanitizeLine(request.label);
    const apart = textWidth(label) * 2 > canvas.columns && row > 0;
    const above = apart ? wrapLine(label.trimEnd(), canvas.columns).slice(0, row) : [];
    above.forEach((text, index) =>
      canvas.bar(row - above.length + index, 0, text, { bold: true }, canvas.columns),
    );

    canvas.bar(row, 0, '', {}, canvas.columns);
    const left = apart ? 0 : canvas.put(row, 0, label, { bold: true });
    const room = Math.max(1, canvas.columns - left - 1);
    const cursor = canvas.put(
      row,
      left,
      lastColumns(this.#state.text.slice(0, this.#state.cursor), room),
      {},
    );
    canvas.put(row, cursor, this.#state.text.slice(this.#state.cursor), {});
    canvas.cursor = { row, column: Math.min(cursor, canvas.columns - 1) };
    const menu = this.#menu?.rows(canvas.columns, Math.min(10, Math.max(1, row))) ?? [];
    menu.forEach((spans, index) => drawSpans(canvas, row - menu.length + index, spans));
  }
}

function drawSpans(canvas: Canvas, row: number, spans: readonly Span[]): void {
  canvas.bar(row, 0, '', {}, canvas.columns);
  let column = 0;
  for (const { text, sgr } of spans) {
    column = canvas.put(
      row,
      column,
      text,
      sgr === '7' ? { reverse: true } : sgr === '2' ? { color: 'gray' } : {},
    );
  }
}

/** The end of `text` that fits into `columns`. */
function lastColumns(text: string, columns: number): string {
  const parts = graphemes(text.slice(-columns * 8));
  let width = 0;
  let first = parts.length;
  while (first > 0 && width + (parts[first - 1]?.width ?? 0) <= columns) {
    first -= 1;
    width += parts[first]?.width ?? 0;
  }
  return parts
    .slice(first)
    .map((part) => part.text)
    .join('');
}
