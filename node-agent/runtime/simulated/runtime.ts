import { cpus, release, totalmem } from 'node:os';
import type { Duplex } from 'node:stream';
import { PassThrough } from 'node:stream';
import { systemClock } from '../../../core/machinery/clock.ts';
import type { Clock } from '../../../core/machinery/clock.ts';
import { systemRandom } from '../../../core/machinery/random.ts';
import type { Random } from '../../../core/machinery/random.ts';
import { RuntimeError } from '../runtime.ts';
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
import { SimulatedImages } from './images.ts';
import { SimulatedPods } from './pods.ts';
import { selectLines } from './simulated-log.ts';
import type { LogRecord } from './simulated-log.ts';
import { simulatedPort } from './simulated-port.ts';
import { simulatedProcess } from './simulated-process.ts';

export interface SimulatedRuntimeOptions {
  readonly clock?: Clock;
  readonly random?: Random;
  /** Pods are remembered here over a restart; without, they end with the agent. */
  readonly stateFile?: string;
  /** Where Pod addresses come from. Default: 10.244.0.0/16. */
  readonly podCidr?: string;
  /** Default: this machine's. */
  readonly capacity?: Capacity;
}

const warning = 'This runtime is simulated: no container really runs';
const goArchitectures: Readonly<Record<string, string>> = { x64: 'amd64' };
const simulatedMemoryBytes = 16 * 2 ** 20;

/**
 * Pods without containers, for thousands of nodes on one machine and for machines without Docker. Time, addresses and
 * states go their ordinary way; programs do not run, except the few that `program.ts` plays. It says so in its name,
 * its version, every log and every answer to an exec or a connection.
 */
export class SimulatedRuntime implements ContainerRuntime {
  readonly name = 'simulated';
  readonly #clock: Clock;
  readonly #capacity: Capacity;
  readonly #pods: SimulatedPods;
  readonly #images = new SimulatedImages();

