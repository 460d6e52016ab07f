export { runOneShot, runShell, type RunOptions, type RunShellOptions } from './run-shell.ts';
export type {
  CommandIo,
  CommandTerminal,
  Completion,
  Completions,
  Interpreter,
  Output,
  PromptPlace,
} from './command-line.ts';
