import type { Clock } from '../../../core/machinery/clock.ts';
import type { Random } from '../../../core/machinery/random.ts';
import { RuntimeError } from '../runtime.ts';
import type { ContainerConfig, ContainerResources, SandboxConfig, SandboxStatus } from '../runtime.ts';
import { AddressPool } from './addresses.ts';
import { Broadcast } from './broadcast.ts';
import type { SimulatedImages } from './images.ts';
import { play } from './program.ts';
import { SandboxTable } from './state.ts';
import type { LogLine, SimulatedContainer, SimulatedSandbox } from './state.ts';
import { StateFile } from './state-file.ts';

/** As a shell reports the death of a process by SIGTERM and SIGKILL. */
const terminatedExitCode = 143;
const killedExitCode = 137;

export interface SimulatedPodsOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly stateFile: string | undefined;
  readonly podCidr: string;
  readonly images: SimulatedImages;
}

/** The life of simulated sandboxes and containers. Call `ready` before anything else. */
export class SimulatedPods {
  readonly events = new Broadcast();
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #images: SimulatedImages;
  readonly #addresses: AddressPool;
  readonly #table = new SandboxTable();
  readonly #file: StateFile | undefined;
  readonly #cancelEnd = new Map<string, () => void>();
  #loading: Promise<void> | undefined;

