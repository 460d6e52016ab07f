import { readFileSync, renameSync, writeFileSync } from 'node:fs';

/** Undefined where there is no such file. */
export function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Nobody ever sees a part of it. */
export function writeAtomically(path: string, content: Buffer | string, mode: number): void {
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, content, { mode });
  renameSync(temporary, path);
}
