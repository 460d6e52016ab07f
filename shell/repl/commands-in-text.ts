/** Cuts text into commands: a line each, joined while a command is not complete. Comments and blank lines are left out. */
export class CommandSplitter {
  readonly #needsMore: (text: string) => boolean;
  #open: string | undefined;

  constructor(needsMore: (text: string) => boolean) {
    this.#needsMore = needsMore;
  }

  /** Takes one line, answers with the command it completes. */
  line(line: string): string | undefined {
    if (this.#open === undefined && /^\s*(?:#|$)/.test(line)) return undefined;
    const text = this.#open === undefined ? line : `${this.#open}\n${line}`;
    if (this.#needsMore(text)) {
      this.#open = text;
      return undefined;
    }
    this.#open = undefined;
    return text;
  }

  /** What was begun and never completed, at the end of the text: whoever runs it reports what is missing. */
  rest(): string | undefined {
    const text = this.#open;
    this.#open = undefined;
    return text;
  }
}

export function commandsIn(text: string, needsMore: (text: string) => boolean): string[] {
  const splitter = new CommandSplitter(needsMore);
  const commands = text.split('\n').flatMap((line) => splitter.line(line) ?? []);
  const rest = splitter.rest();
  return rest === undefined ? commands : [...commands, rest];
}
