import { statfs } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import { systemClock } from '../../../core/machinery/clock.ts';
import type { Clock } from '../../../core/machinery/clock.ts';
import type {
  AttachOptions,
  Capacity,
  ContainerConfig,
  ContainerResources,
  ContainerRuntime,
  ContainerStats,
  ExecOptions,
  ImageStatus,
  LogOptions,
  ProcessStreams,
  RegistryAuth,
  RuntimeEvent,
  RuntimeVersion,
  SandboxConfig,
  SandboxStatus,
} from '../runtime.ts';
import { attachToContainer } from './attach.ts';
import { Changes } from './changes.ts';
import { DockerClient, defaultDeadlines } from './client.ts';
import type { Deadlines } from './client.ts';
import { dialSandbox } from './dial.ts';
import { hasReason } from './errors.ts';
import { dockerEvents } from './events.ts';
import { execInContainer } from './exec.ts';
import { imageStatus, listImages, pullImage, removeImage } from './images.ts';
import { Inventory } from './inventory.ts';
import { containerLogs } from './logs.ts';
import { OomScores } from './oom-scores.ts';
import { PauseImage } from './pause-image.ts';
import { StatsReader } from './stats.ts';

export interface DockerRuntimeOptions {
  /** Tells this cluster's containers from another's on the same Docker; part of every label set and name. */
  readonly owner: string;
  /** Default: /var/run/docker.sock. */
  readonly socketPath?: string;
  /** Where Pods get their address. Default: Docker's own bridge, whose members reach each other. */
  readonly network?: string;
  readonly clock?: Clock;
  readonly deadlines?: Partial<Deadlines>;
}

/**
 * Pods on Docker. Keeps nothing but caches: identity is in labels, processes are Docker's children. Docker may go
 * away at any time; calls then fail with "unavailable" or "timeout", and the next one works once it is back.
 *
 * Docker sets the policy of the FORWARD chain to DROP; what routes between nodes has to be let through elsewhere.
 */
export class DockerRuntime implements ContainerRuntime {
  readonly name = 'docker';
  readonly #owner: string;
  readonly #client: DockerClient;
  readonly #inventory: Inventory;
  readonly #changes: Changes;
  readonly #stats: StatsReader;
  readonly #oomScores = new OomScores();

