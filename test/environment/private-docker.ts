import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { eventually } from '../expectations/runtime.ts';

/** Why a daemon of a test's own cannot run here, for the skip message. */
export function whyNoPrivateDocker(): string | undefined {
  return process.getuid?.() === 0 ? undefined : 'a Docker daemon of the test’s own needs root';
}

/**
 * A Docker daemon with its own data, sockets, processes and network, that a test may kill. It has neither bridge nor
 * firewall, so its Pods have a loopback and nothing else (network "none").
 */
export class PrivateDocker {
  readonly folder: string;
  readonly socketPath: string;
  #daemon: ChildProcess | undefined;

  private constructor(folder: string) {
    this.folder = folder;
    this.socketPath = join(folder, 'docker.sock');
  }

  static async create(name: string): Promise<PrivateDocker> {
    return new PrivateDocker(await mkdtemp(join(tmpdir(), `runtime-${name}-`)));
  }

  get pid(): number {
    const pid = this.#daemon?.pid;
    if (pid === undefined) throw new Error('expected the private Docker to run');
    return pid;
  }

  async start(): Promise<void> {
    // A killed daemon leaves this behind, with a number that somebody else may have by now.
    await rm(join(this.folder, 'docker.pid'), { force: true });
    const configPath = join(this.folder, 'daemon.json');
    await writeFile(configPath, JSON.stringify(this.#config()));
    // In a network namespace of its own: told to have no bridge, dockerd deletes the one named docker0, whose ever it is.
    const command = ['--net', 'dockerd', '--config-file', configPath];
    const daemon = spawn('unshare', command, { stdio: ['ignore', 'ignore', 'pipe'] });
    let words = '';
    daemon.stderr.setEncoding('utf8').on('data', (text: string) => (words = (words + text).slice(-4_000)));
    this.#daemon = daemon;
    await eventually(async () => {
      if (daemon.exitCode !== null) throw new Error(`dockerd ended with ${daemon.exitCode}: ${words}`);
      await new Docker({ socketPath: this.socketPath }).ping();
    });
  }

  #config(): object {
    return {
      'live-restore': true,
      'data-root': join(this.folder, 'data'),
      'exec-root': join(this.folder, 'exec'),
      pidfile: join(this.folder, 'docker.pid'),
      hosts: [`unix://${this.socketPath}`],
      bridge: 'none',
      iptables: false,
      ip6tables: false,
      'ip-masq': false,
      'log-level': 'warn',
    };
  }

  /** As a crash; containers go on. */
  async kill(): Promise<void> {
    const daemon = this.#daemon;
    this.#daemon = undefined;
    if (daemon === undefined) return;
    const exited = once(daemon, 'exit');
    daemon.kill('SIGKILL');
    await exited;
    await this.#containerdGone();
  }

  freeze(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  thaw(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** Removes every container, ends the daemon and what it started, and deletes its data. */
  async remove(): Promise<void> {
    if (this.#daemon === undefined) await this.start();
    const docker = new Docker({ socketPath: this.socketPath });
    for (const { Id } of await docker.listContainers({ all: true })) {
      await docker.getContainer(Id).remove({ force: true, v: true });
    }
    const daemon = this.#daemon;
    if (daemon === undefined) return;
    const exited = once(daemon, 'exit');
    daemon.kill('SIGTERM');
    await exited;
    await this.#containerdGone();
    await unmountUnder(this.folder);
    await rm(this.folder, { recursive: true });
  }

  /**
   * dockerd's containerd dies with it, but a moment later: the next dockerd would take it for one that it can use,
   * and wait for it in vain.
   */
  async #containerdGone(): Promise<void> {
    const path = join(this.folder, 'exec/containerd/containerd.pid');
    const pid = Number(await readFile(path, 'utf8').catch(() => ''));
    await eventually(async () => {
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
      if (/^Name:\s+containerd$/m.test(status) && !/^State:\s+Z/m.test(status))
        throw new Error('containerd still runs');
    });
    await rm(path, { force: true });
  }
}

/** With live-restore dockerd leaves mounts behind. */
async function unmountUnder(folder: string): Promise<void> {
  const mounts = await readFile('/proc/mounts', 'utf8');
  const paths = mounts.split('\n').flatMap((line) => line.split(' ')[1] ?? []);
  for (const path of paths.toReversed()) {
    if (path.startsWith(`${folder}/`)) spawnSync('umount', ['--lazy', path]);
  }
}
