import type { LogLine } from './log-follower.ts';

/** The last lines, up to a number of characters; older ones make room. */
export class LogHistory {
  readonly #limit: number;
  #lines: LogLine[] = [];
  /** Where the oldest line is: the front is cut off rarely, so that adding stays cheap. */
  #start = 0;
  #size = 0;

  constructor(limitCharacters: number) {
    this.#limit = limitCharacters;
  }

  add(lines: readonly LogLine[]): void {
    for (const line of lines) {
      this.#lines.push(line);
      this.#size += line.text.length;
    }
    while (this.#size > this.#limit && this.#start < this.#lines.length - 1) {
      this.#size -= this.#lines[this.#start++]?.text.length ?? 0;
    }
    if (this.#start > this.#lines.length / 2) {
      this.#lines = this.#lines.slice(this.#start);
      this.#start = 0;
    }
  }

  clear(): void {
    this.#lines = [];
    this.#start = 0;
    this.#size = 0;
  }

  get lines(): readonly LogLine[] {
    return this.#lines.slice(this.#start);
  }
}
