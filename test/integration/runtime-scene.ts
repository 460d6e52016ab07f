import { afterAll, beforeAll, describe, test } from 'vitest';
import { DockerRuntime } from '../../node-agent/runtime/docker/runtime.ts';
import type {
  ContainerConfig,
  ContainerStatus,
  SandboxConfig,
  SandboxStatus,
} from '../../node-agent/runtime/runtime.ts';
import { containerConfig, sandboxConfig } from '../builders/runtime.ts';
import { removeEverythingOf, whyNoDocker } from '../environment/docker.ts';
import { ensureTestImages } from '../environment/images.ts';
import { eventually, logText, readAll } from '../expectations/runtime.ts';

export const untilStopped = ['sh', '-c', 'trap "exit 0" TERM; while true; do sleep 1 & wait $!; done'];

/** A runtime on the machine's Docker with what tests do to it again and again. Everything is removed at the end. */
class RuntimeScene {
  readonly owner: string;
  readonly signal = AbortSignal.timeout(300_000);
  readonly runtime: DockerRuntime;
  #count = 0;

  constructor(name: string) {
    this.owner = `runtime-${name}-${process.pid}`;
    this.runtime = new DockerRuntime({ owner: this.owner });
  }

  async sandbox(changes: Partial<SandboxConfig> = {}): Promise<SandboxStatus> {
    const config = sandboxConfig(`${this.owner}-${++this.#count}`, changes);
    return this.runtime.runSandbox(config, this.signal);
  }

  start(
    sandbox: SandboxStatus,
    command: readonly string[],
    changes: Partial<ContainerConfig> = {},
  ): Promise<string> {
    return this.runtime.startContainer(sandbox.id, containerConfig(command, changes), this.signal);
  }

  /** A sandbox with one container. */
  async pod(
    command: readonly string[] = untilStopped,
    changes: Partial<ContainerConfig> = {},
    sandboxChanges: Partial<SandboxConfig> = {},
  ): Promise<{ readonly sandbox: SandboxStatus; readonly containerId: string }> {
    const sandbox = await this.sandbox(sandboxChanges);
    return { sandbox, containerId: await this.start(sandbox, command, changes) };
  }

  async status(containerId: string): Promise<ContainerStatus> {
    const all = await this.runtime.list(this.signal);
    const found = all
      .flatMap((sandbox) => sandbox.containers)
      .find((container) => container.id === containerId);
    if (found === undefined) throw new Error(`expected container "${containerId}" in the list`);
    return found;
  }

  exited(containerId: string): Promise<ContainerStatus> {
    return eventually(async () => {
      const status = await this.status(containerId);
      if (status.state !== 'exited')
        throw new Error(`expected the container to end, but it is ${status.state}`);
      return status;
    });
  }

  /** Output and exit code of a shell command in a running container. */
  async shell(
    containerId: string,
    script: string,
  ): Promise<{ readonly output: string; readonly exitCode: number }> {
    const options = { command: ['sh', '-c', `{ ${script}\n} 2>&1`], tty: false, stdin: false };
    const process = await this.runtime.exec(containerId, options, this.signal);
    const output = await readAll(process.stdout);
    return { output, exitCode: await process.exitCode };
  }

  /** What a container that only prints has printed. */
  async outputOf(command: readonly string[], changes: Partial<ContainerConfig> = {}): Promise<string> {
    const { containerId } = await this.pod(command, changes);
    await this.exited(containerId);
    return logText(this.runtime, containerId, this.signal);
  }
}

/** Tests with the machine's Docker, or one that is skipped and says why. */
export async function withDocker(name: string, body: (scene: RuntimeScene) => void): Promise<void> {
  const reason = await whyNoDocker();
  if (reason !== undefined) {
    console.warn(`skipped: ${name}: ${reason}`);
    describe(name, () => test.skip(reason, () => {}));
    return;
  }
  describe(name, () => {
    const scene = new RuntimeScene(name.replaceAll(/\W+/g, '-'));
    beforeAll(() => ensureTestImages());
    afterAll(async () => {
      await scene.runtime.close();
      await removeEverythingOf(scene.owner);
    });
    body(scene);
  });
}
