import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { keyBytes, keyFrom, KeyRing, newKey } from '../storage/encryption/key-ring.ts';
import type { KeyEncryptionKey } from '../storage/encryption/key-ring.ts';

const maxReads = 5;
const fileName = /^key-(\d{6})$/;

/**
 * The keys that encrypt what is stored, one in a file of its own in `directory`: the highest number writes, all of
 * them read. Files are only ever added whole, so that neither a crash nor two who rotate at once can lose a key that
 * something is encrypted under. Readable by nobody else.
 */
export function readKeys(directory: string): KeyRing | undefined {
  let keys: readonly KeyEncryptionKey[] = [];
  for (let attempt = 0; attempt < maxReads; attempt++) {
    const files = keyFiles(directory);
    keys = files.flatMap((file) => readKey(join(directory, file)) ?? []);
    // One that was forgotten between the look and the read may have been the newest of the look.
    if (keys.length === files.length) break;
  }
  return keys.length === 0 ? undefined : new KeyRing(keys);
}

/** As `readKeys`; makes the first key where there is none. */
export function ensureKeys(directory: string): KeyRing {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return readKeys(directory) ?? addKey(directory);
}

/** Makes a key that is used from now on, durably. */
export function addKey(directory: string): KeyRing {
  const temporary = join(directory, `.new-${process.pid}-${newKey().id}`);
  writeDurably(temporary, `${newKey().key.toString('base64')}\n`);
  try {
    for (;;) {
      const last = keyFiles(directory)[0];
      const number = last === undefined ? 1 : Number(fileName.exec(last)?.[1]) + 1;
      try {
        linkSync(temporary, join(directory, `key-${String(number).padStart(6, '0')}`));
        break;
      } catch (error) {
        // Somebody else took the number: theirs is a key as well.
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
  } finally {
    unlinkSync(temporary);
  }
  syncDirectory(directory);
  return readKeys(directory) as KeyRing;
}

/** Removes all keys but the newest; what is still encrypted under them is lost. Returns how many. */
export function forgetOldKeys(directory: string): number {
  const [, ...old] = keyFiles(directory);
  for (const file of old) unlinkSync(join(directory, file));
  syncDirectory(directory);
  return old.length;
}

/** Newest first. */
function keyFiles(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
      .filter((file) => fileName.test(file))
      .toSorted()
      .toReversed();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Undefined where there is no such file any longer. */
function readKey(path: string): KeyEncryptionKey | undefined {
  const text = readIfThere(path);
  if (text === undefined) return undefined;
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length !== keyBytes)
    throw new Error(`Cannot read the encryption key "${path}": it must be ${keyBytes} bytes in base64`);
  return keyFrom(key);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
