import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { watchDirectory } from './directory-changes.ts';
import { addKey, forgetOldKeys, readKeys } from './encryption-keys.ts';
import { readProgress } from './encryption.ts';
import type { Progress } from './encryption.ts';

const usage = `core rotate-encryption-key --data-dir=PATH [--timeout=SECONDS] [--forget-old]`;

/**
 * `core rotate-encryption-key`: a new key for what is written from now on. A core that runs encrypts all Secrets under
 * it at once, one that does not does so when it starts; this waits for the former. `--forget-old` then removes the
 * older keys: backups from before, and the store's own history of the last minutes, cannot be read after that.
 */
export async function rotateEncryptionKey(args: readonly string[]): Promise<string> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'data-dir': { type: 'string' },
      timeout: { type: 'string', default: '60' },
      'forget-old': { type: 'boolean', default: false },
    },
  });
  const dataDirectory = values['data-dir'];
  const timeoutSeconds = Number(values.timeout);
  if (dataDirectory === undefined || !(timeoutSeconds >= 0)) throw new Error(`Usage: ${usage}`);
  const directory = encryptionDirectory(dataDirectory);
  if (readKeys(directory) === undefined)
    throw new Error(
      `Cannot rotate the encryption key: there is none in "${directory}" yet; core makes the first`,
    );
  const { current } = addKey(directory);
  const progress = await waitFor(directory, current.id, timeoutSeconds * 1_000);
  if (progress === undefined)
    return `New key ${current.id}; Secrets are encrypted under it when core runs.\n`;
  const done = `New key ${current.id}; ${count(progress.rewritten)} encrypted under it.\n`;
  if (progress.unreadable.length > 0)
    throw new Error(`${done.trim()} These cannot be decrypted: ${progress.unreadable.join(', ')}`);
  if (!values['forget-old']) return done;
  return `${done}${forgetOldKeys(directory)} older keys forgotten.\n`;
}

export function encryptionDirectory(dataDirectory: string): string {
  return join(dataDirectory, 'encryption');
}

async function waitFor(directory: string, key: string, timeoutMs: number): Promise<Progress | undefined> {
  const over = AbortSignal.timeout(timeoutMs);
  // A watch that goes on would keep the process.
  const done = new AbortController();
  try {
    const changes = watchDirectory(directory, AbortSignal.any([over, done.signal]));
    for (;;) {
      const progress = readProgress(directory);
      if (progress?.key === key) return progress;
      await changes.next();
    }
  } catch (error) {
    if (over.aborted) return undefined;
    throw error;
  } finally {
    done.abort();
  }
}

function count(secrets: number): string {
  return secrets === 1 ? '1 Secret is' : `${secrets} Secrets are`;
}
