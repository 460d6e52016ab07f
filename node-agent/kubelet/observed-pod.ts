import type { ContainerStatus, SandboxStatus } from '../runtime/runtime.ts';

/** A container as the kubelet judges it; what was created but could not start counts as exited. */
export interface ObservedContainer {
  readonly status: ContainerStatus;
  readonly sandboxId: string;
  readonly state: 'created' | 'running' | 'exited';
  readonly exitCode: number;
  /** The runtime could not start it: `status.error` says why. */
  readonly startFailed: boolean;
}

/** What the runtime has of one Pod. */
export interface ObservedPod {
  /** Newest first. */
  readonly sandboxes: readonly SandboxStatus[];
  /** By container name, newest first. */
  readonly containers: ReadonlyMap<string, readonly ObservedContainer[]>;
}

/** What containerd reports of a container that could not start, and so what people know. */
const startFailedExitCode = 128;

export const nothingObserved: ObservedPod = { sandboxes: [], containers: new Map() };

/** Orders what the runtime lists of one Pod. */
export function observePod(listed: readonly SandboxStatus[]): ObservedPod {
  const sandboxes = [...listed].sort((a, b) => b.attempt - a.attempt || b.createdAtMs - a.createdAtMs);
  const containers = new Map<string, ObservedContainer[]>();
  for (const sandbox of sandboxes) {
    for (const status of sandbox.containers) {
      const others = containers.get(status.name) ?? [];
      others.push(observeContainer(status, sandbox.id));
      containers.set(status.name, others);
    }
  }
  for (const all of containers.values()) all.sort(newestFirst);
  return { sandboxes, containers };
}

/** The newest container of that name. */
export function latestOf(observed: ObservedPod, name: string): ObservedContainer | undefined {
  return observed.containers.get(name)?.[0];
}

/** Only what belongs to one sandbox. */
export function inSandbox(observed: ObservedPod, sandboxId: string): ObservedPod {
  const containers = new Map<string, readonly ObservedContainer[]>();
  for (const [name, all] of observed.containers) {
    const inside = all.filter((container) => container.sandboxId === sandboxId);
    if (inside.length > 0) containers.set(name, inside);
  }
  return { sandboxes: observed.sandboxes.filter(({ id }) => id === sandboxId), containers };
}

export function runningContainers(observed: ObservedPod): ObservedContainer[] {
  return [...observed.containers.values()].flat().filter(({ state }) => state === 'running');
}

/** The Pod's sandbox while it is usable: the newest one, and ready. */
export function readySandbox(observed: ObservedPod): SandboxStatus | undefined {
  const [newest] = observed.sandboxes;
  return newest?.state === 'ready' ? newest : undefined;
}

function observeContainer(status: ContainerStatus, sandboxId: string): ObservedContainer {
  const startFailed = status.error !== undefined && status.error !== '' && status.startedAtMs === undefined;
  const state = status.state === 'created' && startFailed ? 'exited' : status.state;
  const exitCode = startFailed ? startFailedExitCode : (status.exitCode ?? 0);
  return { status, sandboxId, state, exitCode, startFailed: state === 'exited' && startFailed };
}

function newestFirst(a: ObservedContainer, b: ObservedContainer): number {
  return b.status.attempt - a.status.attempt || b.status.createdAtMs - a.status.createdAtMs;
}
