import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Clock } from '../../../core/machinery/clock.ts';
import type { SimulatedSandbox } from './state.ts';

/** Changes within this time are written together. */
const writeDelayMs = 100;
const formatVersion = 1;

interface Contents {
  readonly version: number;
  readonly sandboxes: readonly SimulatedSandbox[];
}

/** Keeps the simulated Pods over a restart of the agent, as Docker keeps real ones. */
export class StateFile {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #contents: () => readonly SimulatedSandbox[];
  #cancelWrite: (() => void) | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string, clock: Clock, contents: () => readonly SimulatedSandbox[]) {
    this.#path = path;
    this.#clock = clock;
    this.#contents = contents;
  }

  /** Empty when there is no file yet. Throws on one that cannot be read, rather than lose what it says. */
  async read(): Promise<readonly SimulatedSandbox[]> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
    const contents = JSON.parse(text) as Contents;
    if (contents.version !== formatVersion) {
      throw new Error(`Cannot read "${this.#path}": version ${contents.version}, expected ${formatVersion}`);
    }
    return contents.sandboxes;
  }

  changed(): void {
    this.#cancelWrite ??= this.#clock.after(writeDelayMs, () => {
      this.#cancelWrite = undefined;
      this.#write();
    });
  }

  /** Resolves when the newest state is on the disk. */
  async flush(): Promise<void> {
    if (this.#cancelWrite !== undefined) {
      this.#cancelWrite();
      this.#cancelWrite = undefined;
      this.#write();
    }
    await this.#writing;
  }

  /** One write at a time; each replaces the file whole, so that a killed agent leaves the old one or the new one. */
  #write(): void {
    const before = this.#writing.catch(() => {});
    this.#writing = before.then(async () => {
      const contents: Contents = { version: formatVersion, sandboxes: this.#contents() };
      await writeFile(`${this.#path}.new`, JSON.stringify(contents));
      await rename(`${this.#path}.new`, this.#path);
    });
    // The next change tries again; `flush` tells of the failure.
    this.#writing.catch(() => {});
  }
}
