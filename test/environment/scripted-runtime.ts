import { PassThrough } from 'node:stream';
import type { Clock } from '../../core/machinery/clock.ts';
import { deferred, type Deferred } from '../../core/machinery/deferred.ts';
import { RuntimeError } from '../../node-agent/runtime/runtime.ts';
import type {
  Capacity,
  ContainerConfig,
  ContainerResources,
  ContainerRuntime,
  ContainerStats,
  ContainerStatus,
  ExecOptions,
  ImageStatus,
  ProcessStreams,
  RuntimeEvent,
  RuntimeVersion,
  SandboxConfig,
  SandboxStatus,
} from '../../node-agent/runtime/runtime.ts';

type Changeable<T> = { -readonly [K in keyof T]: T[K] };
type Container = Changeable<ContainerStatus>;
interface Sandbox extends Omit<Changeable<SandboxStatus>, 'containers'> {
  containers: Container[];
}

type Call = 'runSandbox' | 'startContainer' | 'stopContainer' | 'pullImage' | 'exec';

/**
 * A runtime in memory that does what a test tells it to: containers end when the test says so, calls can fail or be
 * held, and every call is on record.
 */
export class ScriptedRuntime implements ContainerRuntime {
  readonly name = 'docker';
  /** Such as "run web/0", "start main/0", "stop main 30". */
  readonly calls: string[] = [];
  readonly configs = new Map<string, ContainerConfig>();
  readonly images = new Map<string, ImageStatus>([['main:1', imageNamed('main:1')]]);
  /** What cannot be done at all: every call fails as while Docker is away. */
  down = false;
  /** Error texts by container name: its resources cannot be changed. */
  readonly updateFailures = new Map<string, string>();
  /** Error texts by container name: it is made and cannot start. */
  readonly startFailures = new Map<string, string>();
  /** Error texts by container name: the runtime refuses to make it. */
  readonly createFailures = new Map<string, string>();
  readonly pullFailures = new Map<string, RuntimeError>();
  /** Exit codes of exec'd commands, by their first word. */
  readonly execs = new Map<string, number>();
  readonly #clock: Clock;
  readonly #sandboxes: Sandbox[] = [];
  readonly #listeners = new Set<(event: RuntimeEvent) => void>();
  readonly #holds = new Map<Call, Deferred<void>>();
  #sequence = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls of that kind wait until the returned function is called; an abort ends the wait. */
  hold(call: Call): () => void {
    const gate = deferred();
    this.#holds.set(call, gate);
    return () => {
      this.#holds.delete(call);
      gate.resolve();
    };
  }

  /** The newest container of that name ends by itself. */
  exit(name: string, exitCode: number, more: Partial<ContainerStatus> = {}): void {
    const found = this.#newest(name);
    if (found === undefined) throw new Error(`no container "${name}"`);
    Object.assign(found.container, {
      state: 'exited',
      exitCode,
      finishedAtMs: this.#clock.now(),
      ...more,
    });
    this.#tell(found.sandbox, found.container.id, 'exited');
  }

  /** Sandbox and containers are gone, as after the machine's restart. */
  loseSandbox(podUid: string): void {
    for (const sandbox of this.#sandboxes.filter(({ pod }) => pod.uid === podUid)) {
      this.#kill(sandbox);
      this.#tell(sandbox, sandbox.id, 'exited');
    }
  }

  /** Docker is back: anything may have changed. */
  reconnect(): void {
    this.down = false;
    for (const listener of this.#listeners) {
      listener({ podUid: undefined, containerId: undefined, kind: 'unknown' });
    }
  }

