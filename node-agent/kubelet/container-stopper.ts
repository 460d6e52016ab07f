import type { Container, Pod } from '../../core/api/generated/core-v1.ts';
import type { EventRecorder } from '../../core/client/events.ts';
import type { Clock } from '../../core/machinery/clock.ts';
import { linkSignals } from '../../core/machinery/signals.ts';
import type { ContainerRuntime } from '../runtime/runtime.ts';
import type { ContainerToKill } from './container-to-kill.ts';
import { labels } from './labels.ts';
import { runHook } from './lifecycle-hooks.ts';
import { runningContainers, type ObservedContainer, type ObservedPod } from './observed-pod.ts';
import { containerReference } from './references.ts';
import { isSidecar } from './restart-policy.ts';

export interface ContainerStopperOptions {
  readonly runtime: Pick<ContainerRuntime, 'stopContainer' | 'exec' | 'dial'>;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
}

/** However long a preStop hook took, the container gets this much to react to its stop signal. */
const minGraceSeconds = 2;

/** Stops containers with grace, their preStop hooks included (upstream: killContainer in kuberuntime). */
export class ContainerStopper {
  readonly #options: ContainerStopperOptions;
  /** Containers whose preStop hook has had its turn: a shortened grace must not run it again. */
  readonly #hooked = new Set<string>();

  constructor(options: ContainerStopperOptions) {
    this.#options = options;
  }

  /**
   * Stops everything that runs: regular containers together, then sidecars one by one from the last to the first
   * (KEP-753). All share one grace. `pod` is undefined when nobody knows it any more.
   */
  async stopAll(
    pod: Pod | undefined,
    observed: ObservedPod,
    graceSeconds: number,
    signal: AbortSignal,
  ): Promise<void> {
    const deadlineMs = this.#options.clock.monotonicMs() + graceSeconds * 1000;
    const sidecars = (pod?.spec.initContainers ?? []).filter(isSidecar).map(({ name }) => name);
    const running = runningContainers(observed);
    const rank = ({ status }: ObservedContainer) =>
      sidecars.length === 0 && status.labels[labels.role] === 'sidecar' ? 0 : sidecars.indexOf(status.name);
    const regular = running.filter((container) => rank(container) < 0);
    const later = running.filter((container) => rank(container) >= 0).sort((a, b) => rank(b) - rank(a));
    await all(regular.map((container) => this.#stop(pod, container, { deadlineMs, why: undefined }, signal)));
    for (const container of later) await this.#stop(pod, container, { deadlineMs, why: undefined }, signal);
  }

  /** Stops one container that is to be replaced, or must not go on. */
  async kill(pod: Pod, { container, reason, message }: ContainerToKill, signal: AbortSignal): Promise<void> {
    const spec = specOf(pod, container.status.name);
    const probe =
      reason === 'liveness' ? spec?.livenessProbe : reason === 'startup' ? spec?.startupProbe : undefined;
    const graceSeconds = probe?.terminationGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30;
    const deadlineMs = this.#options.clock.monotonicMs() + graceSeconds * 1000;
    await this.#stop(pod, container, { deadlineMs, why: message }, signal);
  }

  /** The container is gone: nothing about it needs remembering. */
  forget(containerId: string): void {
    this.#hooked.delete(containerId);
  }

  async #stop(
    pod: Pod | undefined,
    container: ObservedContainer,
    { deadlineMs, why }: { readonly deadlineMs: number; readonly why: string | undefined },
    signal: AbortSignal,
  ): Promise<void> {
    const { runtime, recorder, clock } = this.#options;
    const { id, name } = container.status;
    let hooked = false;
    if (pod !== undefined) {
      recorder.event(containerReference(pod, name), 'Normal', 'Killing', why ?? `Stopping container ${name}`);
      hooked = await this.#preStop(pod, container, deadlineMs, signal);
    }
    const leftSeconds = Math.ceil((deadlineMs - clock.monotonicMs()) / 1000);
    await runtime.stopContainer(id, Math.max(hooked ? minGraceSeconds : 1, leftSeconds), signal);
  }

  /** Whether the hook had its turn. */
  async #preStop(
    pod: Pod,
    container: ObservedContainer,
    deadlineMs: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { runtime, recorder, clock } = this.#options;
    const { id, name } = container.status;
    const spec = specOf(pod, name);
    const handler = spec?.lifecycle?.preStop;
    const leftMs = deadlineMs - clock.monotonicMs();
    if (spec === undefined || handler === undefined || leftMs <= 0 || this.#hooked.has(id)) return false;
    this.#hooked.add(id);
    const expired = new AbortController();
    const cancel = clock.after(leftMs, () => expired.abort(new Error('the grace period is over')));
    try {
      const podIp = pod.status.podIP;
      const target = { pod, container: spec, containerId: id, sandboxId: container.sandboxId, podIp };
      using linked = linkSignals(signal, expired.signal);
      await runHook(runtime, clock, handler, target, linked.signal);
    } catch {
      signal.throwIfAborted();
      recorder.event(containerReference(pod, name), 'Warning', 'FailedPreStopHook', 'PreStopHook failed');
    } finally {
      cancel();
    }
    return true;
  }
}

function specOf(pod: Pod, name: string): Container | undefined {
  return [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find(
    (container) => container.name === name,
  );
}

/** Waits for all, then fails with the first failure: none may be left running unobserved. */
async function all(promises: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(promises);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
