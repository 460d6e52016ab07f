import type { InputEvent } from '../terminal/keys.ts';
import type { BorrowOptions, ByteLease, KeyboardLease, Terminal } from '../terminal/terminal.ts';
import type { CommandTerminal, Output } from './command-line.ts';
import type { LineReader } from './line-reader.ts';

/** The terminal as a command sees it: the same, and questions can be asked on it. */
export class AskingTerminal implements CommandTerminal {
  readonly #terminal: Terminal;
  readonly #reader: LineReader;

  constructor(terminal: Terminal, reader: LineReader) {
    this.#terminal = terminal;
    this.#reader = reader;
  }

  get columns(): number {
    return this.#terminal.columns;
  }
  get rows(): number {
    return this.#terminal.rows;
  }
  get colors(): boolean {
    return this.#terminal.colors;
  }
  get addressable(): boolean {
    return this.#terminal.addressable;
  }
  onResize(listener: () => void): () => void {
    return this.#terminal.onResize(listener);
  }
  write(text: string | Uint8Array): void {
    this.#terminal.write(text);
  }
  drained(signal?: AbortSignal): Promise<void> {
    return this.#terminal.drained(signal);
  }
  borrowKeys(handler: (event: InputEvent) => void | 'keep', options?: BorrowOptions): KeyboardLease {
    return this.#terminal.borrowKeys(handler, options);
  }
  borrowBytes(): ByteLease {
    return this.#terminal.borrowBytes();
  }
  suspend(): void {
    this.#terminal.suspend();
  }

  async ask(question: string, signal?: AbortSignal): Promise<string | undefined> {
    const prompt = [{ text: question, sgr: '' }];
    const result = await this.#reader.read({
      prompt: () => prompt,
      ...(signal === undefined ? {} : { signal }),
    });
    return result.kind === 'line' ? result.text : undefined;
  }
}

/** Output on the terminal that can be cut off: a command that outlives its Ctrl-C must not write into the next prompt. */
export class TerminalOutput implements Output {
  readonly isTerminal = true;
  readonly colors: boolean;
  readonly #terminal: Terminal;
  readonly #cutOff: AbortSignal;

  constructor(terminal: Terminal, cutOff: AbortSignal) {
    this.#terminal = terminal;
    this.#cutOff = cutOff;
    this.colors = terminal.colors;
  }

  async write(chunk: string | Uint8Array): Promise<void> {
    if (this.#cutOff.aborted) return;
    this.#terminal.write(chunk);
    await this.#terminal.drained(this.#cutOff);
  }
}

/** What `-f -` reads at a prompt: lines as they are typed, until Ctrl-D on an empty one. */
export async function* typedInput(reader: LineReader, signal: AbortSignal): AsyncIterable<Uint8Array> {
  for (;;) {
    const result = await reader.read({ prompt: () => [], signal });
    if (result.kind !== 'line') return;
    yield Buffer.from(`${result.text}\n`);
  }
}

/** Nothing to read. */
export async function* noInput(): AsyncIterable<Uint8Array> {
  // A script is its own standard input: commands in it get none.
}
