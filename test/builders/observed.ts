import type { ContainerStatus, SandboxStatus } from '../../node-agent/runtime/runtime.ts';
import { builtAtMs } from './object.ts';

/** A container as a runtime lists it: running since `builtAtMs` unless said otherwise. */
class ContainerStatusBuilder {
  readonly #status: ContainerStatus;

  constructor(status: ContainerStatus) {
    this.#status = status;
  }

  build(): ContainerStatus {
    return this.#status;
  }

  attempt(attempt: number): ContainerStatusBuilder {
    return this.with({ attempt, id: `${this.#status.name}-${attempt}` });
  }

  of(image: string): ContainerStatusBuilder {
    return this.with({ image });
  }

  labelled(labels: Readonly<Record<string, string>>): ContainerStatusBuilder {
    return this.with({ labels: { ...this.#status.labels, ...labels } });
  }

  startedAt(ms: number): ContainerStatusBuilder {
    return this.with({ startedAtMs: ms, createdAtMs: ms });
  }

  exited(exitCode = 0, finishedAtMs = builtAtMs + 1000): ContainerStatusBuilder {
    return this.with({ state: 'exited', exitCode, finishedAtMs });
  }

  oomKilled(): ContainerStatusBuilder {
    return this.exited(137).with({ oomKilled: true });
  }

  /** Made, and never started: the agent died in between. */
  created(): ContainerStatusBuilder {
    return this.with({ state: 'created', startedAtMs: undefined });
  }

  failedToStart(error = 'no such program'): ContainerStatusBuilder {
    return this.created().with({ error, exitCode: 127 });
  }

  with(change: Partial<ContainerStatus>): ContainerStatusBuilder {
    return new ContainerStatusBuilder({ ...this.#status, ...change });
  }
}

export function containerNamed(name = 'main'): ContainerStatusBuilder {
  return new ContainerStatusBuilder({
    id: `${name}-0`,
    name,
    attempt: 0,
    state: 'running',
    image: 'main:1',
    imageId: 'sha256:1111',
    createdAtMs: builtAtMs,
    startedAtMs: builtAtMs,
    finishedAtMs: undefined,
    exitCode: undefined,
    oomKilled: false,
    error: undefined,
    resources: { cpuShares: 2, cpuQuotaUs: undefined, memoryLimitBytes: undefined },
    labels: {},
  });
}

/** A ready sandbox of Pod "default/web" with these containers. */
export function sandboxWith(
  containers: readonly ContainerStatusBuilder[],
  change: Partial<SandboxStatus> = {},
): SandboxStatus {
  return {
    id: `sandbox-${change.attempt ?? 0}`,
    pod: { uid: 'pod-web', name: 'web', namespace: 'default' },
    attempt: 0,
    state: 'ready',
    createdAtMs: builtAtMs,
    ips: ['10.0.0.7'],
    labels: {},
    containers: containers.map((container) => container.build()),
    ...change,
  };
}