  constructor(options: SimulatedRuntimeOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#capacity = options.capacity ?? {
      cpuCores: cpus().length,
      memoryBytes: totalmem(),
      storageBytes: 0,
    };
    this.#pods = new SimulatedPods({
      clock: this.#clock,
      random: options.random ?? systemRandom,
      stateFile: options.stateFile,
      podCidr: options.podCidr ?? '10.244.0.0/16',
      images: this.#images,
    });
  }

  version(signal: AbortSignal): Promise<RuntimeVersion> {
    signal.throwIfAborted();
    return Promise.resolve({
      version: '1.0.0',
      operatingSystem: 'simulated',
      kernelVersion: release(),
      architecture: goArchitectures[process.arch] ?? process.arch,
      warnings: [warning],
    });
  }

  capacity(signal: AbortSignal): Promise<Capacity> {
    signal.throwIfAborted();
    return Promise.resolve(this.#capacity);
  }

  async list(signal: AbortSignal, podUid?: string): Promise<readonly SandboxStatus[]> {
    await this.#pods.ready(signal);
    return this.#pods.list(podUid);
  }

  events(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    return this.#pods.events.listen(signal);
  }

  async runSandbox(config: SandboxConfig, signal: AbortSignal): Promise<SandboxStatus> {
    await this.#pods.ready(signal);
    return this.#pods.runSandbox(config);
  }

  async stopSandbox(sandboxId: string, signal: AbortSignal): Promise<void> {
    await this.#pods.ready(signal);
    this.#pods.stopSandbox(sandboxId);
  }

  async removeSandbox(sandboxId: string, signal: AbortSignal): Promise<void> {
    await this.#pods.ready(signal);
    this.#pods.removeSandbox(sandboxId);
  }

  async startContainer(sandboxId: string, config: ContainerConfig, signal: AbortSignal): Promise<string> {
    await this.#pods.ready(signal);
    return this.#pods.startContainer(sandboxId, config);
  }

  /** Ends at once, as a program does that heeds the signal; the grace period is never needed. */
  async updateContainer(
    containerId: string,
    resources: ContainerResources,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#pods.ready(signal);
    this.#pods.updateContainer(containerId, resources);
  }

  async stopContainer(containerId: string, _graceSeconds: number, signal: AbortSignal): Promise<void> {
    await this.#pods.ready(signal);
    this.#pods.stopContainer(containerId);
  }

  async removeContainer(containerId: string, signal: AbortSignal): Promise<void> {
    await this.#pods.ready(signal);
    this.#pods.removeContainer(containerId);
  }

  async imageStatus(image: string, signal: AbortSignal): Promise<ImageStatus | undefined> {
    await this.#pods.ready(signal);
    return this.#images.status(image);
  }

  async pullImage(image: string, _auth: RegistryAuth | undefined, signal: AbortSignal): Promise<ImageStatus> {
    await this.#pods.ready(signal);
    return this.#images.pull(image);
  }

  async listImages(signal: AbortSignal): Promise<readonly ImageStatus[]> {
    await this.#pods.ready(signal);
    return this.#images.list();
  }

  async removeImage(imageId: string, signal: AbortSignal): Promise<void> {
    await this.#pods.ready(signal);
    this.#images.remove(imageId);
  }

  async *logs(containerId: string, options: LogOptions, signal: AbortSignal): AsyncGenerator<Buffer> {
    for await (const records of this.#records(containerId, options, signal)) {
      const wanted = records.filter(({ stream }) => (options.stream ?? stream) === stream);
      if (wanted.length > 0) yield Buffer.concat(wanted.map(({ data }) => data));
    }
  }

  async exec(containerId: string, options: ExecOptions, signal: AbortSignal): Promise<ProcessStreams> {
    await this.#pods.ready(signal);
    const { sandbox, container } = this.#running(containerId);
    const environment = { hostname: sandbox.hostname, env: container.env };
    return simulatedProcess(this.#clock, options, environment, signal);
  }

  /** Shows the log as it grows; there is nobody to read the input. */
  async attach(containerId: string, options: AttachOptions, signal: AbortSignal): Promise<ProcessStreams> {
    await this.#pods.ready(signal);
    this.#running(containerId);
    const stdout = new PassThrough();
    const stderr = options.tty ? undefined : new PassThrough();
    const follow = { follow: true, tailLines: 0, sinceMs: undefined, timestamps: false };
    const exitCode = this.#copyLog(containerId, follow, { stdout, stderr: stderr ?? stdout }, signal).finally(
      () => {
        stdout.end();
        stderr?.end();
      },
    );
    exitCode.catch(() => {});
    const stdin = options.stdin ? new PassThrough().resume() : undefined;
    return { stdin, stdout, stderr, resize: () => {}, exitCode };
  }

  async dial(sandboxId: string, port: number, signal: AbortSignal): Promise<Duplex> {
    await this.#pods.ready(signal);
    const sandbox = this.#pods.sandbox(sandboxId);
    if (sandbox?.ready !== true) {
      const words = 'it is not running';
      throw new RuntimeError(
        'not-found',
        `Cannot connect to port ${port} of sandbox "${sandboxId}": ${words}`,
      );
    }
    return simulatedPort(`${sandbox.pod.namespace}/${sandbox.pod.name}`, port);
  }

  /** Half of the requested processor time and 16 MiB, or half the limit where that is less. */
  async stats(containerIds: readonly string[], signal: AbortSignal): Promise<readonly ContainerStats[]> {
    await this.#pods.ready(signal);
    const nowMs = this.#clock.now();
    return containerIds.flatMap((containerId) => {
      const container = this.#pods.find(containerId)?.container;
      if (container?.status.state !== 'running') return [];
      const runningMs = nowMs - (container.status.startedAtMs ?? nowMs);
      const cores = container.status.resources.cpuShares / 1024 / 2;
      const limit = container.status.resources.memoryLimitBytes ?? Number.POSITIVE_INFINITY;
      return {
        containerId,
        timestampMs: nowMs,
        cpuTotalNanoseconds: Math.round(runningMs * cores * 1e6),
        memoryWorkingSetBytes: Math.min(simulatedMemoryBytes, Math.floor(limit / 2)),
      };
    });
  }

  close(): Promise<void> {
    return this.#pods.close();
  }

  /** The lines there are, and with `follow` those that come. */
  async *#records(
    containerId: string,
    options: LogOptions,
    signal: AbortSignal,
  ): AsyncGenerator<readonly LogRecord[]> {
    await this.#pods.ready(signal);
    let from = 0;
    // The first event comes at once, the others with each change.
    for await (const event of this.#pods.events.listen(signal)) {
      if (event.containerId !== undefined && event.containerId !== containerId) continue;
      const found = this.#pods.find(containerId);
      if (found === undefined && from > 0) return;
      const { log, status } = (found ?? missing(containerId)).container;
      const records = selectLines(log, options, from);
      if (records.length > 0) yield records;
      from = log.length;
      if (!options.follow || status.state !== 'running') return;
    }
  }

  async #copyLog(
    containerId: string,
    options: LogOptions,
    targets: { readonly stdout: PassThrough; readonly stderr: PassThrough },
    signal: AbortSignal,
  ): Promise<number> {
    for await (const records of this.#records(containerId, options, signal))
      for (const { stream, data } of records) targets[stream].write(data);
    signal.throwIfAborted();
    return this.#pods.find(containerId)?.container.status.exitCode ?? 137;
  }

  #running(containerId: string) {
    const found = this.#pods.find(containerId) ?? missing(containerId);
    if (found.container.status.state !== 'running') {
      throw new RuntimeError('conflict', `Cannot use container "${containerId}": it is not running`);
    }
    return found;
  }
}

function missing(containerId: string): never {
  throw new RuntimeError('not-found', `Cannot find container "${containerId}"`);
}
