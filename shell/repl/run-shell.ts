import { homedir } from 'node:os';
import { sleep, type Clock } from '../../core/machinery/clock.ts';
import { wantsColors, type ColorChoice } from '../terminal/colors.ts';
import { shellProcess } from '../terminal/lifecycle.ts';
import type { CommandIo, Interpreter } from './command-line.ts';
import { AskingTerminal } from './command-terminal.ts';
import { HistoryFile, historyPath } from './history-file.ts';
import { History } from './history.ts';
import { questionReader } from './line-reader.ts';
import { StreamOutput } from './output.ts';
import { Repl } from './repl.ts';
import { runScript } from './script.ts';

/** Reading ten thousand lines from a local disk takes a tenth of this. */
const historyWaitMs = 200;

export interface RunOptions {
  readonly process: NodeJS.Process;
  readonly clock: Clock;
  readonly color: ColorChoice;
}

export interface RunShellOptions extends RunOptions {
  readonly interpreter: Interpreter;
  /** Shown above the first prompt, nowhere else. */
  readonly greeting?: string;
}

/**
 * The shell: interactive when a person sits at both ends, otherwise commands line by line from standard input.
 * Resolves with the process's exit code; the terminal is restored by then.
 */
export async function runShell(options: RunShellOptions): Promise<number> {
  const { process, clock, interpreter } = options;
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    return withSignals(options, false, (io) => runScript({ input: process.stdin, interpreter, io }));
  }
  const shell = shellProcess({ ...options, hold: true });
  shell.open();
  try {
    const history = new History(new HistoryFile(historyPath(process.env, homedir()), clock));
    const { terminal } = shell;
    if (options.greeting !== undefined)
      terminal.write(`${options.greeting.trimEnd().replace(/\r?\n/g, '\r\n')}\r\n`);
    // A hanging home directory must not hang the shell; old lines then join later. A broken file is reported on writing.
    await Promise.race([history.load().catch(() => undefined), sleep(clock, historyWaitMs)]);
    const code = await new Repl({ terminal, interpreter, history, clock, signal: shell.ending }).run();
    return shell.endingCode() ?? code;
  } finally {
    shell.close();
  }
}

/** One command outside the shell: signals abort it, Ctrl-C makes it 130, questions and `exec -it` work on a terminal. */
export async function runOneShot(
  options: RunOptions,
  run: (io: CommandIo) => Promise<number>,
): Promise<number> {
  return withSignals(options, true, run);
}

async function withSignals(
  { process, clock, color }: RunOptions,
  interactive: boolean,
  run: (io: CommandIo) => Promise<number>,
): Promise<number> {
  const shell = shellProcess({ process, clock, color, hold: false });
  shell.open();
  // A pipe whose reader has gone is a quiet end (128 + SIGPIPE in shells; kubectl too says nothing).
  const cut = new AbortController();
  const output = (stream: NodeJS.WriteStream) => {
    const colors = wantsColors({ isTerminal: stream.isTTY, choice: color, env: process.env });
    return new StreamOutput(stream, colors, () => cut.abort(new Error('the reader of the output has gone')));
  };
  const atTerminal = interactive && process.stdin.isTTY && process.stdout.isTTY;
  try {
    const io: CommandIo = {
      stdin: process.stdin,
      stdout: output(process.stdout),
      stderr: output(process.stderr),
      signal: AbortSignal.any([shell.ending, cut.signal]),
      terminal: atTerminal
        ? new AskingTerminal(shell.terminal, questionReader(shell.terminal, clock))
        : undefined,
    };
    const code = await run(io);
    return shell.endingCode() ?? code;
  } finally {
    shell.close();
  }
}
