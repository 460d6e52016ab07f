import type { ContainerCreateOptions } from 'dockerode';
import { RuntimeError } from '../runtime.ts';
import type { ContainerConfig, ContainerResources, SandboxConfig, SandboxStatus } from '../runtime.ts';
import type { DockerClient } from './client.ts';
import { cpuLimit, memoryLimit, podContainer } from './container.ts';
import { hasReason, unlessMissing } from './errors.ts';
import { sandboxStatus } from './inventory.ts';
import type { Inventory } from './inventory.ts';
import { label } from './labels.ts';
import { Limiter } from './limiter.ts';
import type { Line } from './limiter.ts';
import type { OomScores } from './oom-scores.ts';
import { pauseImage } from './pause-image.ts';
import type { PauseImage } from './pause-image.ts';
import { sandboxContainer, sandboxFacts } from './sandbox.ts';
import type { SandboxFacts } from './sandbox.ts';

/** Measured on two cores: Docker starts no more in a second with more at once, each only waits longer. */
const startsInFlight = 4;
const removesInFlight = 4;
/** Beyond the grace period, for Docker to kill and to tell. */
const stopMarginMs = 30_000;

export interface ChangesOptions {
  readonly client: DockerClient;
  readonly inventory: Inventory;
  readonly pauseImage: PauseImage;
  readonly oomScores: OomScores;
  readonly owner: string;
  readonly network: string;
}

/** Everything that makes, ends and removes sandboxes and containers. */
export class Changes {
  readonly #client: DockerClient;
  readonly #inventory: Inventory;
  readonly #pauseImage: PauseImage;
  readonly #oomScores: OomScores;
  readonly #owner: string;
  readonly #network: string;
  readonly #starts = new Limiter(startsInFlight);
  readonly #removes = new Limiter(removesInFlight);

  constructor(options: ChangesOptions) {
    this.#client = options.client;
    this.#inventory = options.inventory;
    this.#pauseImage = options.pauseImage;
    this.#oomScores = options.oomScores;
    this.#owner = options.owner;
    this.#network = options.network;
  }

  async runSandbox(config: SandboxConfig, signal: AbortSignal): Promise<SandboxStatus> {
    const what = `sandbox of Pod "${config.pod.namespace}/${config.pod.name}"`;
    const options = sandboxContainer(this.#owner, this.#network, config);
    try {
      const id = await this.#createAndStart(what, options, signal);
      const info = await this.#inventory.inspect(id, signal);
      this.#inventory.remember(info);
      return sandboxStatus(info, config.pod, config.attempt, []);
    } catch (error) {
      // By name, not ID: the reply that would have told the ID may be what was lost.
      if (!isNameConflict(error)) await this.#cleanUp(options.name ?? '');
      throw error;
    }
  }

  async stopSandbox(sandboxId: string, signal: AbortSignal): Promise<void> {
    const containers = await this.#inventory.containersOf(sandboxId, signal);
    const running = containers.filter(
      (container) => container.State === 'running' || container.State === 'paused',
    );
    await Promise.all(running.map((container) => this.#kill(container.Id, signal)));
    await this.#kill(sandboxId, signal);
  }

  async removeSandbox(sandboxId: string, signal: AbortSignal): Promise<void> {
    const containers = await this.#inventory.containersOf(sandboxId, signal);
    await Promise.all(containers.map((container) => this.removeContainer(container.Id, signal)));
    await this.removeContainer(sandboxId, signal);
  }

  async startContainer(sandboxId: string, config: ContainerConfig, signal: AbortSignal): Promise<string> {
    const sandbox = await this.#factsOf(sandboxId, signal);
    const what = `container "${config.name}" of Pod "${sandbox.pod.namespace}/${sandbox.pod.name}"`;
    return this.#createAndStart(what, await podContainer(this.#owner, sandbox, config), signal);
  }

  async updateContainer(
    containerId: string,
    { cpuShares, cpuQuotaUs, memoryLimitBytes }: ContainerResources,
    signal: AbortSignal,
  ): Promise<void> {
    const { changeMs } = this.#client.deadlines;
    const call = { action: `update container "${containerId}"`, deadlineMs: changeMs, signal };
    try {
      await this.#client.call(call, (docker, abortSignal) =>
        docker.getContainer(containerId).update({
          CpuShares: cpuShares,
          ...cpuLimit(cpuQuotaUs),
          ...memoryLimit(memoryLimitBytes),
          abortSignal,
        }),
      );
    } finally {
      this.#inventory.forget(containerId);
    }
  }

  /** Docker itself waits out the grace period and kills, so this outlives its caller. */
  async stopContainer(containerId: string, graceSeconds: number, signal: AbortSignal): Promise<void> {
    const t = Math.max(0, Math.ceil(graceSeconds));
    const call = { action: `stop container "${containerId}"`, deadlineMs: t * 1000 + stopMarginMs, signal };
    await unlessMissing(
      this.#client.call(call, async (docker, abortSignal) => {
        try {
          await docker.getContainer(containerId).stop({ t, abortSignal });
        } catch (error) {
          // "Not modified": it had stopped before.
          if ((error as { statusCode?: number }).statusCode !== 304) throw error;
        }
      }),
    );
  }

