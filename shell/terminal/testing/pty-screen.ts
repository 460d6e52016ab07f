import { mkdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { spawn, type IPty } from '@lydell/node-pty';
import { build } from 'esbuild';
import xterm from '@xterm/headless';

const root = resolve(import.meta.dirname, '../../..');
const patienceMs = 8_000;

/** Bundles a TypeScript program so that plain Node runs it in a terminal of its own; answers with the file's path. */
export async function bundleProgram(entry: string): Promise<string> {
  const folder = join(root, '.build', 'test-programs');
  mkdirSync(folder, { recursive: true });
  // A name per process: test files that run at the same time bundle the same program.
  const outfile = join(folder, `${basename(entry, '.ts')}.${process.pid}.mjs`);
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    logLevel: 'error',
  });
  return outfile;
}

export interface PtyOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** A program in a real pseudo-terminal, seen as a person sees it: cells on a screen. */
export class PtyScreen {
  readonly pty: IPty;
  readonly #terminal: InstanceType<typeof xterm.Terminal>;
  readonly #watchers = new Set<() => void>();
  readonly #onBytes = new Set<(bytes: string) => void>();
  exit: { readonly code: number; readonly signal: number } | undefined;

  constructor(file: string, args: readonly string[], options: PtyOptions = {}) {
    const columns = options.columns ?? 80;
    const rows = options.rows ?? 24;
    this.#terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 1_000 });
    this.pty = spawn(file, [...args], {
      cols: columns,
      rows,
      name: 'xterm-256color',
      cwd: root,
      env: { ...inheritedEnvironment(), LANG: 'C.UTF-8', ...options.env },
    });
    this.pty.onData((data) => {
      for (const listener of this.#onBytes) listener(data);
      this.#terminal.write(data, () => this.#changed());
    });
    // Answers to questions the program asks (where is the cursor) go back as input.
    this.#terminal.onData((data) => this.pty.write(data));
    this.pty.onExit(({ exitCode, signal }) => {
      // Behind the last bytes, which the terminal may not have taken in yet.
      this.#terminal.write('', () => {
        this.exit = { code: exitCode, signal: signal ?? 0 };
        this.#changed();
      });
    });
  }

  type(text: string): void {
    this.pty.write(text);
  }

  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows);
    this.pty.resize(columns, rows);
  }

  /** The rows on screen, trailing blanks removed. */
  lines(): string[] {
    const { active } = this.#terminal.buffer;
    return Array.from({ length: this.#terminal.rows }, (_, row) =>
      (active.getLine(active.viewportY + row)?.translateToString(true) ?? '').trimEnd(),
    );
  }

  text(): string {
    return this.lines().join('\n').trimEnd();
  }

  /** Every cell with its colours, for comparing whole screens; scrollback included. */
  cells(): string[] {
    const { active } = this.#terminal.buffer;
    return Array.from({ length: active.length }, (_, row) => {
      const line = active.getLine(row);
      return Array.from({ length: this.#terminal.cols }, (_, column) => {
        const cell = line?.getCell(column);
        return cell === undefined
          ? ''
          : `${cell.getChars()}/${cell.getFgColor()}/${cell.getBgColor()}/${cell.isBold()}${cell.isInverse()}`;
      }).join('|');
    });
  }

  get cursor(): { readonly row: number; readonly column: number } {
    const { active } = this.#terminal.buffer;
    return { row: active.cursorY, column: active.cursorX };
  }

  get alternate(): boolean {
    return this.#terminal.buffer.active.type === 'alternate';
  }

  get modes(): {
    readonly bracketedPaste: boolean;
    readonly mouse: string;
    readonly applicationCursor: boolean;
  } {
    const { bracketedPasteMode, mouseTrackingMode, applicationCursorKeysMode } = this.#terminal.modes;
    return {
      bracketedPaste: bracketedPasteMode,
      mouse: mouseTrackingMode,
      applicationCursor: applicationCursorKeysMode,
    };
  }

  onBytes(listener: (bytes: string) => void): () => void {
    this.#onBytes.add(listener);
    return () => this.#onBytes.delete(listener);
  }

  /** Resolves once `condition` holds; rejects with the screen when it does not within some seconds. */
  async until(what: string, condition: () => boolean): Promise<void> {
    if (condition()) return;
    await new Promise<void>((done, fail) => {
      const watcher = () => {
        if (!condition()) return;
        this.#watchers.delete(watcher);
        clearTimeout(timer);
        done();
      };
      const timer = setTimeout(() => {
        this.#watchers.delete(watcher);
        const ended = this.exit === undefined ? '' : `\n(exited with ${JSON.stringify(this.exit)})`;
        fail(new Error(`Waited in vain for ${what}; the screen shows:\n${this.text()}${ended}`));
      }, patienceMs);
      this.#watchers.add(watcher);
    });
  }

  shows(text: string): Promise<void> {
    return this.until(JSON.stringify(text), () => this.text().includes(text.trimEnd()));
  }

  ended(): Promise<void> {
    return this.until('the end of the program', () => this.exit !== undefined);
  }

  dispose(): void {
    if (this.exit === undefined) this.pty.kill('SIGKILL');
    this.#terminal.dispose();
  }

  #changed(): void {
    for (const watcher of this.#watchers) watcher();
  }
}

function inheritedEnvironment(): Record<string, string> {
  const { PATH = '', HOME = '/tmp' } = process.env;
  return { PATH, HOME };
}
