import { LineSplitter } from '../../core/machinery/line-splitter.ts';
import { sanitizeLine } from '../../core/printers/sanitize.ts';
import type { Output } from '../repl/command-line.ts';

/**
 * Prints pieces of a log. On a terminal every line loses its control characters, because a log is not to be
 * trusted; into a file or a pipe the bytes go as they are, unless lines get a prefix.
 */
export class LogPrinter {
  readonly #output: Output;
  readonly #prefix: string;
  readonly #splitter = new LineSplitter();

  constructor(output: Output, prefix: string) {
    this.#output = output;
    this.#prefix = prefix;
  }

  async write(chunk: Buffer): Promise<void> {
    if (this.#byLine) await this.#print(this.#splitter.push(chunk));
    else await this.#output.write(chunk);
  }

  /** Prints what the container left without a newline. */
  async end(): Promise<void> {
    await this.#print(this.#splitter.end());
  }

  get #byLine(): boolean {
    return this.#output.isTerminal || this.#prefix !== '';
  }

  async #print(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    const shown = lines.map(
      (text) => `${this.#prefix}${this.#output.isTerminal ? sanitizeLine(text) : text}\n`,
    );
    await this.#output.write(shown.join(''));
  }
}
