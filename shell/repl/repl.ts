import type { Clock } from '../../core/machinery/clock.ts';
import type { InputEvent } from '../terminal/keys.ts';
import { sanitizeLine, sanitizeText } from '../../core/printers/sanitize.ts';
import type { Completions, Interpreter } from './command-line.ts';
import { AskingTerminal, TerminalOutput, typedInput } from './command-terminal.ts';
import { commandsIn } from './commands-in-text.ts';
import type { History } from './history.ts';
import { editorKeys, helpLines } from './key-map.ts';
import { lineReader, questionReader, type LineReader } from './line-reader.ts';
import type { EditorTerminal } from './prompt-screen.ts';
import { promptSpans, shellWord, withShellWords } from './shell-words.ts';

/** What a shell answers for a command ended by Ctrl-C: 128 and SIGINT's number. */
const interruptedCode = 130;

export interface ReplOptions {
  readonly terminal: EditorTerminal;
  readonly interpreter: Interpreter;
  readonly history: History;
  readonly clock: Clock;
  /** Ends the shell when aborted (signals, a terminal that has gone). */
  readonly signal: AbortSignal;
}

/** Reads and runs commands until the user leaves; resolves with the code of `exit N`, else 0. */
export class Repl {
  readonly #options: ReplOptions;
  readonly #reader: LineReader;
  readonly #questions: LineReader;
  #lastCode = 0;
  #historyBroken = false;

  constructor(options: ReplOptions) {
    this.#options = options;
    const { terminal, interpreter, history, clock } = options;
    this.#reader = lineReader({
      terminal,
      clock,
      history,
      complete: (line, cursor, signal) => this.#complete(line, cursor, signal),
      needsMore: (text) => interpreter.needsMore(text),
    });
    this.#questions = questionReader(terminal, clock);
  }

  async run(): Promise<number> {
    const { interpreter, signal } = this.#options;
    for (;;) {
      const result = await this.#reader.read({
        prompt: () => promptSpans(safely(interpreter), this.#lastCode),
        signal,
      });
      if (result.kind === 'end') return 0;
      if (result.kind === 'interrupted') {
        this.#lastCode = 0;
        continue;
      }
      await this.#remember(result.text);
      for (const command of commandsIn(result.text, (text) => interpreter.needsMore(text))) {
        const word = shellWord(command);
        if (word?.kind === 'exit') return word.code ?? 0;
        if (word !== undefined) this.#lastCode = this.#runWord(word.kind);
        else this.#lastCode = await this.#execute(command);
        if (signal.aborted) return 0;
        // The rest of a pasted block was meant to follow what has just been stopped.
        if (this.#lastCode === interruptedCode) break;
      }
    }
  }

  async #complete(line: string, cursor: number, signal: AbortSignal): Promise<Completions> {
    const found = await this.#options.interpreter.complete(line, cursor, signal);
    return withShellWords(line, cursor, found);
  }

  async #remember(text: string): Promise<void> {
    try {
      await this.#options.history.add(text);
    } catch (error) {
      // A read-only home must not stop the work; say so once.
      if (!this.#historyBroken) this.#report(`warning: history is not kept: ${reason(error)}`);
      this.#historyBroken = true;
    }
  }

  #runWord(word: 'clear' | 'history' | 'keys'): number {
    const { terminal, history } = this.#options;
    if (word === 'clear') terminal.write('\x1b[H\x1b[2J\x1b[3J');
    else if (word === 'keys') terminal.write(`${helpLines(editorKeys).join('\r\n')}\r\n`);
    else {
      const first = Math.max(0, history.lines.length - 1_000);
      const lines = history.lines
        .slice(first)
        .map((line, index) => `${String(first + index + 1).padStart(5)}  ${line}`);
      terminal.write(
        lines.map((line) => `${sanitizeText(line).replaceAll('\n', '\r\n       ')}\r\n`).join(''),
      );
    }
    return 0;
  }

  /** Runs one command with the keyboard watched for Ctrl-C; all other keys wait for whoever reads next. */
  async #execute(command: string): Promise<number> {
    const { terminal, interpreter, signal } = this.#options;
    const cancelling = new AbortController();
    const abandoned = new AbortController();
    let stop: ((code: number) => void) | undefined;
    const gaveUp = new Promise<number>((resolve) => {
      stop = resolve;
    });
    const end = () => cancelling.abort(new Error('the shell is ending'));
    signal.addEventListener('abort', end, { once: true });

    let typedAhead = false;
    const watch = (event: InputEvent): void | 'keep' => {
      if (event.kind === 'key' && event.ctrl && event.name === 'c') {
        if (cancelling.signal.aborted) stop?.(interruptedCode);
        else {
          terminal.write('^C');
          cancelling.abort(new Error('interrupted'));
        }
        return;
      }
      if (event.kind === 'key' && event.ctrl && event.name === 'z') {
        terminal.suspend();
        return;
      }
      if (event.kind === 'key' && event.name === 'enter' && !typedAhead) {
        // Following logs, people press Enter to set what is new apart from what was there.
        terminal.write('\r\n');
        return;
      }
      typedAhead = true;
      return 'keep';
    };
    const lease = terminal.borrowKeys(watch);
    try {
      const io = {
        stdin: typedInput(this.#questions, cancelling.signal),
        stdout: new TerminalOutput(terminal, abandoned.signal),
        stderr: new TerminalOutput(terminal, abandoned.signal),
        signal: cancelling.signal,
        terminal: new AskingTerminal(terminal, this.#questions),
      };
      const running = interpreter.execute(command, io).catch((error: unknown) => {
        if (!cancelling.signal.aborted && !abandoned.signal.aborted) this.#report(`error: ${reason(error)}`);
        return 1;
      });
      const code = await Promise.race([running, gaveUp]);
      return cancelling.signal.aborted ? interruptedCode : code;
    } finally {
      abandoned.abort();
      signal.removeEventListener('abort', end);
      if (!terminal.atLineStart) terminal.write('\r\n');
      lease.release();
    }
  }

  #report(text: string): void {
    this.#options.terminal.write(`${sanitizeLine(text)}\r\n`);
  }
}

/** A prompt is drawn whatever happens: a broken kubeconfig is reported by the next command, not by the editor. */
function safely(interpreter: Interpreter): { context: string; namespace: string; protected: boolean } {
  try {
    const { context, namespace, protected: isProtected } = interpreter.where;
    return { context: sanitizeLine(context), namespace: sanitizeLine(namespace), protected: isProtected };
  } catch {
    return { context: '', namespace: '', protected: false };
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
