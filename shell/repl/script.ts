import type { CommandIo, Interpreter } from './command-line.ts';
import { noInput } from './command-terminal.ts';
import { CommandSplitter } from './commands-in-text.ts';
import { shellWord } from './shell-words.ts';

const interruptedCode = 130;
/** A line longer than this is no command but a wrong file on standard input. */
const longestLineCharacters = 8 << 20;

export interface ScriptOptions {
  /** The script's bytes; read no further than has been run. */
  readonly input: AsyncIterable<Uint8Array>;
  readonly interpreter: Interpreter;
  readonly io: Pick<CommandIo, 'stdout' | 'stderr' | 'signal'>;
}

/**
 * Runs commands line by line without echo or prompt; `#` begins a comment line. A failing command does not stop the
 * script; the result is the code of the last command that failed, 0 when none did.
 */
export async function runScript({ input, interpreter, io }: ScriptOptions): Promise<number> {
  const commandIo: CommandIo = { ...io, stdin: noInput(), terminal: undefined };
  const splitter = new CommandSplitter((text) => interpreter.needsMore(text));
  let failed = 0;

  const run = async (command: string): Promise<'go on' | 'leave'> => {
    const word = shellWord(command);
    if (word?.kind === 'exit') {
      failed = word.code ?? failed;
      return 'leave';
    }
    // Nothing to clear and nothing remembered where nobody sits.
    if (word !== undefined) return 'go on';
    try {
      const code = await interpreter.execute(command, { ...commandIo, stdin: noInput() });
      if (code !== 0) failed = code;
    } catch (error) {
      await io.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
      failed = 1;
    }
    if (!io.signal.aborted) return 'go on';
    failed = interruptedCode;
    return 'leave';
  };

  try {
    for await (const line of lines(input, io.signal)) {
      const command = splitter.line(line);
      if (command !== undefined && (await run(command)) === 'leave') return failed;
    }
  } catch (error) {
    await io.stderr.write(
      `error: cannot read commands: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    return 1;
  }
  const rest = splitter.rest();
  if (rest !== undefined) await run(rest);
  return io.signal.aborted ? interruptedCode : failed;
}

async function* lines(input: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncIterable<string> {
  const utf8 = new TextDecoder('utf-8');
  let open = '';
  const iterator = input[Symbol.asyncIterator]();
  const aborted = new Promise<'aborted'>((resolve) => {
    if (signal.aborted) resolve('aborted');
    else signal.addEventListener('abort', () => resolve('aborted'), { once: true });
  });
  for (;;) {
    const next = await Promise.race([iterator.next(), aborted]);
    if (next === 'aborted') return;
    open += next.done === true ? utf8.decode() : utf8.decode(next.value, { stream: true });
    const complete = open.split('\n');
    open = complete.pop() ?? '';
    for (const line of complete) yield line.replace(/\r$/, '');
    if (open.length > longestLineCharacters) throw new Error('a line is longer than 8 MiB');
    if (next.done === true) break;
  }
  if (open !== '') yield open.replace(/\r$/, '');
}
