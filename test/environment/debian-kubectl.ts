import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { hasApt, isRoot, runProgram } from '../../shell/cluster/host.ts';
import { cacheFolder } from './cache-folder.ts';

const debianPackage = 'kubernetes-client';

/** A server that does not answer is not waited for; and what root may write to, apt's own user may not. */
const patience = [
  'Acquire::http::Timeout=15',
  'Acquire::Retries=0',
  ...(isRoot() ? ['APT::Sandbox::User=root'] : []),
].flatMap((option) => ['-o', option]);
const aptTimeoutMs = 120_000;

/**
 * The path of Debian's kubectl. Its package is unpacked beside the system, so the kubectl on the PATH stays what it is,
 * and kept for the next run. Throws with the step that failed where it cannot be had: not Debian, no network.
 */
export async function ensureDebianKubectl(): Promise<string> {
  const folder = join(cacheFolder(), debianPackage);
  const program = join(folder, 'usr/bin/kubectl');
  if (existsSync(program)) return program;
  if (!hasApt()) throw new Error('there is no apt here');
  const partial = `${folder}.${process.pid}`;
  mkdirSync(partial, { recursive: true });
  try {
    await unpackInto(partial);
    renameSync(partial, folder);
  } catch (cause) {
    rmSync(partial, { recursive: true, force: true });
    // Somebody else was faster.
    if (!existsSync(program)) throw cause;
  }
  return program;
}

async function unpackInto(folder: string): Promise<void> {
  const download = () =>
    apt('env', '--chdir', folder, 'apt-get', ...patience, 'download', '-qq', debianPackage);
  try {
    await download();
  } catch (cause) {
    // Where apt was never asked for anything, it knows of no packages.
    if (!isRoot()) throw cause;
    await apt('apt-get', ...patience, 'update', '-qq');
    await download();
  }
  const archive = readdirSync(folder).find((name) => name.endsWith('.deb')) ?? '';
  await apt('dpkg', '--extract', join(folder, archive), folder);
  rmSync(join(folder, archive));
}

async function apt(program: string, ...words: readonly string[]): Promise<void> {
  await runProgram(program, words, {
    env: { DEBIAN_FRONTEND: 'noninteractive' },
    timeoutMs: aptTimeoutMs,
  });
}
