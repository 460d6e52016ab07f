import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '../expectations/runtime.ts';
import { freePorts } from './free-port.ts';

const run = promisify(execFile);

/** Who may use a registry that asks; the hash (bcrypt) is of this password. */
export const registryUser = { username: 'alice', password: 'open sesame' };
const passwordHash = '$2b$04$Uorf0BregHcU.5Jf7GmKBeE0QLBfe2tBPH5VkrWlF577xhQrk0Phq';

/**
 * Debian's docker-registry: the installed one, or one taken out of its package, because installing it would start a
 * service on the machine. Throws when there is neither.
 */
export async function registryProgram(folder: string): Promise<string> {
  const installed = '/usr/bin/docker-registry';
  if (existsSync(installed)) return installed;
  await run('apt-get', ['download', 'docker-registry'], { cwd: folder, timeout: 60_000 });
  const [archive] = (await readdir(folder)).filter((name) => name.endsWith('.deb'));
  if (archive === undefined) throw new Error('apt-get downloaded no package of docker-registry');
  await run('dpkg-deb', ['-x', archive, 'package'], { cwd: folder, timeout: 60_000 });
  return join(folder, 'package', installed);
}

/** A registry on the loopback, with its images in a folder that goes away with it. */
export class Registry {
  readonly host: string;
  readonly #folder: string;
  readonly #process: ChildProcess;

  private constructor(host: string, folder: string, process: ChildProcess) {
    this.host = host;
    this.#folder = folder;
    this.#process = process;
  }

  static async start(program: string, options: { readonly asksForPassword: boolean }): Promise<Registry> {
    const folder = await mkdtemp(join(tmpdir(), 'runtime-registry-'));
    const [port] = await freePorts(1);
    const host = `127.0.0.1:${port}`;
    await mkdir(join(folder, 'images'));
    await writeFile(join(folder, 'passwords'), `${registryUser.username}:${passwordHash}\n`);
    const config = {
      version: 0.1,
      log: { level: 'error', accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: join(folder, 'images') }, delete: { enabled: true } },
      http: { addr: host },
      ...(options.asksForPassword
        ? { auth: { htpasswd: { realm: 'test', path: join(folder, 'passwords') } } }
        : {}),
    };
    // YAML reads JSON too.
    await writeFile(join(folder, 'config.yml'), JSON.stringify(config));
    const child = spawn(program, ['serve', join(folder, 'config.yml')], { stdio: 'ignore' });
    await eventually(async () => {
      const { status } = await fetch(`http://${host}/v2/`);
      if (status !== 200 && status !== 401) throw new Error(`the registry answers ${status}`);
    });
    return new Registry(host, folder, child);
  }

  async stop(): Promise<void> {
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
    await rm(this.#folder, { recursive: true });
  }
}
