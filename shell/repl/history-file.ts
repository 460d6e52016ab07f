import { chmod, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sleep, type Clock } from '../../core/machinery/clock.ts';
import type { HistoryStore } from './history.ts';

const limitLines = 10_000;
/** The file is rewritten without duplicates once it holds this many times the limit. */
const slack = 2;
const lockTries = 40;
const lockPauseMs = 25;
/** A lock older than this belongs to a shell that died while holding it: writing takes milliseconds. */
const staleLockMs = 5_000;

/** `$XDG_STATE_HOME/wheelhouse/history` (XDG Base Directory specification 0.8). */
export function historyPath(
  env: Readonly<Record<string, string | undefined>>,
  homeDirectory: string,
): string {
  const configured = env['XDG_STATE_HOME'];
  // The specification has relative paths ignored.
  const state = configured?.startsWith('/') === true ? configured : join(homeDirectory, '.local', 'state');
  return join(state, 'wheelhouse', 'history');
}

/**
 * One JSON string a line, appended with a single write, readable by nobody else. Appending and rewriting hold a lock
 * file, so that two shells lose nothing to each other.
 */
export class HistoryFile implements HistoryStore {
  readonly #path: string;
  readonly #clock: Clock;

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
  }

  async load(): Promise<readonly string[]> {
    const lines = await this.#read();
    if (lines.length > limitLines * slack) {
      // Tidying can wait for the next shell if another one is at it; the lines are there either way.
      await this.#locked(() => this.#compact()).catch(() => undefined);
    }
    return lines;
  }

  async append(line: string): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    await this.#locked(async () => {
      const file = await open(this.#path, 'a+', 0o600);
      try {
        const { mode, size } = await file.stat();
        // An older umask or a copied file may have left it open to others.
        if ((mode & 0o077) !== 0) await file.chmod(0o600);
        const { buffer } = await file.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1));
        // What a full disk or a crash cut short must not swallow this line too.
        const start = size > 0 && buffer[0] !== 0x0a ? '\n' : '';
        await file.write(`${start}${JSON.stringify(line)}\n`);
      } finally {
        await file.close();
      }
    });
  }

  async #read(): Promise<string[]> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return [];
      throw new Error(`Cannot read history ${JSON.stringify(this.#path)}`, { cause: error });
    }
    return text.split('\n').flatMap((record) => {
      const line = parse(record);
      return line === undefined ? [] : [line];
    });
  }

  async #compact(): Promise<void> {
    const kept = [...new Set((await this.#read()).reverse())].slice(0, limitLines).reverse();
    const temporary = `${this.#path}.${process.pid}`;
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(kept.map((line) => `${JSON.stringify(line)}\n`).join(''));
    } finally {
      await file.close();
    }
    await chmod(temporary, 0o600);
    await rename(temporary, this.#path);
  }

  async #locked(work: () => Promise<void>): Promise<void> {
    const lock = `${this.#path}.lock`;
    for (let attempt = 0; attempt < lockTries; attempt += 1) {
      try {
        await (await open(lock, 'wx', 0o600)).close();
      } catch (error) {
        if (errorCode(error) !== 'EEXIST') throw error;
        const age = await stat(lock).then(
          ({ mtimeMs }) => this.#clock.now() - mtimeMs,
          () => 0,
        );
        if (age > staleLockMs) await rm(lock, { force: true });
        else await sleep(this.#clock, lockPauseMs);
        continue;
      }
      try {
        await work();
      } finally {
        await rm(lock, { force: true });
      }
      return;
    }
    throw new Error(`Cannot write history ${JSON.stringify(this.#path)}: another shell holds its lock`);
  }
}

/** A record cut short by a full disk or a crash is left out. */
function parse(record: string): string | undefined {
  if (record === '') return undefined;
  try {
    const line: unknown = JSON.parse(record);
    return typeof line === 'string' ? line : undefined;
  } catch {
    return undefined;
  }
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
