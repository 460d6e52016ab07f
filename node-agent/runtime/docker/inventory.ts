import type { ContainerInfo, ContainerInspectInfo } from 'dockerode';
import type { ContainerStatus, PodIdentity, SandboxStatus } from '../runtime.ts';
import type { DockerClient } from './client.ts';
import { hasReason } from './errors.ts';
import { callersLabels, identityOf, label, ownedBy } from './labels.ts';
import { Limiter } from './limiter.ts';

const inspectsInFlight = 8;

/**
 * What exists, from one list and an inspect of whatever changed since the last one. Docker's summaries lack exit
 * codes and times; an inspect has them but takes a call each, so it is kept until the summary says that it
 * changed or `forget` says that an event named the container.
 */
export class Inventory {
  readonly #client: DockerClient;
  readonly #owner: string;
  readonly #inspects = new Limiter(inspectsInFlight);
  readonly #known = new Map<string, ContainerInspectInfo>();
  readonly #oomKilled = new Set<string>();

  constructor(client: DockerClient, owner: string) {
    this.#client = client;
    this.#owner = owner;
  }

  async list(signal: AbortSignal, podUid?: string): Promise<readonly SandboxStatus[]> {
    const filters = podUid === undefined ? [] : [`${label.podUid}=${podUid}`];
    const summaries = await this.#summaries(signal, ...filters);
    if (podUid === undefined) this.#keepOnly(new Set(summaries.map((summary) => summary.Id)));
    const inspected = await this.#inspects.map(summaries, signal, (summary) =>
      this.#upToDate(summary, signal),
    );
    return group(
      inspected.filter((info) => info !== undefined),
      this.#oomKilled,
    );
  }

  /** The IDs of a sandbox's containers, running or not. */
  async containersOf(sandboxId: string, signal: AbortSignal): Promise<readonly ContainerInfo[]> {
    return this.#summaries(signal, `${label.sandboxId}=${sandboxId}`);
  }

  /** Asks Docker now. Throws "not-found". */
  async inspect(id: string, signal: AbortSignal): Promise<ContainerInspectInfo> {
    const { quickMs } = this.#client.deadlines;
    return this.#client.call(
      { action: `inspect container "${id}"`, deadlineMs: quickMs, signal },
      (docker, abortSignal) => docker.getContainer(id).inspect({ abortSignal }),
    );
  }

  /** The last seen, or a fresh inspect: for what never changes once a container has started. */
  async recall(id: string, signal: AbortSignal): Promise<ContainerInspectInfo> {
    return this.#known.get(id) ?? this.remember(await this.inspect(id, signal));
  }

  /** Takes note of an inspect that was made anyway. */
  remember(info: ContainerInspectInfo): ContainerInspectInfo {
    this.#known.set(info.Id, info);
    return info;
  }

  /** The next list inspects this container again. */
  forget(id: string): void {
    this.#known.delete(id);
  }

  /**
   * Takes note of Docker's "oom" event. Docker notes it too, but only when it hears of the kill before it hears of
   * the exit, and they race.
   */
  rememberOomKill(id: string): void {
    this.#oomKilled.add(id);
  }

  /** After a reconnect anything may have happened in between. */
  forgetAll(): void {
    this.#known.clear();
  }

  #keepOnly(existing: ReadonlySet<string>): void {
    for (const id of this.#known.keys()) if (!existing.has(id)) this.#known.delete(id);
    for (const id of this.#oomKilled) if (!existing.has(id)) this.#oomKilled.delete(id);
  }

  #summaries(signal: AbortSignal, ...filters: readonly string[]): Promise<ContainerInfo[]> {
    const { quickMs } = this.#client.deadlines;
    return this.#client.call(
      { action: 'list containers', deadlineMs: quickMs, signal },
      (docker, abortSignal) =>
        docker.listContainers({ all: true, filters: ownedBy(this.#owner, ...filters), abortSignal }),
    );
  }

  async #upToDate(summary: ContainerInfo, signal: AbortSignal): Promise<ContainerInspectInfo | undefined> {
    const known = this.#known.get(summary.Id);
    if (known !== undefined && inspectedVersion(known) === summaryVersion(summary)) return known;
    try {
      return this.remember(await this.inspect(summary.Id, signal));
    } catch (error) {
      // Removed between the list and the inspect: then it does not exist, and that is the whole truth.
      if (hasReason(error, 'not-found')) return undefined;
      throw error;
    }
  }
}

/** State, exit code and addresses: what a list tells of a change. The rest of a summary's words is its age. */
function summaryVersion(summary: ContainerInfo): string {
  const exitCode = /^Exited \((-?\d+)\)/.exec(summary.Status)?.[1] ?? '';
  return [summary.State, exitCode, ...addresses(summary.NetworkSettings.Networks)].join(' ');
}

