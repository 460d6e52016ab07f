import type { Output } from '../repl/command-line.ts';
import { sanitizeLine } from '../../core/printers/sanitize.ts';

/** A line longer than this is printed in pieces, so that a log without newlines cannot fill the memory. */
const longestLine = 64 * 1024;

/**
 * Prints pieces of a log. On a terminal every line loses its control characters, because a log is not to be
 * trusted; into a file or a pipe the bytes go as they are, unless lines get a prefix.
 */
export class LogPrinter {
  readonly #output: Output;
  readonly #prefix: string;
  #rest = Buffer.alloc(0);

  constructor(output: Output, prefix: string) {
    this.#output = output;
    this.#prefix = prefix;
  }

  async write(chunk: Buffer): Promise<void> {
    if (!this.#byLine) return this.#output.write(chunk);
    let rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const lines: string[] = [];
    for (;;) {
      const newline = rest.indexOf(0x0a);
      if (newline < 0 && rest.length < longestLine) break;
      const end = newline < 0 ? longestLine : newline;
      lines.push(this.#line(rest.subarray(0, end)));
      rest = rest.subarray(newline < 0 ? end : end + 1);
    }
    this.#rest = Buffer.from(rest);
    if (lines.length > 0) await this.#output.write(lines.join(''));
  }

  /** Prints what the container left without a newline. */
  async end(): Promise<void> {
    if (this.#rest.length > 0) await this.#output.write(this.#line(this.#rest));
    this.#rest = Buffer.alloc(0);
  }

  get #byLine(): boolean {
    return this.#output.isTerminal || this.#prefix !== '';
  }

  #line(bytes: Buffer): string {
    const text = bytes.toString('utf8').replace(/\r$/, '');
    return `${this.#prefix}${this.#output.isTerminal ? sanitizeLine(text) : text}\n`;
  }
}
