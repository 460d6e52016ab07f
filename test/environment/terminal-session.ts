import { resolve } from 'node:path';
import { spawn } from '@lydell/node-pty';
import type { IPty } from '@lydell/node-pty';
import xterm from '@xterm/headless';

const wh = resolve(import.meta.dirname, '../../shell/bin/wh');
const patienceMs = 20_000;

export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  /** `wh` unless given. */
  readonly program?: string;
}

/** `wh`, or another program, on a real pseudo-terminal with a real screen: tests see the cells a person sees, not the bytes behind them. */
export class TerminalSession {
  readonly exitCode: Promise<number>;
  readonly #pty: IPty;
  readonly #screen: xterm.Terminal;
  readonly #listeners = new Set<() => void>();

  constructor(
    words: readonly string[],
    env: Readonly<Record<string, string>>,
    { columns: cols = 120, rows = 40, program = wh }: TerminalOptions = {},
  ) {
    this.#screen = new xterm.Terminal({ cols, rows, allowProposedApi: true });
    this.#pty = spawn(program, [...words], {
      name: 'xterm-256color',
      cols,
      rows,
      env: { ...(process.env as Record<string, string>), TERM: 'xterm-256color', ...env },
    });
    this.#pty.onData((data) => this.#screen.write(data, () => this.#notify()));
    this.exitCode = new Promise((done) => this.#pty.onExit(({ exitCode }) => done(exitCode)));
  }

  type(text: string): void {
    this.#pty.write(text);
  }

  resize(columns: number, rows: number): void {
    this.#screen.resize(columns, rows);
    this.#pty.resize(columns, rows);
  }

  /** What is on the screen, lines without their trailing blanks, empty lines at the end left out. */
  get text(): string {
    const { active } = this.#screen.buffer;
    const lines = Array.from({ length: this.#screen.rows }, (_, row) =>
      active.getLine(active.viewportY + row)?.translateToString(true),
    );
    return lines.join('\n').replace(/\n+$/, '');
  }

  /** Resolves when the screen matches. Rejects with the screen when it does not in time. */
  waitFor(pattern: RegExp, withinMs = patienceMs): Promise<void> {
    // A prompt ends with a blank, which the screen does not tell from an empty cell.
    const shows = (screen: string) => pattern.test(screen) || pattern.test(`${screen} `);
    return this.waitUntil(shows, withinMs, `showed ${String(pattern)}`);
  }

  waitUntil(holds: (screen: string) => boolean, withinMs = patienceMs, what = 'became that'): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        this.#listeners.delete(check);
        settle();
      };
      const check = () => {
        if (holds(this.text)) finish(resolve);
      };
      const timer = setTimeout(
        () => finish(() => reject(new Error(`The screen never ${what}:\n${this.text}`))),
        withinMs,
      );
      this.#listeners.add(check);
      check();
    });
  }

  /** Ends the program if it still runs. */
  close(): void {
    try {
      this.#pty.kill('SIGKILL');
    } catch {
      // It has ended already.
    }
    this.#screen.dispose();
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}
