import type { Container, Pod } from '../../core/api/generated/core-v1.ts';
import type { ProbeResults } from '../probes/probe-results.ts';
import type { ContainerToKill, KillReason } from './container-to-kill.ts';
import { initContainerActions } from './init-container-actions.ts';
import { labels } from './labels.ts';
import {
  inSandbox,
  latestOf,
  readySandbox,
  type ObservedContainer,
  type ObservedPod,
} from './observed-pod.ts';
import { hasSucceeded, restartsAfterExit, shouldStart } from './restart-policy.ts';
import { containerSpecHash } from './spec-hash.ts';

/** What a Pod needs next, given what runs. Everything in here may be done in one go, in this order. */
export interface PodActions {
  /** Stop all that runs and the sandbox; nothing below then follows, unless `createSandbox` is set. */
  readonly killPod: boolean;
  /** The number of the sandbox to make; undefined when the one there is serves. */
  readonly createSandbox: number | undefined;
  readonly containersToKill: readonly ContainerToKill[];
  readonly initContainersToStart: readonly Container[];
  readonly ephemeralContainersToStart: readonly Container[];
  readonly containersToStart: readonly Container[];
}

/**
 * The step from what is to what should be (upstream: computePodActions in pkg/kubelet/kuberuntime). Pure; back-off
 * is the executor's matter. Not for Pods that are being deleted or have ended.
 */
export function computeActions(pod: Pod, observed: ObservedPod, probes: ProbeResults): PodActions {
  const sandbox = readySandbox(observed);
  if (sandbox === undefined) return newSandboxActions(pod, observed);

  const ephemeralContainersToStart = (pod.spec.ephemeralContainers ?? []).filter(
    ({ name }) => latestOf(observed, name) === undefined,
  );
  const init = initContainerActions(pod, inSandbox(observed, sandbox.id), probes);
  if (init.killPod) return { ...nothingToDo, killPod: true };
  if (!init.initialized) {
    return {
      ...nothingToDo,
      containersToKill: init.toKill,
      initContainersToStart: init.toStart,
      ephemeralContainersToStart,
    };
  }

  const containersToStart: Container[] = [];
  const containersToKill: ContainerToKill[] = [...init.toKill];
  let kept = 0;
  for (const container of pod.spec.containers) {
    const latest = latestOf(observed, container.name);
    if (latest?.state !== 'running') {
      if (shouldStart(pod, container, observed)) containersToStart.push(container);
      continue;
    }
    const kill = reasonToKill(pod, container, latest, probes);
    if (kill === undefined) {
      kept += 1;
      continue;
    }
    containersToKill.push(kill.toKill);
    if (kill.restart) containersToStart.push(container);
  }

  if (kept === 0 && containersToStart.length === 0) {
    // Nothing but sidecars is left: they must not keep the Pod alive.
    return { ...nothingToDo, killPod: true };
  }
  return {
    killPod: false,
    createSandbox: undefined,
    containersToKill,
    initContainersToStart: init.toStart,
    ephemeralContainersToStart,
    containersToStart,
  };
}

/** Whether the actions leave everything as it is. */
export function isSettled(actions: PodActions): boolean {
  return (
    !actions.killPod &&
    actions.createSandbox === undefined &&
    actions.containersToKill.length === 0 &&
    actions.initContainersToStart.length === 0 &&
    actions.ephemeralContainersToStart.length === 0 &&
    actions.containersToStart.length === 0
  );
}

/** Any regular container was made at some time, so all init containers have done their work. */
function hasInitialized(pod: Pod, observed: ObservedPod): boolean {
  return pod.spec.containers.some(({ name }) => latestOf(observed, name) !== undefined);
}

const nothingToDo: PodActions = {
  killPod: false,
  createSandbox: undefined,
  containersToKill: [],
  initContainersToStart: [],
  ephemeralContainersToStart: [],
  containersToStart: [],
};

function newSandboxActions(pod: Pod, observed: ObservedPod): PodActions {
  const attempt = (observed.sandboxes[0]?.attempt ?? -1) + 1;
  const kill = { ...nothingToDo, killPod: true };
  const { restartPolicy = 'Always', initContainers = [], containers } = pod.spec;
  const everRan = observed.containers.size > 0;
  // A Pod that never restarts has lost what it had.
  if (restartPolicy === 'Never' && attempt !== 0 && everRan && !containers.some(restartsByItself))
    return kill;

  const containersToStart = containers.filter((container) => {
    const latest = latestOf(observed, container.name);
    return !(hasSucceeded(latest) && !restartsAfterExit(pod, container, 0));
  });
  if (containersToStart.length === 0 && hasInitialized(pod, observed)) return kill;

  const [firstInit] = initContainers;
  return {
    ...nothingToDo,
    killPod: observed.sandboxes.length > 0,
    createSandbox: attempt,
    initContainersToStart: firstInit === undefined ? [] : [firstInit],
    containersToStart: firstInit === undefined ? containersToStart : [],
  };
}

function restartsByItself(container: Container): boolean {
  return container.restartPolicy === 'Always' || container.restartPolicy === 'OnFailure';
}

function reasonToKill(
  pod: Pod,
  spec: Container,
  container: ObservedContainer,
  probes: ProbeResults,
): { toKill: ContainerToKill; restart: boolean } | undefined {
  const { id } = container.status;
  const recorded = container.status.labels[labels.specHash];
  if (recorded !== undefined && recorded !== containerSpecHash(spec)) {
    // A changed definition restarts whatever the policy.
    return killing(container, 'changed', `Container ${spec.name} definition changed`, true);
  }
  // What a probe kills did not succeed, whatever its exit code turns out to be.
  const restart = restartsAfterExit(pod, spec, 137);
  if (probes.liveness(id) === 'failure') {
    return killing(container, 'liveness', `Container ${spec.name} failed liveness probe`, restart);
  }
  if (probes.startup(id) === 'failure') {
    return killing(container, 'startup', `Container ${spec.name} failed startup probe`, restart);
  }
  return undefined;
}

function killing(container: ObservedContainer, reason: KillReason, why: string, restart: boolean) {
  const message = restart ? `${why}, will be restarted` : why;
  return { toKill: { container, reason, message }, restart };
}
