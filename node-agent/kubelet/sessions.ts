import type { Duplex } from 'node:stream';
import { badRequest, notFound, StatusError } from '../../core/api/errors.ts';
import type { Pod } from '../../core/api/generated/core-v1.ts';
import { pods } from '../../core/api/generated/resources.ts';
import type { AttachOptions, ExecOptions, LogsOptions, NodeStats } from '../../core/api/streams.ts';
import type { Clock } from '../../core/machinery/clock.ts';
import { parseTimestamp } from '../../core/machinery/timestamp.ts';
import { RuntimeError, type ContainerRuntime, type ProcessStreams } from '../runtime/runtime.ts';
import type { ContainerRef, PodRef, SessionHandlers } from '../streaming/session-handlers.ts';
import { KubeletApi } from './kubelet-api.ts';
import type { MachineUsage } from './machine-usage.ts';
import {
  latestOf,
  observePod,
  readySandbox,
  runningContainers,
  type ObservedContainer,
} from './observed-pod.ts';

export interface SessionsOptions {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly nodeName: string;
  /** Of this node. */
  readonly pods: () => readonly Pod[];
  /** The Pod of this node with that uid. */
  readonly pod: (uid: string) => Pod | undefined;
  /** What the whole machine uses; a node that is not a machine of its own is the sum of its containers. */
  readonly machineUsage?: (() => Promise<MachineUsage | undefined>) | undefined;
}

/** What either is called by whoever asks for its log alone. */
const streams: ReadonlyMap<string, 'stdout' | 'stderr'> = new Map([
  ['Stdout', 'stdout'],
  ['Stderr', 'stderr'],
]);

/** Logs, processes and connections of this node's containers, found at the time of the call. */
export class Sessions implements SessionHandlers {
  readonly #options: SessionsOptions;
  readonly #api: KubeletApi;

  constructor(options: SessionsOptions) {
    this.#options = options;
    const { nodeName, pods } = options;
    this.#api = new KubeletApi({ nodeName, pods, handlers: this });
  }

  async *logs(ref: ContainerRef, options: LogsOptions, signal: AbortSignal): AsyncGenerator<Buffer> {
    const { runtime, clock } = this.#options;
    const container = await this.#containerForLogs(ref, options.previous === true, signal);
    const { sinceSeconds, sinceTime } = options;
    const sinceMs =
      sinceSeconds === undefined ? parseTimestamp(sinceTime) : clock.now() - sinceSeconds * 1000;
    yield* runtime.logs(
      container.status.id,
      {
        follow: options.follow === true,
        tailLines: options.tailLines,
        sinceMs,
        timestamps: options.timestamps === true,
        stream: streams.get(options.stream ?? ''),
      },
      signal,
    );
  }

