import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Completion } from '../repl/command-line.ts';

const mostFiles = 500;

/** Completes a path on this machine; folders end with "/" so that typing goes on. */
export async function completeFiles(word: string): Promise<readonly Completion[]> {
  const folder = word.endsWith('/') ? word : dirname(word);
  const shown = word.includes('/')
    ? word.endsWith('/')
      ? word
      : `${dirname(word)}/`.replace('//', '/')
    : '';
  const entries = await readdir(join(folder.replace(/^~(?=\/|$)/, homedir())), { withFileTypes: true });
  const typedName = word.slice(shown.length);
  return entries
    .filter(({ name }) => name.startsWith(typedName) && (typedName.startsWith('.') || !name.startsWith('.')))
    .slice(0, mostFiles)
    .map((entry) => ({
      text: `${shown}${entry.name}${entry.isDirectory() ? '/' : ''}`,
      ...(entry.isDirectory() ? { suffix: '' } : {}),
    }));
}
