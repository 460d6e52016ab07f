import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import type { Clock } from './clock.ts';

export interface RotatingFileOptions {
  readonly path: string;
  /** The file is set aside before it would grow beyond this. */
  readonly maxBytes: number;
  /** How many that were set aside are kept, the newest; 0 keeps them all. */
  readonly maxBackups: number;
  /** Those set aside longer ago are removed; 0 for never. */
  readonly maxAgeMs: number;
  readonly clock: Clock;
}

/**
 * A file of lines that is only appended to, readable by its owner alone. What is set aside has the time of that in
 * its name, as in "audit-2026-01-02T03-04-05.678.log". Calls must not overlap.
 */
export class RotatingFile {
  readonly #options: RotatingFileOptions;
  #file: FileHandle | undefined;
  #bytes = 0;
  /** Of a call that failed: what it did not write any more. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(options: RotatingFileOptions) {
    this.#options = options;
  }

  /**
   * Writes whole lines. When it rejects, what was not written yet is kept and goes before the lines of the next call,
   * which may be none: no line is torn by a disk that was full for a while.
   */
  async append(lines: Buffer): Promise<void> {
    await this.#write(this.#rest);
    this.#rest = lines;
    const { maxBytes } = this.#options;
    if (this.#bytes > 0 && this.#bytes + lines.length > maxBytes) await this.#setAside();
    await this.#write(lines);
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #write(bytes: Buffer): Promise<void> {
    this.#rest = bytes;
    if (bytes.length === 0) return;
    const file = (this.#file ??= await this.#open());
    while (this.#rest.length > 0) {
      const { bytesWritten } = await file.write(this.#rest);
      this.#bytes += bytesWritten;
      this.#rest = this.#rest.subarray(bytesWritten);
    }
  }

  async #open(): Promise<FileHandle> {
    const { path } = this.#options;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(path, 'a+', 0o600);
    try {
      const { size } = await file.stat();
      this.#bytes = size;
      // A process that was killed may have left half a line.
      if (size > 0) {
        const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
        if (buffer[0] !== newline) this.#bytes += (await file.write('\n')).bytesWritten;
      }
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async #setAside(): Promise<void> {
    const { path, clock } = this.#options;
    await this.close();
    const time = new Date(clock.now()).toISOString().replaceAll(':', '-').replace('Z', '');
    const { stem, extension } = this.#names();
    const aside = join(dirname(path), `${stem}${time}${extension}`);
    try {
      await rename(path, aside);
    } catch (error) {
      // Somebody took it away: then it begins anew all the same.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    this.#bytes = 0;
    await this.#prune();
  }

  async #prune(): Promise<void> {
    const { path, maxBackups, maxAgeMs, clock } = this.#options;
    const { stem, extension } = this.#names();
    const backups = (await readdir(dirname(path)))
      .filter((name) => name.startsWith(stem) && name.endsWith(extension))
      .map((name) => ({ name, time: name.slice(stem.length, name.length - extension.length) }))
      .filter(({ time }) => /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}$/.test(time))
      .toSorted((a, b) => (a.time < b.time ? 1 : -1));
    const oldest = maxAgeMs === 0 ? 0 : clock.now() - maxAgeMs;
    for (const [index, { name, time }] of backups.entries()) {
      const at = Date.parse(`${time.slice(0, 10)}${time.slice(10).replaceAll('-', ':')}Z`);
      if ((maxBackups === 0 || index < maxBackups) && at >= oldest) continue;
      await rm(join(dirname(path), name), { force: true });
    }
  }

  #names(): { readonly stem: string; readonly extension: string } {
    const extension = extname(this.#options.path);
    return { stem: `${basename(this.#options.path, extension)}-`, extension };
  }
}

const newline = 0x0a;