  async exec(ref: ContainerRef, options: ExecOptions, signal: AbortSignal): Promise<ProcessStreams> {
    const { id } = (await this.#running(ref, signal)).status;
    const { command, tty, stdin } = options;
    return await translated(() => this.#options.runtime.exec(id, { command, tty, stdin }, signal));
  }

  async attach(ref: ContainerRef, options: AttachOptions, signal: AbortSignal): Promise<ProcessStreams> {
    const { id } = (await this.#running(ref, signal)).status;
    const { tty, stdin } = options;
    return await translated(() => this.#options.runtime.attach(id, { tty, stdin }, signal));
  }

  async portForward(ref: PodRef, port: number, signal: AbortSignal): Promise<Duplex> {
    const observed = observePod(await this.#options.runtime.list(signal, ref.uid));
    const sandbox = readySandbox(observed);
    if (sandbox === undefined) throw badRequest(`unable to forward port because pod is not running`);
    return await translated(() => this.#options.runtime.dial(sandbox.id, port, signal));
  }

  kubelet(): Duplex {
    return this.#api.connect();
  }

  async stats(signal: AbortSignal): Promise<NodeStats> {
    const { runtime, clock } = this.#options;
    const sandboxes = await runtime.list(signal);
    const owners = new Map(
      sandboxes.flatMap(({ pod, containers }) =>
        containers
          .filter(({ state }) => state === 'running')
          .map(({ id, name }) => [id, { pod, name }] as const),
      ),
    );
    const stats = await runtime.stats([...owners.keys()], signal);
    const containers = stats.flatMap((usage) => {
      const owner = owners.get(usage.containerId);
      if (owner === undefined) return [];
      const { timestampMs, cpuTotalNanoseconds, memoryWorkingSetBytes } = usage;
      return {
        namespace: owner.pod.namespace,
        pod: owner.pod.name,
        podUid: owner.pod.uid,
        container: owner.name,
        timestampMs,
        cpuTotalNanoseconds,
        memoryWorkingSetBytes,
      };
    });
    const sum = (of: (usage: (typeof containers)[number]) => number) =>
      containers.reduce((total, usage) => total + of(usage), 0);
    const node = (await this.#options.machineUsage?.()) ?? {
      cpuTotalNanoseconds: sum(({ cpuTotalNanoseconds }) => cpuTotalNanoseconds),
      memoryWorkingSetBytes: sum(({ memoryWorkingSetBytes }) => memoryWorkingSetBytes),
    };
    return { timestampMs: clock.now(), ...node, containers };
  }

  /** The current run, or the one before it; an ended one has its log too. */
  async #containerForLogs(
    ref: ContainerRef,
    previous: boolean,
    signal: AbortSignal,
  ): Promise<ObservedContainer> {
    const observed = observePod(await this.#options.runtime.list(signal, ref.uid));
    const runs = observed.containers.get(ref.container) ?? [];
    const found = previous ? this.#previousRun(ref, runs) : runs[0];
    if (found !== undefined) return found;
    if (previous) {
      throw badRequest(`previous terminated container "${ref.container}" in pod "${ref.name}" not found`);
    }
    throw this.#waiting(ref);
  }

  /** The run before the present one; while the container waits to start again, that is the last there was. */
  #previousRun(
    { uid, container }: ContainerRef,
    runs: readonly ObservedContainer[],
  ): ObservedContainer | undefined {
    const { containerStatuses = [], initContainerStatuses = [] } = this.#options.pod(uid)?.status ?? {};
    const told = [...containerStatuses, ...initContainerStatuses].find(({ name }) => name === container);
    const id = told?.lastState?.terminated?.containerID?.split('://')[1];
    return runs.find(({ status }) => status.id === id) ?? runs[1];
  }

  async #running(ref: ContainerRef, signal: AbortSignal): Promise<ObservedContainer> {
    const observed = observePod(await this.#options.runtime.list(signal, ref.uid));
    const latest = latestOf(observed, ref.container);
    if (latest?.state === 'running') return latest;
    if (latest === undefined && runningContainers(observed).length === 0 && observed.sandboxes.length === 0) {
      const pod = this.#options.pod(ref.uid);
      if (pod === undefined) throw notFound(pods, ref.name);
    }
    throw new StatusError(
      'InternalError',
      `unable to upgrade connection: container not found ("${ref.container}")`,
    );
  }

  #waiting({ uid, name, container }: ContainerRef): StatusError {
    const status = this.#options.pod(uid)?.status;
    const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
    const reason = all.find((found) => found.name === container)?.state?.waiting?.reason;
    const why =
      reason === 'ErrImagePull' || reason === 'ImagePullBackOff'
        ? 'trying and failing to pull image'
        : `waiting to start: ${reason ?? 'ContainerCreating'}`;
    return badRequest(`container "${container}" in pod "${name}" is ${why}`);
  }
}

/** What the runtime refuses is the caller's to know. */
async function translated<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof RuntimeError && error.reason !== 'unknown') {
      const reason =
        error.reason === 'unavailable' || error.reason === 'timeout' ? 'ServiceUnavailable' : 'BadRequest';
      throw new StatusError(reason, error.message, { cause: error });
    }
    throw error;
  }
}
