import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { CommandResult, RunOptions } from './local-cluster.ts';
import { isEverythingRequired } from './required.ts';
import { TerminalSession } from './terminal-session.ts';

const commandTimeoutMs = 60_000;

/** A kubectl that is installed. */
export interface KubectlProgram {
  readonly path: string;
  /** 32 of version 1.32: what a test may expect of it. */
  readonly minor: number;
}

/** The kubectl on the PATH, or the one at `path`; undefined where there is none. */
export function findKubectl(path = 'kubectl'): KubectlProgram | undefined {
  const { stdout, status } = spawnSync(path, ['version', '--client', '-o', 'json'], { encoding: 'utf8' });
  if (status !== 0) return undefined;
  const { clientVersion } = JSON.parse(stdout) as { clientVersion: { minor: string } };
  return { path, minor: Number.parseInt(clientVersion.minor, 10) };
}

/** What a kubectl is missing for; says that its cases are skipped, or throws where nothing may be skipped. */
export function skipKubectl(which: string, why: string, cause?: unknown): void {
  if (isEverythingRequired()) throw new Error(`Cannot try ${which}: ${why}`, { cause });
  console.warn(`skipped: ${which}: ${why}`);
}

/** The real kubectl against a cluster of a test's own. */
export class Kubectl {
  readonly program: KubectlProgram;
  readonly kubeconfig: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #directory: string;

  constructor(program: KubectlProgram, kubeconfig: string, directory: string) {
    this.program = program;
    this.kubeconfig = kubeconfig;
    this.#directory = directory;
    // What it caches of a cluster must not be what another test's had.
    this.#env = {
      ...(process.env as Record<string, string>),
      KUBECONFIG: kubeconfig,
      KUBECACHEDIR: `${directory}/cache`,
      HOME: directory,
    };
  }

  get minor(): number {
    return this.program.minor;
  }

  /** The same kubectl, as somebody else or elsewhere. */
  with(kubeconfig: string): Kubectl {
    return new Kubectl(this.program, kubeconfig, this.#directory);
  }

  /** Runs a command that must succeed; its standard output. */
  async ok(...words: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(words);
    if (code !== 0) throw new Error(`"kubectl ${words.join(' ')}" ended with ${code}:\n${stderr}${stdout}`);
    return stdout;
  }

  run(words: readonly string[], { stdin, env }: RunOptions = {}): Promise<CommandResult> {
    return new Promise((resolve, reject) => {
      const child = this.start(words, env);
      let stdout = '';
      let stderr = '';
      const timer = setTimeout(() => child.kill('SIGKILL'), commandTimeoutMs);
      child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      child.once('error', reject);
      child.once('close', (code) => {
        clearTimeout(timer);
        resolve({ code, stdout, stderr });
      });
      child.stdin.on('error', () => undefined);
      child.stdin.end(stdin ?? '');
    });
  }

  /** A command on a terminal of its own; the caller closes it. */
  terminal(words: readonly string[], env: Readonly<Record<string, string>> = {}): TerminalSession {
    return new TerminalSession(words, { ...this.#env, ...env }, { program: this.program.path });
  }

  /** A command that goes on, such as port-forward; the caller ends it. */
  start(
    words: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): ChildProcessWithoutNullStreams {
    return spawn(this.program.path, [...words], { cwd: this.#directory, env: { ...this.#env, ...env } });
  }
}
