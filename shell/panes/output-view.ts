import { sanitizeText } from '../../core/printers/sanitize.ts';
import { graphemes, textWidth } from '../terminal/width.ts';
import type { Canvas, Rect } from './canvas.ts';

const keptLines = 5_000;
/** One line of output longer than this is cut; nobody reads further, and a frame must stay cheap. */
const longestLineCharacters = 16 * 1024;
const tabColumns = 8;

/** What commands print inside the panes: bounded, follows its end until somebody scrolls up. */
export class OutputView {
  title = '';
  #lines: string[] = [];
  #open = '';
  #utf8 = new TextDecoder('utf-8');
  #wrap = true;
  #following = true;
  /** First line shown while not following. */
  #first = 0;
  #height = 1;

  begin(title: string): void {
    this.title = title;
    this.#lines = [];
    this.#open = '';
    this.#utf8 = new TextDecoder('utf-8');
    this.#following = true;
    this.#first = 0;
  }

  /** What a snapshot prints is read from its top, what keeps coming from its end. */
  showTop(): void {
    this.#following = false;
    this.#first = 0;
  }

  write(chunk: string | Uint8Array): void {
    const text = typeof chunk === 'string' ? chunk : this.#utf8.decode(chunk, { stream: true });
    const parts = (this.#open + text).split('\n');
    this.#open = (parts.pop() ?? '').slice(0, longestLineCharacters);
    for (const part of parts)
      this.#lines.push(expandTabs(sanitizeText(part.slice(0, longestLineCharacters))));
    const excess = this.#lines.length - keptLines;
    if (excess <= 0) return;
    this.#lines.splice(0, excess);
    this.#first = Math.max(0, this.#first - excess);
  }

  get isEmpty(): boolean {
    return this.#lines.length === 0 && this.#open === '';
  }

  scroll(lines: number): void {
    const { length } = this.#all();
    const last = Math.max(0, length - this.#height);
    const from = this.#following ? last : this.#first;
    this.#first = Math.max(0, Math.min(last, from + lines));
    this.#following = this.#first >= last && lines > 0;
  }

  page(direction: 1 | -1): void {
    this.scroll(direction * Math.max(1, this.#height - 1));
  }

  toStart(): void {
    this.#following = false;
    this.#first = 0;
  }

  toEnd(): void {
    this.#following = true;
  }

  toggleWrap(): void {
    this.#wrap = !this.#wrap;
  }

  draw(canvas: Canvas, area: Rect, focused: boolean): void {
    const lines = this.#all();
    const position = this.#following ? '' : ` ${Math.min(lines.length, this.#first + 1)}/${lines.length}`;
    const inside = canvas.frame(area, this.title + position, focused ? { color: 'cyan' } : { color: 'gray' });
    this.#height = Math.max(1, inside.height);
    const rows = this.#following
      ? lastRows(lines, inside.width, inside.height, this.#wrap)
      : firstRows(lines.slice(this.#first, this.#first + inside.height), inside.width, this.#wrap);
    rows.slice(0, inside.height).forEach((row, index) => {
      canvas.put(inside.top + index, inside.left, row, {}, inside.width);
    });
  }

  #all(): readonly string[] {
    return this.#open === '' ? this.#lines : [...this.#lines, expandTabs(sanitizeText(this.#open))];
  }
}

function firstRows(lines: readonly string[], columns: number, wrap: boolean): string[] {
  return lines.flatMap((line) => (wrap ? wrapLine(line, columns) : [line]));
}

function lastRows(lines: readonly string[], columns: number, rows: number, wrap: boolean): string[] {
  const shown: string[] = [];
  for (let index = lines.length - 1; index >= 0 && shown.length < rows; index -= 1) {
    const line = lines[index] ?? '';
    shown.unshift(...(wrap ? wrapLine(line, columns) : [line]));
  }
  return shown.slice(-rows);
}

/** A line of text as rows of at most `columns` cells. */
export function wrapLine(line: string, columns: number): string[] {
  if (columns < 2 || textWidth(line) <= columns) return [line];
  const rows: string[] = [];
  let row = '';
  let width = 0;
  for (const grapheme of graphemes(line)) {
    if (width + grapheme.width > columns) {
      rows.push(row);
      row = '';
      width = 0;
    }
    row += grapheme.text;
    width += grapheme.width;
  }
  return [...rows, row];
}

function expandTabs(line: string): string {
  if (!line.includes('\t')) return line;
  let out = '';
  for (const part of line.split('\t')) {
    if (out !== '') out += ' '.repeat(tabColumns - (textWidth(out) % tabColumns));
    else if (part === '') out = ' '.repeat(tabColumns);
    out += part;
  }
  return out;
}
