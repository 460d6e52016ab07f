import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const wh = resolve(import.meta.dirname, '../../shell/bin/wh');
const commandTimeoutMs = 90_000;

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A local cluster of a test's own, driven as people drive it: through the `wh` program. */
export class LocalCluster {
  readonly home: string;
  readonly profile: string;

  /** `home` is that of a cluster which something else brought up; absent makes a new one. */
  constructor(profile: string, home = mkdtempSync(join(tmpdir(), `wheelhouse-${profile}-`))) {
    this.profile = profile;
    this.home = home;
  }

  get directory(): string {
    return join(this.home, this.profile);
  }

  async up(...flags: readonly string[]): Promise<void> {
    await this.ok('up', '--yes', ...flags);
  }

  /** Removes the cluster with its containers and its files. */
  async destroy(): Promise<void> {
    await this.ok('delete', '--yes');
    rmSync(this.home, { recursive: true, force: true });
  }

  /** Runs a command that must succeed; its standard output. */
  async ok(...words: readonly string[]): Promise<string> {
    const result = await this.run(words);
    if (result.code !== 0) {
      throw new Error(`"wh ${words.join(' ')}" ended with ${result.code}:\n${result.stderr}${result.stdout}`);
    }
    return result.stdout;
  }

  /** Runs a command again until it succeeds, as a person does whose cluster is coming back. */
  async eventually(...words: readonly string[]): Promise<string> {
    const deadlineMs = performance.now() + commandTimeoutMs;
    for (;;) {
      const { code, stdout, stderr } = await this.run(words);
      if (code === 0) return stdout;
      if (performance.now() > deadlineMs)
        throw new Error(`"wh ${words.join(' ')}" never succeeded:\n${stderr}`);
    }
  }

  run(words: readonly string[], { stdin, env }: RunOptions = {}): Promise<CommandResult> {
    return new Promise((resolve, reject) => {
      const child = spawn(wh, ['--profile', this.profile, ...words], {
        env: { ...process.env, WHEELHOUSE_HOME: this.home, KUBECONFIG: '', ...env },
        stdio: 'pipe',
        timeout: commandTimeoutMs,
        killSignal: 'SIGKILL',
      });
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, stdout, stderr }));
      child.stdin.on('error', () => undefined);
      child.stdin.end(stdin ?? '');
    });
  }

  /** Writes a file into the test's own folder; its path. */
  file(name: string, text: string): string {
    const path = join(this.home, name);
    writeFileSync(path, text);
    return path;
  }

  /** The process that the supervisor keeps for a part: "core", "node-agent" or "supervisor"; "core/etcd" for etcd. */
  pidOf(part: string): number {
    return Number(readFileSync(join(this.directory, `${part}.pid`), 'utf8').split(' ')[0]);
  }
}
