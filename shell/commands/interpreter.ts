import { nearestName } from '../../core/machinery/nearest-name.ts';
import type { CommandIo, Completion, Completions, Interpreter, PromptPlace } from '../repl/command-line.ts';
import { ExitCode, UsageError } from './command.ts';
import type { Command, Flag } from './command.ts';
import { errorText } from './errors.ts';
import { globalFlags, parseFlags } from './flags.ts';
import { helpText } from './help-text.ts';
import { placeFrom, verbFirst, withoutProgram } from './place.ts';
import { findCommand, verbNames } from './registry.ts';
import type { Session } from './session.ts';
import { quoteWord, splitLine } from './words.ts';
import { findKind } from './find-kind.ts';

/** What a command that was cancelled answers (128 + SIGINT). */
const interrupted = 130;

/** A verb and the subcommand below it that words name. */
interface Resolved {
  readonly command: Command;
  readonly path: string;
  readonly rest: readonly string[];
}

/** Runs and completes command lines; the one place where a verb meets its arguments. */
export class CommandInterpreter implements Interpreter {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async execute(line: string, io: CommandIo): Promise<number> {
    const { words, hereDocument } = splitLine(line);
    const input = hereDocument === undefined ? io.stdin : onlyText(hereDocument);
    return this.run(
      words.map(({ text }) => text),
      { ...io, stdin: input },
    );
  }

  /** Runs words that a shell has split already. */
  async run(words: readonly string[], io: CommandIo): Promise<number> {
    const line = verbFirst(words);
    if (line.length === 0) return 0;
    try {
      return await this.#run(line, io);
    } catch (error) {
      if (error instanceof ExitCode) return error.code;
      if (io.signal.aborted) return interrupted;
      await io.stderr.write(`${errorText(error)}\n`);
      if (error instanceof UsageError) await io.stderr.write(await seeHelp(line));
      return 1;
    }
  }

  async #run(line: readonly string[], io: CommandIo): Promise<number> {
    const resolved = await resolve(line);
    if (resolved === undefined) {
      const [word = ''] = line;
      if (word === '--help' || word === '-h') return this.#run(['help'], io);
      throw unknownCommand(word);
    }
    const { command, path, rest } = resolved;
    const { words, afterDashes, flags } = parseFlags(rest, [...command.flags, ...globalFlags]);
    if (flags.boolean('help')) {
      await io.stdout.write(helpText(command, path));
      return 0;
    }
    // Kinds come and go with their definitions: every command asks anew.
    this.#session.forgetResources();
    const session = this.#session.at(placeFrom(flags));
    try {
      return await command.run({ command, path, words, afterDashes, flags, io, session });
    } finally {
      if (session !== this.#session) session.close();
    }
  }

  needsMore(text: string): boolean {
    return splitLine(text).unfinished !== undefined;
  }

  get where(): PromptPlace {
    try {
      return { context: this.#session.context.name, namespace: this.#session.namespace, protected: false };
    } catch {
      return { context: '', namespace: '', protected: false };
    }
  }

  async complete(line: string, cursor: number, signal: AbortSignal): Promise<Completions> {
    const before = line.slice(0, cursor);
    const { words } = splitLine(before);
    const last = words.at(-1);
    const atWord = last !== undefined && last.end === before.length;
    const word = atWord ? last.text : '';
    const from = atWord ? last.start : before.length;
    const typed = words.slice(0, atWord ? -1 : undefined).map(({ text }) => text);
    const found = await this.#candidates(typed, word, signal).catch((): readonly Completion[] => []);
    return { from, items: found.map((item) => ({ ...item, text: quoteWord(item.text) })) };
  }

  async #candidates(
    typed: readonly string[],
    word: string,
    signal: AbortSignal,
  ): Promise<readonly Completion[]> {
    const line = withoutProgram(typed);
    if (line.length === 0) return verbCompletions(word);
    const resolved = await resolve(line);
    if (resolved === undefined) return [];
    const { command, rest } = resolved;
    const known = [...command.flags, ...globalFlags];
    if (word.startsWith('-')) return flagCompletions(known, word);
    const session = this.#session.at({ namespace: valueOf(rest, 'namespace', 'n') });
    const waiting = flagWaitingForValue(rest, known);
    if (waiting !== undefined) return valueCompletions(waiting, word, session, signal);
    const { words, flags } = parseFlags(rest, known);
    if (words.length === 0 && command.subcommands !== undefined && rest.length === 0) {
      return command.subcommands
        .filter(({ name }) => name.startsWith(word))
        .map(({ name, summary }) => ({ text: name, description: summary }));
    }
    return (await command.complete?.({ words, word, flags, session, signal })) ?? [];
  }
}

