import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const deadlineMs = 10_000;

/** The few mounts an agent makes itself. As root only. */
export interface Mounter {
  /** Whether this process may mount at all. */
  readonly available: boolean;
  tmpfs(
    directory: string,
    options: { readonly sizeBytes: number | undefined; readonly mode: string },
  ): Promise<void>;
  /** Binds what an open descriptor of this process refers to, so that no name on the way can be exchanged. */
  bindDescriptor(descriptor: number, target: string): Promise<void>;
  unmount(path: string): Promise<void>;
  /** Mount points at or below the path, deepest first. */
  below(path: string): Promise<readonly string[]>;
}

export const systemMounter: Mounter = {
  available: process.platform === 'linux' && process.getuid?.() === 0,

  async tmpfs(directory, { sizeBytes, mode }) {
    const size = sizeBytes === undefined ? '' : `,size=${sizeBytes}`;
    await run('mount', ['-t', 'tmpfs', '-o', `mode=${mode}${size}`, 'tmpfs', directory], {
      timeout: deadlineMs,
    });
  },

  async bindDescriptor(descriptor, target) {
    const source = `/proc/${process.pid}/fd/${descriptor}`;
    await run('mount', ['--no-canonicalize', '--bind', source, target], { timeout: deadlineMs });
  },

  async unmount(path) {
    await run('umount', ['--no-canonicalize', path], { timeout: deadlineMs });
  },

  async below(path) {
    if (process.platform !== 'linux') return [];
    return mountPointsBelow(await readFile('/proc/self/mountinfo', 'utf8'), path);
  },
};

/** The fifth field of mountinfo, with its octal escapes undone (proc(5)). */
export function mountPointsBelow(mountInfo: string, path: string): string[] {
  return mountInfo
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .map((field) =>
      field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    )
    .filter((point) => point === path || point.startsWith(`${path}/`))
    .reverse();
}
