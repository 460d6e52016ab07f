import { remember } from './history-policy.ts';

/** Entries kept in memory and in the file. */
const defaultLimit = 10_000;
/** A pasted megabyte is not something to find again. */
const longestLineCharacters = 64 * 1024;

/** Where history is kept between shells. `append` must be safe against other shells appending at the same time. */
export interface HistoryStore {
  load(): Promise<readonly string[]>;
  append(line: string): Promise<void>;
}

/** Lines in the order of their last use, each once. */
export class History {
  readonly #lines = new Set<string>();
  readonly #store: HistoryStore | undefined;
  readonly #limit: number;
  #ordered: readonly string[] | undefined;

  constructor(store?: HistoryStore, limit = defaultLimit) {
    this.#store = store;
    this.#limit = limit;
  }

  /** Reads what earlier shells left; what was entered meanwhile stays newest. */
  async load(): Promise<void> {
    const entered = [...this.#lines];
    const stored = (await this.#store?.load()) ?? [];
    this.#lines.clear();
    for (const line of [...stored, ...entered]) this.#add(line);
  }

  /** Oldest first. */
  get lines(): readonly string[] {
    this.#ordered ??= [...this.#lines];
    return this.#ordered;
  }

  /** Remembers a line as far as policy allows. Rejects when the store does; the line is in memory even then. */
  async add(line: string): Promise<void> {
    const text = line.trimEnd();
    if (text.length > longestLineCharacters) return;
    const allowed = remember(text);
    if (allowed === 'never') return;
    this.#add(text);
    if (allowed === 'always') await this.#store?.append(text);
  }

  /** The newest line that begins with `prefix` and goes on after it. */
  suggestion(prefix: string): string | undefined {
    if (prefix.trim() === '') return undefined;
    const { lines } = this;
    for (let index = lines.length - 1; index >= 0; index -= 1) {
      const line = lines[index] ?? '';
      if (line.length > prefix.length && line.startsWith(prefix)) return line;
    }
    return undefined;
  }

  /** Index of the nearest line before (-1) or after (1) `from` that passes, or undefined. */
  find(from: number, direction: -1 | 1, passes: (line: string) => boolean): number | undefined {
    const { lines } = this;
    for (let index = from + direction; index >= 0 && index < lines.length; index += direction) {
      if (passes(lines[index] ?? '')) return index;
    }
    return undefined;
  }

  #add(line: string): void {
    this.#lines.delete(line);
    this.#lines.add(line);
    this.#ordered = undefined;
    if (this.#lines.size > this.#limit) {
      for (const oldest of this.#lines) {
        this.#lines.delete(oldest);
        break;
      }
    }
  }
}