  running(): string[] {
    return this.#sandboxes.flatMap(({ containers }) =>
      containers.filter(({ state }) => state === 'running').map(({ name, attempt }) => `${name}/${attempt}`),
    );
  }

  get sandboxCount(): number {
    return this.#sandboxes.length;
  }

  version(): Promise<RuntimeVersion> {
    return this.#answer(() => ({
      version: '20.10.24+dfsg1',
      operatingSystem: 'Debian GNU/Linux 12',
      kernelVersion: '6.1.0',
      architecture: 'amd64',
      warnings: [],
    }));
  }

  capacity(): Promise<Capacity> {
    return this.#answer(() => ({ cpuCores: 4, memoryBytes: 8 * 2 ** 30, storageBytes: 100 * 2 ** 30 }));
  }

  list(_signal: AbortSignal, podUid?: string): Promise<readonly SandboxStatus[]> {
    return this.#answer(() =>
      this.#sandboxes
        .filter(({ pod }) => podUid === undefined || pod.uid === podUid)
        .map((sandbox) => structuredClone(sandbox)),
    );
  }

  async *events(signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
    const queue: RuntimeEvent[] = [];
    let wake = deferred();
    const listener = (event: RuntimeEvent) => {
      queue.push(event);
      wake.resolve();
    };
    this.#listeners.add(listener);
    signal.addEventListener('abort', () => wake.resolve(), { once: true });
    try {
      while (!signal.aborted) {
        const event = queue.shift();
        if (event === undefined) {
          await wake.promise;
          wake = deferred();
        } else yield event;
      }
    } finally {
      this.#listeners.delete(listener);
    }
  }

  async runSandbox(config: SandboxConfig, signal: AbortSignal): Promise<SandboxStatus> {
    this.calls.push(`run ${config.pod.name}/${config.attempt}`);
    await this.#held('runSandbox', signal);
    return await this.#answer(() => {
      const id = `sandbox-${++this.#sequence}`;
      const sandbox: Sandbox = {
        id,
        pod: config.pod,
        attempt: config.attempt,
        state: 'ready',
        createdAtMs: this.#clock.now(),
        ips: [`10.0.0.${this.#sequence}`],
        labels: config.labels,
        containers: [],
      };
      this.#sandboxes.push(sandbox);
      this.#tell(sandbox, id, 'started');
      return structuredClone(sandbox);
    });
  }

  stopSandbox(sandboxId: string): Promise<void> {
    this.calls.push('stop sandbox');
    return this.#answer(() => {
      const sandbox = this.#sandboxes.find(({ id }) => id === sandboxId);
      if (sandbox !== undefined) this.#kill(sandbox);
    });
  }

  removeSandbox(sandboxId: string): Promise<void> {
    this.calls.push('remove sandbox');
    return this.#answer(() => {
      const index = this.#sandboxes.findIndex(({ id }) => id === sandboxId);
      if (index >= 0) this.#sandboxes.splice(index, 1);
    });
  }

  async startContainer(sandboxId: string, config: ContainerConfig, signal: AbortSignal): Promise<string> {
    this.calls.push(`start ${config.name}/${config.attempt}`);
    await this.#held('startContainer', signal);
    return await this.#answer(() => {
      const sandbox = this.#sandboxes.find(({ id }) => id === sandboxId);
      if (sandbox?.state !== 'ready') throw new RuntimeError('not-found', `no sandbox "${sandboxId}"`);
      const refused = this.createFailures.get(config.name);
      if (refused !== undefined) throw new RuntimeError('create-failed', refused);
      const failure = this.startFailures.get(config.name);
      const id = `${config.name}-${++this.#sequence}`;
      this.configs.set(config.name, config);
      sandbox.containers.push({
        id,
        name: config.name,
        attempt: config.attempt,
        state: failure === undefined ? 'running' : 'created',
        image: config.image,
        imageId: `sha256:${config.image}`,
        createdAtMs: this.#clock.now(),
        startedAtMs: failure === undefined ? this.#clock.now() : undefined,
        finishedAtMs: undefined,
        exitCode: failure === undefined ? undefined : 127,
        oomKilled: false,
        error: failure,
        resources: config.resources,
        labels: config.labels,
      });
      if (failure !== undefined) throw new RuntimeError('start-failed', failure);
      this.#tell(sandbox, id, 'started');
      return id;
    });
  }

  updateContainer(containerId: string, resources: ContainerResources): Promise<void> {
    const found = this.#byId(containerId);
    const { cpuShares, cpuQuotaUs, memoryLimitBytes } = resources;
    this.calls.push(
      `update ${found?.container.name} ${cpuShares}/${cpuQuotaUs ?? '-'}/${memoryLimitBytes ?? '-'}`,
    );
    return this.#answer(() => {
      const failure = this.updateFailures.get(found?.container.name ?? '');
      if (failure !== undefined) throw new RuntimeError('unknown', failure);
      if (found !== undefined) Object.assign(found.container, { resources });
    });
  }

  async stopContainer(containerId: string, graceSeconds: number, signal: AbortSignal): Promise<void> {
    const found = this.#byId(containerId);
    this.calls.push(`stop ${found?.container.name ?? containerId} ${graceSeconds}`);
    await this.#held('stopContainer', signal);
    await this.#answer(() => {
      if (found?.container.state !== 'running') return;
      Object.assign(found.container, { state: 'exited', exitCode: 143, finishedAtMs: this.#clock.now() });
      this.#tell(found.sandbox, containerId, 'exited');
    });
  }

  removeContainer(containerId: string): Promise<void> {
    const found = this.#byId(containerId);
    this.calls.push(`remove ${found?.container.name}/${found?.container.attempt}`);
    return this.#answer(() => {
      found?.sandbox.containers.splice(found.sandbox.containers.indexOf(found.container), 1);
    });
  }

  imageStatus(image: string): Promise<ImageStatus | undefined> {
    return this.#answer(
      () => this.images.get(image) ?? [...this.images.values()].find(({ id }) => id === image),
    );
  }

  async pullImage(image: string, _auth: unknown, signal: AbortSignal): Promise<ImageStatus> {
    this.calls.push(`pull ${image}`);
    await this.#held('pullImage', signal);
    return await this.#answer(() => {
      const failure = this.pullFailures.get(image);
      if (failure !== undefined) throw failure;
      const pulled = imageNamed(image);
      this.images.set(image, pulled);
      return pulled;
    });
  }

  listImages(): Promise<readonly ImageStatus[]> {
    return this.#answer(() => [...this.images.values()]);
  }

  removeImage(): Promise<void> {
    return Promise.resolve();
  }

  // oxlint-disable-next-line require-yield
  async *logs(): AsyncGenerator<Buffer> {
    await Promise.resolve();
  }

  async exec(containerId: string, { command }: ExecOptions, signal: AbortSignal): Promise<ProcessStreams> {
    this.calls.push(`exec ${this.#byId(containerId)?.container.name} ${command.join(' ')}`);
    await this.#held('exec', signal);
    const ended = () => new PassThrough().end();
    const exitCode = Promise.resolve(this.execs.get(command[0] ?? '') ?? 0);
    return { stdin: undefined, stdout: ended(), stderr: ended(), resize: () => {}, exitCode };
  }

  attach(): Promise<ProcessStreams> {
    return Promise.reject(new RuntimeError('not-found', 'nothing to attach to'));
  }

  dial(): Promise<PassThrough> {
    return Promise.reject(new RuntimeError('not-found', 'nothing listens'));
  }

  stats(): Promise<readonly ContainerStats[]> {
    return Promise.resolve([]);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #answer<T>(work: () => T): Promise<T> {
    await Promise.resolve();
    if (this.down) throw new RuntimeError('unavailable', 'Cannot reach Docker');
    return work();
  }

  async #held(call: Call, signal: AbortSignal): Promise<void> {
    const gate = this.#holds.get(call);
    if (gate === undefined) return;
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      if (signal.aborted) reject(signal.reason as Error);
      void gate.promise.then(resolve);
    });
  }

  #kill(sandbox: Sandbox): void {
    sandbox.state = 'not-ready';
    sandbox.ips = [];
    for (const container of sandbox.containers) {
      if (container.state !== 'running') continue;
      Object.assign(container, { state: 'exited', exitCode: 137, finishedAtMs: this.#clock.now() });
    }
  }

  #newest(name: string) {
    const all = this.#sandboxes.flatMap((sandbox) =>
      sandbox.containers
        .filter((container) => container.name === name)
        .map((container) => ({ sandbox, container })),
    );
    return all.at(-1);
  }

  #byId(containerId: string) {
    for (const sandbox of this.#sandboxes) {
      const container = sandbox.containers.find(({ id }) => id === containerId);
      if (container !== undefined) return { sandbox, container };
    }
    return undefined;
  }

  #tell(sandbox: Sandbox, containerId: string, kind: RuntimeEvent['kind']): void {
    for (const listener of this.#listeners) listener({ podUid: sandbox.pod.uid, containerId, kind });
  }
}

function imageNamed(name: string): ImageStatus {
  return { id: `sha256:${name}`, tags: [name], digests: [], sizeBytes: 1000, user: '' };
}
