import type { CommandIo, Completion } from '../repl/command-line.ts';
import type { Session } from './session.ts';

/** A verb. The same object serves the REPL, one-shot commands, panes and help. */
export interface Command {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** One line for the list of commands. */
  readonly summary: string;
  /** What follows the name, such as "(TYPE [NAME ...] | TYPE/NAME ...) [flags]". */
  readonly usage: string;
  readonly examples: readonly Example[];
  readonly flags: readonly Flag[];
  /** Verbs below this one, such as `rollout status`. */
  readonly subcommands?: readonly Command[];
  /** Words after "--" are kept apart (exec). */
  run(invocation: Invocation): Promise<number>;
  /** Completes a positional word. Flags and their names are completed for every command alike. */
  complete?(request: CompletionRequest): Promise<readonly Completion[]>;
}

export interface Example {
  readonly says: string;
  readonly line: string;
}

export interface Flag {
  readonly name: string;
  readonly short?: string;
  /** 'boolean' flags take no value unless it is given with "="; 'list' flags may be repeated. */
  readonly type: 'boolean' | 'string' | 'integer' | 'list';
  readonly help: string;
  /** The value a flag has when it is given without one, such as `--dry-run`. */
  readonly bare?: string;
  /** Values it may have; one that ends with "=" goes on as people like. */
  readonly choices?: readonly string[];
  /** Names values for completion: live namespaces, contexts or files. */
  readonly completes?: 'namespace' | 'context' | 'file';
}

export interface Flags {
  string(name: string): string | undefined;
  /** Every value given, in order. */
  list(name: string): readonly string[];
  /** The same, each taken apart at its commas. */
  commaList(name: string): readonly string[];
  boolean(name: string): boolean;
  integer(name: string): number | undefined;
  /** Whether it stood on the line at all. */
  given(name: string): boolean;
}

export interface Invocation {
  readonly command: Command;
  /** The verb as typed with its parents, such as "rollout status". */
  readonly path: string;
  readonly words: readonly string[];
  /** What followed "--"; undefined when it was not given. */
  readonly afterDashes: readonly string[] | undefined;
  readonly flags: Flags;
  readonly io: CommandIo;
  readonly session: Session;
}

export interface CompletionRequest {
  /** Positional words before the one being completed. */
  readonly words: readonly string[];
  /** The word being completed, up to the cursor. */
  readonly word: string;
  readonly flags: Flags;
  readonly session: Session;
  readonly signal: AbortSignal;
}

/** The command was called wrongly: printed with the way to its help; exit code 1. */
export class UsageError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UsageError';
  }
}

/** Ends a command with this code when everything worth saying has been said. */
export class ExitCode extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`exit code ${code}`);
    this.name = 'ExitCode';
    this.code = code;
  }
}
