const clearScreen = '\x1b[2J\x1b[3J\x1b[H';

/**
 * What goes to a terminal, one text after the other. Texts are made when it is their turn; what was to be shown before
 * everything is shown anew, and has not been yet, is left out then.
 */
export class LogScreen {
  readonly #output: (text: string) => Promise<void>;
  readonly #signal: AbortSignal;
  #last: Promise<void> = Promise.resolve();
  /** Counts how often everything was shown anew. */
  #screen = 0;

  /** Nothing is written once the signal has aborted. */
  constructor(output: (text: string) => Promise<void>, signal: AbortSignal) {
    this.#output = output;
    this.#signal = signal;
  }

  /** Resolves when the text is out, or is not needed any more. */
  write(text: () => string): Promise<void> {
    const screen = this.#screen;
    this.#last = this.#last.then(() =>
      this.#signal.aborted || screen !== this.#screen ? undefined : this.#output(text()),
    );
    return this.#last;
  }

  /** Shows this in place of everything. */
  replace(text: () => string): Promise<void> {
    this.#screen++;
    return this.write(() => clearScreen + text());
  }
}
