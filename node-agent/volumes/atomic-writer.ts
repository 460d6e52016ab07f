import { randomBytes } from 'node:crypto';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface PayloadFile {
  readonly data: Buffer;
  readonly mode: number;
}

/** Files by their path in the volume. */
export type Payload = ReadonlyMap<string, PayloadFile>;

const dataLink = '..data';

/**
 * Replaces all files of a volume at once: they lie in a directory with a time for its name, `..data` links to it,
 * and what people see links through `..data`. Swapping that one link changes everything together (upstream:
 * pkg/volume/util/atomic_writer.go). Does nothing when the content is the same.
 */
export async function writeAtomically(
  target: string,
  payload: Payload,
  options: { readonly nowMs: number; readonly groupId: number | undefined },
): Promise<'written' | 'unchanged'> {
  for (const path of payload.keys()) checkPath(path);
  const current = await readlink(join(target, dataLink)).catch(() => undefined);
  if (current !== undefined && (await isSame(join(target, current), payload))) {
    await linkVisible(target, payload);
    return 'unchanged';
  }
  const name = `..${stamp(options.nowMs)}.${randomBytes(4).readUInt32LE()}`;
  const directory = join(target, name);
  await mkdir(directory, { mode: 0o755 });
  await chmod(directory, 0o755);
  for (const [path, file] of payload) await writeOne(directory, path, file, options.groupId);
  await rm(join(target, '..data_tmp'), { force: true });
  await symlink(name, join(target, '..data_tmp'));
  await rename(join(target, '..data_tmp'), join(target, dataLink));
  await linkVisible(target, payload);
  for (const entry of await readdir(target)) {
    if (entry.startsWith('..2') && entry !== name)
      await rm(join(target, entry), { recursive: true, force: true });
  }
  return 'written';
}

/** Whether the directory has content that was written as a whole. */
export async function isWritten(target: string): Promise<boolean> {
  return (await readlink(join(target, dataLink)).catch(() => undefined)) !== undefined;
}

/** A path that may stand in a volume: relative, without steps up, and not one of the writer's own names. */
export function checkPath(path: string): void {
  const problem =
    path === ''
      ? 'it is empty'
      : path.startsWith('/')
        ? 'it is absolute'
        : path.split('/').includes('..')
          ? 'it contains ".."'
          : path.startsWith('..')
            ? 'it starts with ".."'
            : path.length > 4096
              ? 'it is too long'
              : undefined;
  if (problem !== undefined) throw new Error(`invalid path "${path}": ${problem}`);
}

async function writeOne(
  directory: string,
  path: string,
  { data, mode }: PayloadFile,
  groupId: number | undefined,
): Promise<void> {
  const file = join(directory, path);
  await mkdir(dirname(file), { recursive: true, mode: 0o755 });
  await writeFile(file, data, { mode: 0o600, flag: 'wx' });
  if (groupId !== undefined) await chown(file, 0, groupId);
  // Set apart from creation: the process's umask must not count.
  await chmod(file, groupId === undefined ? mode : mode | 0o440);
}

async function isSame(directory: string, payload: Payload): Promise<boolean> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return false;
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  if (files.length !== payload.size) return false;
  for (const [path, { data, mode }] of payload) {
    const file = join(directory, path);
    const found = await readFile(file).catch(() => undefined);
    if (found === undefined || !found.equals(data)) return false;
    if (((await lstat(file)).mode & 0o7777 & mode) !== mode) return false;
  }
  return true;
}

/** One link a top-level name, through `..data`; names that are gone lose theirs. */
async function linkVisible(target: string, payload: Payload): Promise<void> {
  const wanted = new Set([...payload.keys()].map((path) => path.split('/')[0] as string));
  for (const entry of await readdir(target)) {
    if (!entry.startsWith('..') && !wanted.delete(entry)) await rm(join(target, entry), { force: true });
  }
  for (const name of wanted) await symlink(join(dataLink, name), join(target, name));
}

function stamp(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, 19).replace(/[-:]/g, '_').replace('T', '_');
}
