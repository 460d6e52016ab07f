import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aggregatedDiscovery } from '../../core/apiserver/handlers/discovery.ts';
import type { ContainerStreams } from '../../core/api/streams.ts';
import type { Cluster } from '../../core/client/cluster.ts';
import type { Clock } from '../../core/machinery/clock.ts';
import { CommandInterpreter } from '../../shell/commands/interpreter.ts';
import { Session } from '../../shell/commands/session.ts';
import type { CommandIo } from '../../shell/repl/command-line.ts';
import type { TestApi } from './api.ts';

export interface ShellResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ShellRun {
  readonly signal?: AbortSignal;
  readonly stdin?: AsyncIterable<Uint8Array>;
  readonly onOutput?: (text: string) => void;
}

const refuse = () => Promise.reject(new Error('This cluster runs no containers'));

const noContainers: ContainerStreams = {
  logs: () => ({ [Symbol.asyncIterator]: () => ({ next: refuse }) }),
  exec: refuse,
  attach: refuse,
  portForward: refuse,
};

/** The commands of `wh` over an API in process. */
export class TestShell implements Disposable {
  readonly #directory = mkdtempSync(join(tmpdir(), 'wheelhouse-shell-'));
  readonly #interpreter: CommandInterpreter;

  constructor(api: TestApi<Clock>, containers: ContainerStreams = noContainers) {
    const kubeconfig = join(this.#directory, 'kubeconfig');
    writeFileSync(kubeconfig, kubeconfigText);
    this.#interpreter = new CommandInterpreter(new Session(() => clusterOf(api, containers), { kubeconfig }));
  }

  /** Runs a line as it would be typed. */
  async run(line: string, { signal, stdin, onOutput = () => {} }: ShellRun = {}): Promise<ShellResult> {
    const said = { stdout: '', stderr: '' };
    const output = (stream: keyof typeof said) => ({
      isTerminal: false,
      colors: false,
      write: (chunk: string | Uint8Array) => {
        said[stream] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
        onOutput(said[stream]);
        return Promise.resolve();
      },
    });
    const io: CommandIo = {
      stdin: stdin ?? nothing(),
      stdout: output('stdout'),
      stderr: output('stderr'),
      signal: signal ?? AbortSignal.timeout(60_000),
      terminal: undefined,
    };
    return { code: await this.#interpreter.execute(line, io), ...said };
  }

  /** What Tab offers at the end of the line. */
  async complete(line: string): Promise<readonly string[]> {
    const { items } = await this.#interpreter.complete(line, line.length, AbortSignal.timeout(10_000));
    return items.map(({ text }) => text);
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

function clusterOf({ client, verbs, scheme }: TestApi<Clock>, containers: ContainerStreams): Cluster {
  return {
    client,
    verbs,
    containers,
    discover: () =>
      Promise.resolve({
        items: (['core', 'named'] as const).flatMap((part) => aggregatedDiscovery(scheme, part).items ?? []),
      }),
    openApi: () => Promise.reject(new Error('Ask the scheme')),
    version: () => Promise.resolve({ gitVersion: 'v1', wheelhouseVersion: 'test', store: 'memory' }),
    state: 'ready',
    onStateChange: () => () => {},
    connect: () => {},
    close: () => {},
  };
}

// oxlint-disable-next-line require-yield
async function* nothing(): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
}

const kubeconfigText = `apiVersion: v1
kind: Config
current-context: test
clusters:
- name: test
  cluster:
    server: https://127.0.0.1:1
    extensions:
    - name: wheelhouse.dev/grpc
      extension: {endpoint: in-process}
contexts:
- name: test
  context: {cluster: test, user: test}
users: []
`;
