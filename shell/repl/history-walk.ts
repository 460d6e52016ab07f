import type { History } from './history.ts';

/**
 * ↑ and ↓ through history: only lines that begin with what stood before the cursor when the walk began, each once,
 * and back to the line that was being written.
 */
export class HistoryWalk {
  readonly #history: History;
  readonly #prefix: string;
  readonly #original: string;
  #index: number;

  constructor(history: History, text: string, prefix: string) {
    this.#history = history;
    this.#original = text;
    this.#prefix = prefix;
    this.#index = history.lines.length;
  }

  older(): string | undefined {
    const found = this.#history.find(this.#index, -1, this.#passes);
    if (found === undefined) return undefined;
    this.#index = found;
    return this.#history.lines[found];
  }

  newer(): string | undefined {
    if (this.#index >= this.#history.lines.length) return undefined;
    const found = this.#history.find(this.#index, 1, this.#passes);
    this.#index = found ?? this.#history.lines.length;
    return found === undefined ? this.#original : this.#history.lines[found];
  }

  readonly #passes = (line: string): boolean => line.startsWith(this.#prefix) && line !== this.#original;
}

/** Ctrl-R: each key narrows, each Ctrl-R goes on to an older match. */
export class HistorySearch {
  readonly #history: History;
  #query = '';
  #index: number;
  #failed = false;

  constructor(history: History) {
    this.#history = history;
    this.#index = history.lines.length;
  }

  get query(): string {
    return this.#query;
  }

  /** True when nothing (more) matches; the last match stays shown. */
  get failed(): boolean {
    return this.#failed;
  }

  /** The line found and where the query stands in it. */
  get match(): { readonly line: string; readonly at: number } | undefined {
    const line = this.#history.lines[this.#index];
    if (line === undefined || this.#query === '') return undefined;
    return { line, at: Math.max(0, position(line, this.#query)) };
  }

  type(text: string): void {
    this.#query += text;
    this.#seek(Math.min(this.#index + 1, this.#history.lines.length), -1);
  }

  erase(): void {
    this.#query = Array.from(this.#query).slice(0, -1).join('');
    this.#seek(this.#history.lines.length, -1);
  }

  /** An older (-1) or newer (1) match; `again` starts from the query of the last search when none is typed. */
  next(direction: -1 | 1, again: string): void {
    if (this.#query === '') {
      this.#query = again;
      this.#seek(this.#history.lines.length, -1);
    } else this.#seek(this.#index, direction);
  }

  #seek(from: number, direction: -1 | 1): void {
    if (this.#query === '') {
      this.#index = this.#history.lines.length;
      this.#failed = false;
      return;
    }
    const found = this.#history.find(from, direction, (line) => position(line, this.#query) >= 0);
    this.#failed = found === undefined;
    if (found !== undefined) this.#index = found;
  }
}

/** Case counts only when the query has capitals, as in Emacs. */
function position(line: string, query: string): number {
  return query === query.toLowerCase() ? line.toLowerCase().indexOf(query) : line.indexOf(query);
}