  constructor(options: DockerRuntimeOptions) {
    this.#owner = options.owner;
    this.#client = new DockerClient({
      socketPath: options.socketPath ?? '/var/run/docker.sock',
      clock: options.clock ?? systemClock,
      deadlines: { ...defaultDeadlines, ...options.deadlines },
    });
    this.#inventory = new Inventory(this.#client, this.#owner);
    this.#stats = new StatsReader(this.#client);
    this.#changes = new Changes({
      client: this.#client,
      inventory: this.#inventory,
      pauseImage: new PauseImage(this.#client),
      oomScores: this.#oomScores,
      owner: this.#owner,
      network: options.network ?? 'bridge',
    });
  }

  async version(signal: AbortSignal): Promise<RuntimeVersion> {
    const info = await this.#info(signal);
    const warnings = [
      info.LiveRestoreEnabled
        ? undefined
        : 'Docker runs without live-restore: containers end when its daemon does',
      this.#oomScores.warning,
      ...(info.Warnings ?? []).map((warning) => warning.replace(/^WARNING: /, '')),
    ];
    return {
      version: info.ServerVersion,
      operatingSystem: info.OperatingSystem,
      kernelVersion: info.KernelVersion,
      architecture: goArchitectures[info.Architecture] ?? info.Architecture,
      warnings: warnings.filter((warning) => warning !== undefined),
    };
  }

  async capacity(signal: AbortSignal): Promise<Capacity> {
    const info = await this.#info(signal);
    const disk = await statfs(info.DockerRootDir).catch(() => undefined);
    return {
      cpuCores: info.NCPU,
      memoryBytes: info.MemTotal,
      storageBytes: disk === undefined ? 0 : disk.blocks * disk.bsize,
    };
  }

  list(signal: AbortSignal, podUid?: string): Promise<readonly SandboxStatus[]> {
    return this.#inventory.list(signal, podUid);
  }

  async *events(signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
    for await (const event of dockerEvents(this.#client, this.#owner, signal)) {
      if (event.containerId === undefined) this.#inventory.forgetAll();
      else if (event.kind === 'oom-killed') this.#inventory.rememberOomKill(event.containerId);
      else this.#inventory.forget(event.containerId);
      yield event;
    }
  }

  runSandbox(config: SandboxConfig, signal: AbortSignal): Promise<SandboxStatus> {
    return this.#changes.runSandbox(config, signal);
  }

  stopSandbox(sandboxId: string, signal: AbortSignal): Promise<void> {
    return this.#changes.stopSandbox(sandboxId, signal);
  }

  removeSandbox(sandboxId: string, signal: AbortSignal): Promise<void> {
    return this.#changes.removeSandbox(sandboxId, signal);
  }

  startContainer(sandboxId: string, config: ContainerConfig, signal: AbortSignal): Promise<string> {
    return this.#changes.startContainer(sandboxId, config, signal);
  }

  updateContainer(containerId: string, resources: ContainerResources, signal: AbortSignal): Promise<void> {
    return this.#changes.updateContainer(containerId, resources, signal);
  }

  stopContainer(containerId: string, graceSeconds: number, signal: AbortSignal): Promise<void> {
    return this.#changes.stopContainer(containerId, graceSeconds, signal);
  }

  removeContainer(containerId: string, signal: AbortSignal): Promise<void> {
    return this.#changes.removeContainer(containerId, signal);
  }

  imageStatus(image: string, signal: AbortSignal): Promise<ImageStatus | undefined> {
    return imageStatus(this.#client, image, signal);
  }

  pullImage(image: string, auth: RegistryAuth | undefined, signal: AbortSignal): Promise<ImageStatus> {
    return pullImage(this.#client, image, auth, signal);
  }

  listImages(signal: AbortSignal): Promise<readonly ImageStatus[]> {
    return listImages(this.#client, signal);
  }

  removeImage(imageId: string, signal: AbortSignal): Promise<void> {
    return removeImage(this.#client, imageId, signal);
  }

  async *logs(containerId: string, options: LogOptions, signal: AbortSignal): AsyncGenerator<Buffer> {
    const info = await this.#inventory.recall(containerId, signal);
    yield* containerLogs(this.#client, { id: info.Id, tty: info.Config.Tty }, options, signal);
  }

  exec(containerId: string, options: ExecOptions, signal: AbortSignal): Promise<ProcessStreams> {
    return execInContainer(this.#client, containerId, options, signal);
  }

  /** Whether there is a terminal is the container's property; what the caller thinks of it does not count. */
  async attach(containerId: string, options: AttachOptions, signal: AbortSignal): Promise<ProcessStreams> {
    const info = await this.#inventory.recall(containerId, signal);
    return attachToContainer(this.#client, info.Id, { ...options, tty: info.Config.Tty }, signal);
  }

  async dial(sandboxId: string, port: number, signal: AbortSignal): Promise<Duplex> {
    return dialSandbox(this.#client.clock, await this.#inventory.inspect(sandboxId, signal), port, signal);
  }

  async stats(containerIds: readonly string[], signal: AbortSignal): Promise<readonly ContainerStats[]> {
    this.#stats.keepOnly(containerIds);
    const stats = await Promise.all(containerIds.map((id) => this.#statsOf(id, signal)));
    return stats.filter((each) => each !== undefined);
  }

  /** Ends every connection; calls under way fail. */
  close(): Promise<void> {
    this.#client.close();
    return Promise.resolve();
  }

  async #statsOf(containerId: string, signal: AbortSignal): Promise<ContainerStats | undefined> {
    try {
      return await this.#stats.read(await this.#inventory.recall(containerId, signal), signal);
    } catch (error) {
      if (hasReason(error, 'not-found')) return undefined;
      throw error;
    }
  }

  #info(signal: AbortSignal): Promise<DockerInfo> {
    const call = {
      action: 'ask Docker about its machine',
      deadlineMs: this.#client.deadlines.quickMs,
      signal,
    };
    return this.#client.call(call, (docker) => docker.info() as Promise<DockerInfo>);
  }
}

/** What dockerode leaves untyped of GET /info. */
interface DockerInfo {
  readonly ServerVersion: string;
  readonly OperatingSystem: string;
  readonly KernelVersion: string;
  readonly Architecture: string;
  readonly NCPU: number;
  readonly MemTotal: number;
  readonly DockerRootDir: string;
  readonly LiveRestoreEnabled: boolean;
  readonly Warnings: readonly string[] | null;
}

/** The kernel's names of processors as Go, and so Kubernetes, has them. */
const goArchitectures: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64' };
