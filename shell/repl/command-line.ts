import type { Terminal } from '../terminal/terminal.ts';

/**
 * The seam between what reads lines (REPL, one-shot, panes) and what runs them. The implementation lives in
 * `shell/commands`; nothing on this side knows a verb, and nothing on that side knows an escape sequence.
 */
export interface Interpreter {
  /**
   * Runs one line and resolves with its exit code (kubectl's codes; 0 is success). Errors are written to
   * `io.stderr` and become a code; a rejection is a bug and is reported as such. When `io.signal` aborts, the command
   * ends soon and its code is ignored: the caller answers 130.
   */
  execute(line: string, io: CommandIo): Promise<number>;

  /**
   * What could stand at `cursor` (UTF-16 offset into `line`). Never throws for a half-typed line. The list may be
   * cut; it is shown in the order given. Answers come from caches where they can: the user is waiting on a key.
   */
  complete(line: string, cursor: number, signal: AbortSignal): Promise<Completions>;

  /** True when the text cannot be run yet (open quote, trailing backslash, here-document): the reader asks for more. */
  needsMore(text: string): boolean;

  /** What the prompt shows. Read each time a prompt is drawn, so it must be cheap. */
  readonly where: PromptPlace;
}

export interface PromptPlace {
  readonly context: string;
  readonly namespace: string;
  /** Protected contexts are shown in red and ask for names before they destroy. */
  readonly protected: boolean;
}

export interface Completions {
  /** UTF-16 offset where the completed word begins; everything from here to the cursor is replaced. */
  readonly from: number;
  readonly items: readonly Completion[];
}

export interface Completion {
  /** The whole word, quoted as the line needs it. */
  readonly text: string;
  /** Inserted after the word when it is chosen for good; a space unless said otherwise (`''` after `pod/` or `--x=`). */
  readonly suffix?: string;
  /** A few words beside it in the menu. */
  readonly description?: string;
}

/** Everything a command may touch of the world around it. */
export interface CommandIo {
  /**
   * What `-f -` and `exec -i` read. In a script this is empty (the script itself is never eaten); at the prompt it is
   * what the user types until Ctrl-D on an empty line.
   */
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Aborted by Ctrl-C, by a lost terminal, and when the shell ends. */
  readonly signal: AbortSignal;
  /** The terminal when a person sits at it on both ends (stdin and stdout); undefined otherwise: then never prompt. */
  readonly terminal: CommandTerminal | undefined;
}

/** Text is UTF-8. Commands sanitise what comes from the cluster (shell/terminal/sanitize.ts) before writing it. */
export interface Output {
  /** True when this stream is a terminal. */
  readonly isTerminal: boolean;
  /** True when colour is wanted here. */
  readonly colors: boolean;
  /**
   * Resolves when more may be written (back-pressure). After the reader has gone (`| head`) writes are dropped and
   * `CommandIo.signal` aborts.
   */
  write(chunk: string | Uint8Array): Promise<void>;
}

export interface CommandTerminal extends Terminal {
  /** Asks on the terminal and resolves with the line typed, or undefined on Ctrl-C or Ctrl-D. Not kept in history. */
  ask(question: string, signal?: AbortSignal): Promise<string | undefined>;
}
