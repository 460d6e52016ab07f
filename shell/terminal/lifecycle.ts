import type { Clock } from '../../core/machinery/clock.ts';
import { wantsColors, type ColorChoice } from './colors.ts';
import { ProcessTerminal } from './process-terminal.ts';

/** How long a process that could not be stopped (no job control around it) waits before it carries on by itself. */
const orphanedStopMs = 50;
/** What a shutdown may take before the process ends whatever still runs. */
const shutdownGraceMs = 2_000;

/** Exit codes of a process ended by a signal, as shells report them: 128 and the signal's number. */
const signalCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129, SIGQUIT: 131 } as const;

export interface ShellProcess {
  readonly terminal: ProcessTerminal;
  /** Aborted by SIGINT, SIGTERM, SIGHUP and SIGQUIT, and by a terminal that has gone. Ctrl-C in a shell is a key. */
  readonly ending: AbortSignal;
  /** The exit code the signal that ended things asks for; undefined while nothing did. */
  readonly endingCode: () => number | undefined;
  /** Takes the signals, and the keyboard if it is to be held. */
  open(): void;
  /** Restores the terminal and takes all handlers off the process. */
  close(): void;
}

export interface ShellProcessOptions {
  readonly process: NodeJS.Process;
  readonly clock: Clock;
  readonly color: ColorChoice;
  /** True for a shell that reads commands, false for a single command (see `ProcessTerminalOptions.hold`). */
  readonly hold: boolean;
}

/**
 * Ties a terminal to the life of the process: however it stops or ends (but for kill -9, after which only `stty sane`
 * and `reset` help), the terminal is left as it was found, and after `fg` the screen is drawn again.
 */
export function shellProcess({ process, clock, color, hold }: ShellProcessOptions): ShellProcess {
  const ending = new AbortController();
  let code: number | undefined;
  let isOpen = false;

  const end = (asked: number) => {
    if (code !== undefined) {
      // Asked twice: the user, or init, will not wait any longer.
      terminal.close();
      process.exit(asked);
    }
    code = asked;
    ending.abort(new Error('the shell is ending'));
    clock.after(shutdownGraceMs, () => {
      terminal.close();
      process.exit(asked);
    });
  };

  const stopProcess = () => {
    process.off('SIGTSTP', onStop);
    // The whole foreground group, as the terminal driver does it: `npm start` and what else waits for us stops too.
    process.kill(0, 'SIGTSTP');
    process.on('SIGTSTP', onStop);
    // Where nobody can stop us (no job control around) we carry on by ourselves. Two timers, because after `fg` the
    // first may run before SIGCONT is seen; they keep the process alive too, whose stdin is at rest.
    setTimeout(() => setTimeout(() => terminal.stopped && terminal.resume(), orphanedStopMs), orphanedStopMs);
  };

  const terminal = new ProcessTerminal({
    input: process.stdin,
    output: process.stdout,
    clock,
    hold,
    colors: wantsColors({ isTerminal: process.stdout.isTTY, choice: color, env: process.env }),
    addressable: process.env['TERM'] !== 'dumb' && process.env['TERM'] !== undefined,
    onGone: () => {
      if (code === undefined) end(signalCodes.SIGHUP);
    },
    stopProcess,
  });

  const onStop = () => terminal.suspend();
  const onContinue = () => terminal.resume();
  const onSize = () => terminal.sizeChanged();
  const onExit = () => terminal.close();
  const signals = Object.entries(signalCodes).map(([name, value]) => ({ name, handler: () => end(value) }));

  return {
    terminal,
    ending: ending.signal,
    endingCode: () => code,
    open() {
      if (isOpen) return;
      isOpen = true;
      process.on('SIGTSTP', onStop);
      process.on('SIGCONT', onContinue);
      // After Node's own handler, which reads the new size; its `resize` event is silent when that is the old one.
      process.on('SIGWINCH', onSize);
      process.on('exit', onExit);
      // Before Node prints the stack: into a raw alternate screen it would be lost.
      process.on('uncaughtExceptionMonitor', onExit);
      for (const { name, handler } of signals) process.on(name, handler);
      if (hold) terminal.open();
    },
    close() {
      if (!isOpen) return;
      isOpen = false;
      terminal.close();
      process.off('SIGTSTP', onStop);
      process.off('SIGCONT', onContinue);
      process.off('SIGWINCH', onSize);
      process.off('exit', onExit);
      process.off('uncaughtExceptionMonitor', onExit);
      for (const { name, handler } of signals) process.off(name, handler);
    },
  };
}
