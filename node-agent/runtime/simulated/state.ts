import type { ContainerStatus, PodIdentity, SandboxStatus } from '../runtime.ts';
import type { OutputLine } from './program.ts';

/** A line of a simulated container's log. */
export interface LogLine extends OutputLine {
  readonly timeMs: number;
}

/** Everything there is to a container; plain data, so that it can be written to a file. */
export interface SimulatedContainer {
  readonly status: ContainerStatus;
  readonly argv: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly log: readonly LogLine[];
  /** When and how it will end by itself, by the wall clock, so that time passes while the agent is away. */
  readonly ends: { readonly atMs: number; readonly exitCode: number } | undefined;
}

export interface SimulatedSandbox {
  readonly id: string;
  readonly pod: PodIdentity;
  readonly attempt: number;
  readonly hostname: string;
  readonly ready: boolean;
  readonly createdAtMs: number;
  /** Undefined on the host network. */
  readonly ip: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly containers: readonly SimulatedContainer[];
}

/**
 * Sandboxes by ID, by Pod and by container. Values are replaced whole, never changed, and each one's status is made
 * once: a list of thousands costs no more than an array.
 */
export class SandboxTable {
  readonly #sandboxes = new Map<string, SimulatedSandbox>();
  readonly #statuses = new Map<string, SandboxStatus>();
  readonly #idsByPod = new Map<string, Set<string>>();
  readonly #idByContainer = new Map<string, string>();

  get all(): readonly SimulatedSandbox[] {
    return [...this.#sandboxes.values()];
  }

  get(id: string): SimulatedSandbox | undefined {
    return this.#sandboxes.get(id);
  }

  /** The sandbox and the container of that ID. */
  find(containerId: string): { sandbox: SimulatedSandbox; container: SimulatedContainer } | undefined {
    const sandbox = this.#sandboxes.get(this.#idByContainer.get(containerId) ?? '');
    const container = sandbox?.containers.find((each) => each.status.id === containerId);
    return sandbox === undefined || container === undefined ? undefined : { sandbox, container };
  }

  put(sandbox: SimulatedSandbox): void {
    this.delete(sandbox.id);
    this.#sandboxes.set(sandbox.id, sandbox);
    this.#statuses.set(sandbox.id, statusOf(sandbox));
    const siblings = this.#idsByPod.get(sandbox.pod.uid) ?? new Set();
    this.#idsByPod.set(sandbox.pod.uid, siblings.add(sandbox.id));
    for (const { status } of sandbox.containers) this.#idByContainer.set(status.id, sandbox.id);
  }

  delete(id: string): void {
    const sandbox = this.#sandboxes.get(id);
    if (sandbox === undefined) return;
    this.#sandboxes.delete(id);
    this.#statuses.delete(id);
    for (const { status } of sandbox.containers) this.#idByContainer.delete(status.id);
    const siblings = this.#idsByPod.get(sandbox.pod.uid);
    siblings?.delete(id);
    if (siblings?.size === 0) this.#idsByPod.delete(sandbox.pod.uid);
  }

  list(podUid: string | undefined): readonly SandboxStatus[] {
    if (podUid === undefined) return [...this.#statuses.values()];
    return [...(this.#idsByPod.get(podUid) ?? [])].flatMap((id) => this.#statuses.get(id) ?? []);
  }
}

function statusOf(sandbox: SimulatedSandbox): SandboxStatus {
  return {
    id: sandbox.id,
    pod: sandbox.pod,
    attempt: sandbox.attempt,
    state: sandbox.ready ? 'ready' : 'not-ready',
    createdAtMs: sandbox.createdAtMs,
    ips: sandbox.ready && sandbox.ip !== undefined ? [sandbox.ip] : [],
    labels: sandbox.labels,
    containers: sandbox.containers.map((container) => container.status),
  };
}