/** The same from an inspect. */
function inspectedVersion(info: ContainerInspectInfo): string {
  const exitCode = info.State.Status === 'exited' ? String(info.State.ExitCode) : '';
  return [info.State.Status, exitCode, ...addressesOf(info)].join(' ');
}

function group(infos: readonly ContainerInspectInfo[], oomKilled: ReadonlySet<string>): SandboxStatus[] {
  const containers = new Map<string, { pod: PodIdentity; statuses: ContainerStatus[] }>();
  for (const info of infos) {
    const identity = identityOf(info.Config.Labels);
    if (identity?.kind !== 'container') continue;
    const siblings = containers.get(identity.sandboxId) ?? { pod: identity.pod, statuses: [] };
    siblings.statuses.push(containerStatus(info, identity.name, identity.attempt, oomKilled.has(info.Id)));
    containers.set(identity.sandboxId, siblings);
  }
  const sandboxes = infos.flatMap((info) => {
    const identity = identityOf(info.Config.Labels);
    if (identity?.kind !== 'sandbox') return [];
    const statuses = containers.get(info.Id)?.statuses ?? [];
    containers.delete(info.Id);
    return [sandboxStatus(info, identity.pod, identity.attempt, statuses)];
  });
  // What is left has lost its sandbox, by somebody's hand: shown as a dead sandbox, so that it gets cleaned up.
  const orphaned = [...containers].map(([sandboxId, { pod, statuses }]): SandboxStatus => {
    return {
      id: sandboxId,
      pod,
      attempt: 0,
      state: 'not-ready',
      createdAtMs: Math.min(...statuses.map((status) => status.createdAtMs)),
      ips: [],
      labels: {},
      containers: statuses,
    };
  });
  return [...sandboxes, ...orphaned];
}

export function sandboxStatus(
  info: ContainerInspectInfo,
  pod: PodIdentity,
  attempt: number,
  containers: readonly ContainerStatus[],
): SandboxStatus {
  const ready = info.State.Running;
  return {
    id: info.Id,
    pod,
    attempt,
    state: ready ? 'ready' : 'not-ready',
    createdAtMs: Date.parse(info.Created),
    ips: ready ? addressesOf(info) : [],
    labels: callersLabels(info.Config.Labels),
    containers,
  };
}

export function addressesOf(info: ContainerInspectInfo): string[] {
  return addresses(info.NetworkSettings.Networks);
}

/** Every network's IPv4 address, then every IPv6 one. Docker writes the empty string for none. */
function addresses(networks: Readonly<Record<string, Address>>): string[] {
  const all = Object.values(networks);
  return [
    ...all.map((network) => network.IPAddress),
    ...all.map((network) => network.GlobalIPv6Address),
  ].filter((address) => address !== '');
}

interface Address {
  readonly IPAddress: string;
  readonly GlobalIPv6Address: string;
}

function containerStatus(
  info: ContainerInspectInfo,
  name: string,
  attempt: number,
  oomKilled: boolean,
): ContainerStatus {
  const state = stateOf(info);
  const error = info.State.Error === '' ? undefined : info.State.Error;
  return {
    id: info.Id,
    name,
    attempt,
    state,
    image: info.Config.Image,
    imageId: info.Image,
    createdAtMs: Date.parse(info.Created),
    startedAtMs: timeMs(info.State.StartedAt),
    finishedAtMs: state === 'exited' ? finishedAtMs(info) : undefined,
    // A container that could not be started has an exit code too (127: no such program).
    exitCode: state === 'exited' || error !== undefined ? info.State.ExitCode : undefined,
    oomKilled: info.State.OOMKilled || (oomKilled && state === 'exited'),
    error,
    resources: {
      cpuShares: info.HostConfig.CpuShares ?? 0,
      cpuQuotaUs: info.HostConfig.CpuQuota || undefined,
      memoryLimitBytes: info.HostConfig.Memory || undefined,
    },
    labels: callersLabels(info.Config.Labels),
  };
}

function stateOf(info: ContainerInspectInfo): ContainerStatus['state'] {
  if (info.State.Running) return 'running';
  return info.State.Status === 'created' ? 'created' : 'exited';
}

/** Docker dates a start when it has heard of it, which may be after a short-lived process has ended. */
function finishedAtMs(info: ContainerInspectInfo): number | undefined {
  const finishedMs = timeMs(info.State.FinishedAt);
  return finishedMs === undefined ? undefined : Math.max(finishedMs, timeMs(info.State.StartedAt) ?? 0);
}

/** Undefined for Go's zero time. */
function timeMs(value: string): number | undefined {
  const milliseconds = Date.parse(value);
  return milliseconds > 0 ? milliseconds : undefined;
}