async function resolve(line: readonly string[]): Promise<Resolved | undefined> {
  const [verb = '', second] = line;
  const command = await findCommand(verb);
  if (command === undefined) return undefined;
  const child = command.subcommands?.find(
    ({ name, aliases }) => name === second || aliases?.includes(second ?? '') === true,
  );
  return child === undefined
    ? { command, path: verb, rest: line.slice(1) }
    : { command: child, path: `${verb} ${child.name}`, rest: line.slice(2) };
}

function unknownCommand(name: string): UsageError {
  const near = nearestName(name, verbNames);
  const hint = near === undefined ? '' : `; did you mean "${near}"?`;
  return new UsageError(`unknown command "${name}"${hint}`);
}

async function seeHelp(line: readonly string[]): Promise<string> {
  const resolved = await resolve(line);
  return resolved === undefined
    ? "See 'help' for the list of commands.\n"
    : `See '${resolved.path} --help' for usage.\n`;
}

async function verbCompletions(word: string): Promise<readonly Completion[]> {
  const commands = await Promise.all(verbNames.filter((name) => name.startsWith(word)).map(findCommand));
  return commands.flatMap((command) =>
    command === undefined ? [] : [{ text: command.name, description: command.summary }],
  );
}

function flagCompletions(known: readonly Flag[], word: string): readonly Completion[] {
  return known
    .map((flag) => ({ flag, text: `--${flag.name}` }))
    .filter(({ text }) => text.startsWith(word))
    .map(({ flag, text }) => ({
      text: flag.type === 'boolean' || flag.bare !== undefined ? text : `${text}=`,
      ...(flag.type === 'boolean' || flag.bare !== undefined ? {} : { suffix: '' }),
      description: flag.help,
    }));
}

/** The flag whose value comes next, as after `-n `. */
function flagWaitingForValue(rest: readonly string[], known: readonly Flag[]): Flag | undefined {
  const last = rest.at(-1) ?? '';
  const flag = known.find(
    ({ name, short }) => last === `--${name}` || (short !== undefined && last === `-${short}`),
  );
  return flag?.type === 'boolean' || flag?.bare !== undefined ? undefined : flag;
}

async function valueCompletions(
  flag: Flag,
  word: string,
  session: Session,
  signal: AbortSignal,
): Promise<readonly Completion[]> {
  if (flag.choices !== undefined) return starting(flag.choices, word);
  if (flag.completes === 'namespace') {
    const index = await session.resources(signal);
    const { items } = await session.cluster.client.list(findKind(index, 'namespaces'), { signal });
    return starting(
      items.map(({ metadata }) => metadata.name ?? ''),
      word,
    );
  }
  if (flag.completes === 'context') return starting(session.contextNames, word);
  if (flag.completes === 'file') return (await import('./complete-files.ts')).completeFiles(word);
  return [];
}

function starting(values: readonly string[], word: string): readonly Completion[] {
  return values
    .filter((value) => value.startsWith(word))
    .map((text) => ({ text, ...(text.endsWith('=') ? { suffix: '' } : {}) }));
}

function valueOf(rest: readonly string[], name: string, short: string): string | undefined {
  const at = rest.findIndex((word) => word === `--${name}` || word === `-${short}`);
  return at < 0 ? rest.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3) : rest[at + 1];
}

async function* onlyText(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text);
}