  async removeContainer(containerId: string, signal: AbortSignal): Promise<void> {
    const call = {
      action: `remove container "${containerId}"`,
      deadlineMs: this.#client.deadlines.changeMs,
      signal,
    };
    await this.#removes.run(signal, async () => {
      try {
        await unlessMissing(
          this.#client.call(call, (docker, abortSignal) => {
            const options = { force: true, v: true, abortSignal };
            return docker.getContainer(containerId).remove(options);
          }),
        );
      } catch (error) {
        if (!hasReason(error, 'conflict')) throw error;
        // Somebody else's removal is under way: done when that is.
        await unlessMissing(
          this.#client.call(call, (docker, abortSignal) =>
            docker.getContainer(containerId).wait({ condition: 'removed', abortSignal }),
          ),
        );
      }
    });
    this.#inventory.forget(containerId);
  }

  async #createAndStart(what: string, options: ContainerCreateOptions, signal: AbortSignal): Promise<string> {
    const adjusted = this.#oomScores.adjust(options);
    // Pods that are begun are finished before others are begun: of many at once most run much sooner.
    const line = adjusted.Image === pauseImage ? 'second' : 'first';
    const id = await this.#create(what, adjusted, signal);
    try {
      await this.#start(what, id, line, signal);
      this.#oomScores.succeeded(adjusted, 'as given');
      return id;
    } catch (error) {
      const alternative = this.#oomScores.alternative(adjusted);
      if (alternative === undefined || !hasReason(error, 'start-failed')) throw error;
      await this.removeContainer(id, signal);
      const secondId = await this.#create(what, alternative, signal);
      await this.#start(what, secondId, line, signal);
      this.#oomScores.succeeded(adjusted, 'alternative');
      return secondId;
    }
  }

  async #create(what: string, options: ContainerCreateOptions, signal: AbortSignal): Promise<string> {
    const call = { action: `create ${what}`, deadlineMs: this.#client.deadlines.changeMs, signal };
    const create = () =>
      this.#client.call({ ...call, otherwise: 'create-failed' }, async (docker, abortSignal) => {
        const container = await docker.createContainer({ ...options, abortSignal });
        return container.id;
      });
    try {
      return await create();
    } catch (error) {
      if (hasReason(error, 'image-not-found') && options.Image === pauseImage) {
        await this.#pauseImage.make(signal);
        return create();
      }
      if (!isNameConflict(error) || !(await this.#removeLeftover(options.name ?? '', signal))) throw error;
      return create();
    }
  }

  /** A container of the same name that never ran is what an attempt left behind whose reply was lost. */
  async #removeLeftover(name: string, signal: AbortSignal): Promise<boolean> {
    const info = await this.#inventory.inspect(name, signal);
    const ours = info.Config.Labels[label.owner] === this.#owner;
    if (!ours || info.State.Status !== 'created') return false;
    await this.removeContainer(info.Id, signal);
    return true;
  }

  async #start(what: string, id: string, line: Line, signal: AbortSignal): Promise<void> {
    const call = { action: `start ${what}`, deadlineMs: this.#client.deadlines.changeMs, signal };
    try {
      await this.#starts.run(
        signal,
        () =>
          this.#client.call({ ...call, otherwise: 'start-failed' }, (docker, abortSignal) =>
            docker.getContainer(id).start({ abortSignal }),
          ),
        line,
      );
    } finally {
      this.#inventory.forget(id);
    }
  }

  async #kill(id: string, signal: AbortSignal): Promise<void> {
    const call = { action: `kill container "${id}"`, deadlineMs: this.#client.deadlines.changeMs, signal };
    try {
      await unlessMissing(
        this.#client.call(call, (docker, abortSignal) =>
          docker.getContainer(id).kill({ signal: 'SIGKILL', abortSignal }),
        ),
      );
    } catch (error) {
      // "Container is not running."
      if (!hasReason(error, 'conflict')) throw error;
    }
  }

  async #factsOf(sandboxId: string, signal: AbortSignal): Promise<SandboxFacts> {
    const facts = sandboxFacts(await this.#inventory.recall(sandboxId, signal));
    if (facts === undefined)
      throw new RuntimeError('not-found', `Cannot use container "${sandboxId}" as a sandbox`);
    return facts;
  }

  /** Not under the caller's signal, which may be why there is something to clean up. What fails here, `list` shows. */
  async #cleanUp(name: string): Promise<void> {
    await this.removeContainer(name, new AbortController().signal).catch(() => {});
  }
}

function isNameConflict(error: unknown): boolean {
  return (
    hasReason(error, 'conflict') && /container name .* is already in use/i.test((error as Error).message)
  );
}
