import { constants } from 'node:fs';
import { mkdir, open, realpath, type FileHandle } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';

const nofollow = constants.O_RDONLY | constants.O_NOFOLLOW;

/**
 * Opens a path inside a volume without ever leaving it: links are resolved first and must end inside; then every
 * step is opened on the one before it, following nothing, so an exchange on the way is refused (upstream:
 * pkg/util/subpath doSafeOpen; Node has no openat2, but /proc/self/fd names an open directory just as well).
 * What is missing is made as directories. The caller closes the handle.
 * @throws when the path leads out
 */
export async function openInside(volume: string, subPath: string): Promise<FileHandle> {
  if (isAbsolute(subPath) || subPath.split('/').includes('..')) {
    throw new Error(`subPath "${subPath}" leads out of its volume`);
  }
  const root = await realpath(volume);
  const steps = await resolvedSteps(root, subPath);
  let handle = await open(root, nofollow | constants.O_DIRECTORY);
  for (const [index, step] of steps.entries()) {
    const next = `/proc/self/fd/${handle.fd}/${step}`;
    try {
      const opened = await openStep(next, index === steps.length - 1);
      await handle.close();
      handle = opened;
    } catch (error) {
      await handle.close();
      throw new Error(`Cannot open subPath "${subPath}" of its volume at "${step}"`, { cause: error });
    }
  }
  return handle;
}

/** The steps from the volume to where the path really ends. */
async function resolvedSteps(root: string, subPath: string): Promise<string[]> {
  const wanted = subPath.split('/').filter((step) => step !== '' && step !== '.');
  // The longest part that exists may contain links; what does not exist yet cannot.
  for (let length = wanted.length; length >= 0; length--) {
    const existing = await realpath(join(root, ...wanted.slice(0, length))).catch(() => undefined);
    if (existing === undefined) continue;
    const inside = relative(root, existing);
    if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
      throw new Error(`subPath "${subPath}" leads out of its volume`);
    }
    return [...inside.split(sep).filter((step) => step !== ''), ...wanted.slice(length)];
  }
  return wanted;
}

async function openStep(path: string, last: boolean): Promise<FileHandle> {
  const flags = last ? nofollow | constants.O_NONBLOCK : nofollow | constants.O_DIRECTORY;
  try {
    return await open(path, flags);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await mkdir(path, { mode: 0o750 });
    return await open(path, nofollow | constants.O_DIRECTORY);
  }
}
