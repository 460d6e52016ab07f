import type { Container, ContainerStatus, Pod, PodStatus } from '../../core/api/generated/core-v1.ts';
import type { ProbeTarget } from '../probes/probe-target.ts';
import type { PodIdentity, SandboxStatus } from '../runtime/runtime.ts';
import type { PodContext } from './pod-context.ts';
import { PodDetails } from './pod-details.ts';
import { observePod, runningContainers, type ObservedPod } from './observed-pod.ts';
import { podStatus } from './pod-status.ts';
import { agreedPod, resizeConditions } from './resize.ts';
import type { Allocation, PendingResize } from './resize.ts';
import { containerReference } from './references.ts';
import { isSidecar } from './restart-policy.ts';

/** What one worker knows of its Pod. Only that worker changes it. */
export class PodState {
  readonly identity: PodIdentity;
  readonly details: PodDetails;
  /** As the API last told; undefined for what the runtime has and nobody asked for. */
  pod: Pod | undefined;
  /** Gone from the API. */
  removed = false;
  admitted = false;
  /** What volumes show may have changed since they were prepared. */
  volumesStale = false;
  /** Undefined until the node has taken the Pod. */
  allocation: Allocation | undefined;
  pendingResize: PendingResize | undefined;
  /** Containers do not have yet what was agreed to. */
  resizeInProgress = false;
  resizeError: string | undefined;
  /** Why this agent ended the Pod. */
  failure: { readonly reason: string; readonly message: string } | undefined;
  /** Monotonic time before which a container is not tried again, by name. */
  readonly retryAt = new Map<string, number>();
  /** What the runtime was seen to have before this worker began; spares a new Pod its first listing. */
  #known: readonly SandboxStatus[] | undefined;
  readonly #context: PodContext;

  constructor(context: PodContext, identity: PodIdentity, known: readonly SandboxStatus[] | undefined) {
    this.#context = context;
    this.identity = identity;
    this.details = new PodDetails(context.runtime, context.files);
    this.#known = known;
  }

  async observe(signal: AbortSignal): Promise<ObservedPod> {
    const listed = this.#known ?? (await this.#context.runtime.list(signal, this.identity.uid));
    this.#known = undefined;
    const observed = observePod(listed.filter(({ pod }) => pod.uid === this.identity.uid));
    await this.details.learn(this.pod, observed, signal);
    return observed;
  }

  /** As last told to the API. */
  get told(): PodStatus {
    return this.#context.statuses.current(this.identity.uid) ?? this.pod?.status ?? {};
  }

  /** The Pod with the resources that this node has agreed to. */
  get agreed(): Pod | undefined {
    return this.pod === undefined || this.allocation === undefined
      ? this.pod
      : agreedPod(this.pod, this.allocation);
  }

  /** Tells the API how the Pod stands, and the probes what to watch. */
  publish(observed: ObservedPod, end: { readonly ended: boolean; readonly final: boolean }): PodStatus {
    const pod = this.agreed;
    if (pod === undefined) return {};
    const { statuses, probes, node, clock } = this.#context;
    const previous = this.told;
    if (end.final) probes.remove(this.identity.uid);
    else probes.update(pod, this.#probeTargets(pod, observed));
    const status = podStatus({
      pod,
      previous,
      observed,
      details: this.details,
      withReadiness: (container, kind) => this.#withReadiness(pod, container, kind, previous, observed),
      ...end,
      failure: this.failure,
      resize: resizeConditions(this.pendingResize, {
        inProgress: this.resizeInProgress,
        error: this.resizeError,
      }),
      hostIps: node.hostIps,
      nowMs: clock.now(),
    });
    statuses.set(this.identity.uid, status);
    return status;
  }

  #withReadiness(
    pod: Pod,
    status: ContainerStatus,
    kind: 'init' | 'regular',
    previous: PodStatus,
    observed: ObservedPod,
  ): ContainerStatus {
    const spec = (kind === 'init' ? pod.spec.initContainers : pod.spec.containers)?.find(
      ({ name }) => name === status.name,
    );
    const list = kind === 'init' ? previous.initContainerStatuses : previous.containerStatuses;
    const told = list?.find(({ name }) => name === status.name);
    const runsToCompletion = kind === 'init' && spec !== undefined && !isSidecar(spec);
    const id = observed.containers.get(status.name)?.[0]?.status.id;
    return this.#context.probes.withReadiness(status, spec, id, told, runsToCompletion);
  }

  #probeTargets(pod: Pod, observed: ObservedPod): ProbeTarget[] {
    const specs = new Map<string, Container>();
    for (const container of pod.spec.containers) specs.set(container.name, container);
    for (const init of pod.spec.initContainers ?? []) if (isSidecar(init)) specs.set(init.name, init);
    const ips = observed.sandboxes[0]?.ips ?? [];
    const podIp = pod.spec.hostNetwork === true ? this.#context.node.hostIps[0] : ips[0];
    return runningContainers(observed).flatMap(({ status, sandboxId }) => {
      const container = specs.get(status.name);
      if (container === undefined) return [];
      const startedAtMs = status.startedAtMs ?? status.createdAtMs;
      const regarding = containerReference(pod, status.name);
      return [{ container, containerId: status.id, sandboxId, podIp, startedAtMs, regarding }];
    });
  }
}
