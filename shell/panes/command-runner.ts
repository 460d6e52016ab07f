import type { Interpreter, Output } from '../repl/command-line.ts';
import { AskingTerminal, noInput } from '../repl/command-terminal.ts';
import type { LineReader } from '../repl/line-reader.ts';
import type { ByteLease, Terminal } from '../terminal/terminal.ts';
import type { OutputView } from './output-view.ts';

export interface RunnerOptions {
  readonly terminal: Terminal;
  readonly interpreter: Interpreter;
  readonly output: OutputView;
  /** Answers the questions of commands. */
  readonly questions: LineReader;
  readonly changed: () => void;
}

export interface RunningCommand {
  readonly line: string;
  /** Resolves with the exit code; 130 when it was cancelled. */
  readonly done: Promise<number>;
  cancel(): void;
}

/** Runs one command at a time with its output in the output pane; starting another cancels the one before. */
export class CommandRunner {
  readonly #options: RunnerOptions;
  #running: RunningCommand | undefined;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  get running(): RunningCommand | undefined {
    return this.#running;
  }

  run(line: string): RunningCommand {
    this.#running?.cancel();
    const { terminal, interpreter, output, questions, changed } = this.#options;
    const controller = new AbortController();
    const { signal } = controller;
    const screen = new BorrowableTerminal(terminal, questions);
    output.begin(`> ${line}`);

    const sink: Output = {
      isTerminal: false,
      colors: false,
      write: async (chunk) => {
        if (screen.borrowed) {
          terminal.write(chunk);
          await terminal.drained(signal);
          return;
        }
        // A cancelled command has nothing more to say in the pane that may belong to its successor.
        if (signal.aborted) return;
        output.write(chunk);
        changed();
      },
    };
    const command: RunningCommand = {
      line,
      cancel: () => controller.abort(new Error('interrupted')),
      done: interpreter
        .execute(line, { stdin: noInput(), stdout: sink, stderr: sink, signal, terminal: screen })
        .catch((error: unknown) => {
          if (!signal.aborted)
            output.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
          return 1;
        })
        .then((code) => {
          if (this.#running === command) this.#running = undefined;
          changed();
          return signal.aborted ? 130 : code;
        }),
    };
    this.#running = command;
    changed();
    return command;
  }
}

/** While a command has the keyboard's bytes (`exec -it`) the screen is its own too: output goes there, not in a pane. */
class BorrowableTerminal extends AskingTerminal {
  borrowed = false;

  override borrowBytes(): ByteLease {
    const lease = super.borrowBytes();
    this.borrowed = true;
    return {
      input: lease.input,
      release: () => {
        this.borrowed = false;
        lease.release();
      },
    };
  }
}