  constructor(options: SimulatedPodsOptions) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#images = options.images;
    this.#addresses = new AddressPool(options.podCidr);
    if (options.stateFile !== undefined) {
      this.#file = new StateFile(options.stateFile, this.#clock, () => this.#table.all);
    }
  }

  /** Takes up what an earlier agent left, once. */
  async ready(signal: AbortSignal): Promise<void> {
    this.#loading ??= this.#load();
    await this.#loading;
    signal.throwIfAborted();
  }

  /** Writes what is not yet written; simulated processes do not go on ending. */
  async close(): Promise<void> {
    for (const cancel of this.#cancelEnd.values()) cancel();
    this.#cancelEnd.clear();
    await this.#file?.flush();
  }

  list(podUid: string | undefined): readonly SandboxStatus[] {
    return this.#table.list(podUid);
  }

  sandbox(id: string): SimulatedSandbox | undefined {
    return this.#table.get(id);
  }

  find(containerId: string): { sandbox: SimulatedSandbox; container: SimulatedContainer } | undefined {
    return this.#table.find(containerId);
  }

  runSandbox(config: SandboxConfig): SandboxStatus {
    const { pod, attempt } = config;
    if (this.#table.list(pod.uid).some((each) => each.attempt === attempt)) {
      const words = `attempt ${attempt} exists already`;
      throw new RuntimeError(
        'conflict',
        `Cannot create sandbox of Pod "${pod.namespace}/${pod.name}": ${words}`,
      );
    }
    const sandbox: SimulatedSandbox = {
      id: this.#newId(),
      pod,
      attempt,
      hostname: config.hostname,
      ready: true,
      createdAtMs: this.#clock.now(),
      ip: config.hostNetwork ? undefined : this.#addresses.take(),
      labels: config.labels,
      containers: [],
    };
    this.#put(sandbox);
    this.#tell('started', sandbox, sandbox.id);
    return this.#table.list(pod.uid).find(({ id }) => id === sandbox.id) as SandboxStatus;
  }

  stopSandbox(sandboxId: string): void {
    for (const { status } of this.#table.get(sandboxId)?.containers ?? [])
      this.#end(status.id, killedExitCode);
    const sandbox = this.#table.get(sandboxId);
    if (sandbox?.ready !== true) return;
    if (sandbox.ip !== undefined) this.#addresses.release(sandbox.ip);
    this.#put({ ...sandbox, ready: false });
    this.#tell('exited', sandbox, sandboxId);
  }

  removeSandbox(sandboxId: string): void {
    this.stopSandbox(sandboxId);
    for (const { status } of this.#table.get(sandboxId)?.containers ?? []) this.removeContainer(status.id);
    const sandbox = this.#table.get(sandboxId);
    if (sandbox === undefined) return;
    this.#table.delete(sandboxId);
    this.#file?.changed();
    this.#tell('removed', sandbox, sandboxId);
  }

  startContainer(sandboxId: string, config: ContainerConfig): string {
    const sandbox = this.#table.get(sandboxId);
    if (sandbox === undefined) throw new RuntimeError('not-found', `Cannot find sandbox "${sandboxId}"`);
    const action = `start container "${config.name}" of Pod "${sandbox.pod.namespace}/${sandbox.pod.name}"`;
    if (!sandbox.ready)
      throw new RuntimeError('start-failed', `Cannot ${action}: its sandbox is not running`);
    const image = this.#images.status(config.image);
    if (image === undefined) {
      throw new RuntimeError('image-not-found', `Cannot ${action}: no such image "${config.image}"`);
    }
    const same = sandbox.containers.some(
      ({ status }) => status.name === config.name && status.attempt === config.attempt,
    );
    if (same)
      throw new RuntimeError('conflict', `Cannot ${action}: attempt ${config.attempt} exists already`);
    const container = begin(this.#newId(), image.id, config, sandbox.hostname, this.#clock.now());
    this.#put({ ...sandbox, containers: [...sandbox.containers, container] });
    this.#tell('started', sandbox, container.status.id);
    this.#awaitEnd(container);
    return container.status.id;
  }

  updateContainer(containerId: string, resources: ContainerResources): void {
    const found = this.#table.find(containerId);
    if (found === undefined) throw new RuntimeError('not-found', `Cannot find container "${containerId}"`);
    const { sandbox, container } = found;
    const limits = {
      cpuQuotaUs: resources.cpuQuotaUs ?? container.status.resources.cpuQuotaUs,
      memoryLimitBytes: resources.memoryLimitBytes ?? container.status.resources.memoryLimitBytes,
    };
    const status = { ...container.status, resources: { cpuShares: resources.cpuShares, ...limits } };
    const updated = { ...container, status };
    const containers = sandbox.containers.map((each) => (each === container ? updated : each));
    this.#put({ ...sandbox, containers });
  }

  stopContainer(containerId: string): void {
    this.#end(containerId, terminatedExitCode);
  }

  removeContainer(containerId: string): void {
    this.#end(containerId, killedExitCode);
    const found = this.#table.find(containerId);
    if (found === undefined) return;
    const { sandbox } = found;
    this.#table.delete(sandbox.id);
    this.#put({
      ...sandbox,
      containers: sandbox.containers.filter(({ status }) => status.id !== containerId),
    });
    this.#tell('removed', sandbox, containerId);
  }

  async #load(): Promise<void> {
    for (const sandbox of (await this.#file?.read()) ?? []) {
      this.#table.put(sandbox);
      if (sandbox.ip !== undefined && sandbox.ready) this.#addresses.keep(sandbox.ip);
      for (const container of sandbox.containers) this.#awaitEnd(container);
    }
  }

  #awaitEnd({ status, ends }: SimulatedContainer): void {
    if (status.state !== 'running' || ends === undefined) return;
    const end = () => this.#end(status.id, ends.exitCode);
    this.#cancelEnd.set(status.id, this.#clock.after(Math.max(0, ends.atMs - this.#clock.now()), end));
  }

  #end(containerId: string, exitCode: number): void {
    this.#cancelEnd.get(containerId)?.();
    this.#cancelEnd.delete(containerId);
    const found = this.#table.find(containerId);
    if (found?.container.status.state !== 'running') return;
    const { sandbox, container } = found;
    const status = {
      ...container.status,
      state: 'exited',
      finishedAtMs: this.#clock.now(),
      exitCode,
    } as const;
    const containers = sandbox.containers.map((each) =>
      each === container ? { ...container, status } : each,
    );
    this.#put({ ...sandbox, containers });
    this.#tell('exited', sandbox, containerId);
  }

  #put(sandbox: SimulatedSandbox): void {
    this.#table.put(sandbox);
    this.#file?.changed();
  }

  #tell(kind: 'started' | 'exited' | 'removed', sandbox: SimulatedSandbox, containerId: string): void {
    this.events.send({ kind, podUid: sandbox.pod.uid, containerId });
  }

  /** 64 hex digits, as Docker's. */
  #newId(): string {
    return Array.from({ length: 8 }, () => this.#random.uint32().toString(16).padStart(8, '0')).join('');
  }
}

function begin(
  id: string,
  imageId: string,
  config: ContainerConfig,
  hostname: string,
  nowMs: number,
): SimulatedContainer {
  const argv = [...config.command, ...config.args];
  const run = play(argv, { hostname, env: config.env });
  const programText = argv.length === 0 ? 'its entry point' : JSON.stringify(argv);
  const notice: LogLine = {
    timeMs: nowMs,
    stream: 'stdout',
    text: `simulated: no container runs here; image "${config.image}" would run ${programText}`,
  };
  return {
    status: {
      id,
      name: config.name,
      attempt: config.attempt,
      state: 'running',
      image: config.image,
      imageId,
      createdAtMs: nowMs,
      startedAtMs: nowMs,
      finishedAtMs: undefined,
      exitCode: undefined,
      oomKilled: false,
      error: undefined,
      resources: config.resources,
      labels: config.labels,
    },
    argv,
    env: config.env,
    log: [notice, ...(run?.output ?? []).map((line) => ({ ...line, timeMs: nowMs }))],
    ends: run?.lastsMs === undefined ? undefined : { atMs: nowMs + run.lastsMs, exitCode: run.exitCode },
  };
}
