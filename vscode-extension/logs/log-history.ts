import type { LogLine } from './log-follower.ts';

/** What a line takes besides its text: an empty one is not free either. */
const lineCharacters = 64;

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
      this.#size += sizeOf(line);
    }
    while (this.#size > this.#limit && this.#start < this.#lines.length - 1) {
      const oldest = this.#lines[this.#start++];
      this.#size -= oldest === undefined ? 0 : sizeOf(oldest);
    }
    if (this.#start > this.#lines.length / 2) {
      this.#lines = this.#lines.slice(this.#start);
      this.#start = 0;
    }
  }

  get lines(): readonly LogLine[] {
    return this.#lines.slice(this.#start);
  }
}

function sizeOf({ text }: LogLine): number {
  return text.length + lineCharacters;
}
