import type {
  Container,
  ContainerState,
  ContainerStateTerminated,
  ContainerStatus,
  Pod,
  PodStatus,
} from '../../core/api/generated/core-v1.ts';
import { timestamp } from '../../core/machinery/timestamp.ts';
import { withDefaultTag } from './image-name.ts';
import { latestOf, type ObservedContainer, type ObservedPod } from './observed-pod.ts';
import { actualResources } from './container-resources.ts';
import { hasSucceeded, isSidecar, shouldStart } from './restart-policy.ts';

/** Why a container is not running although it should, as last seen by whoever tried to start it. */
export interface WaitingReason {
  readonly reason: string;
  readonly message: string;
}

/** What statuses need beyond the runtime's listing. */
export interface StatusDetails {
  /** The scheme of container IDs: "docker". */
  readonly runtimeName: string;
  /** "docker-pullable://name@sha256:…" or "docker://sha256:…". */
  imageId(container: ObservedContainer): string;
  terminationMessage(containerId: string): string | undefined;
  waitingReason(containerName: string): WaitingReason | undefined;
}

const lost: ContainerStateTerminated = {
  exitCode: 137,
  reason: 'ContainerStatusUnknown',
  message: 'The container could not be located when the pod was deleted.  The container used to be Running',
};

/**
 * The statuses of `containers` in the order given (upstream: convertToAPIContainerStatuses in kubelet_pods.go).
 * `old` are those of the same list as last told; `ready` and `started` are filled in by the probes afterwards.
 */
export function containerStatuses(
  pod: Pod,
  containers: readonly Container[],
  observed: ObservedPod,
  old: readonly ContainerStatus[] | undefined,
  details: StatusDetails,
  kind: 'regular' | 'init' | 'ephemeral',
): ContainerStatus[] {
  const waiting = (pod.spec.initContainers ?? []).length > 0 ? 'PodInitializing' : 'ContainerCreating';
  return containers.map((container) => {
    const before = old?.find(({ name }) => name === container.name);
    const all = observed.containers.get(container.name) ?? [];
    const [newest, previous] = all;
    const status =
      newest === undefined
        ? unseen(pod, container, before, waiting)
        : seen(container, newest, previous, before, details);
    const overlaid = withWaitingReason(pod, container, observed, status, details, kind);
    return { ...overlaid, ready: false, started: false };
  });
}

/** The state of a container the runtime has. */
function stateOf(container: ObservedContainer, details: StatusDetails): ContainerState {
  const { status } = container;
  if (container.state === 'running') {
    return { running: { startedAt: timestamp(status.startedAtMs ?? status.createdAtMs) } };
  }
  if (container.state === 'created') return { waiting: {} };
  return { terminated: terminatedState(container, details) };
}

function terminatedState(container: ObservedContainer, details: StatusDetails): ContainerStateTerminated {
  const { status } = container;
  const message = container.startFailed ? status.error : details.terminationMessage(status.id);
  return {
    exitCode: container.exitCode,
    reason: terminatedReason(container),
    ...(message === undefined || message === '' ? {} : { message }),
    startedAt: timestamp(status.startedAtMs ?? 0),
    finishedAt: timestamp(status.finishedAtMs ?? status.createdAtMs),
    containerID: `${details.runtimeName}://${status.id}`,
  };
}

function terminatedReason(container: ObservedContainer): string {
  if (container.startFailed) return 'StartError';
  if (container.status.oomKilled) return 'OOMKilled';
  if (container.exitCode === 0) return 'Completed';
  return container.status.error ? 'ContainerCannotRun' : 'Error';
}

function seen(
  container: Container,
  newest: ObservedContainer,
  previous: ObservedContainer | undefined,
  before: ContainerStatus | undefined,
  details: StatusDetails,
): ContainerStatus {
  const { status } = newest;
  const lastState = previous === undefined ? before?.lastState : stateOf(previous, details);
  return {
    name: status.name,
    state: stateOf(newest, details),
    lastState: lastState ?? {},
    ready: false,
    restartCount: status.attempt,
    image: withDefaultTag(status.image),
    imageID: details.imageId(newest),
    containerID: `${details.runtimeName}://${status.id}`,
    ...resourcesOf(container, newest),
  };
}

/** What was agreed to, and what the container has of it (KEP-1287). */
function resourcesOf(
  { resources = {} }: Container,
  { state, status }: ObservedContainer,
): Pick<ContainerStatus, 'allocatedResources' | 'resources'> {
  if (state !== 'running') return {};
  const { requests, limits } = resources;
  return {
    ...(requests === undefined ? {} : { allocatedResources: requests }),
    resources: actualResources({ requests, limits }, status.resources),
  };
}

function unseen(
  pod: Pod,
  container: Container,
  before: ContainerStatus | undefined,
  waitingReason: string,
): ContainerStatus {
  if (before?.state?.terminated !== undefined) return before;
  const fresh: ContainerStatus = {
    name: container.name,
    state: { waiting: { reason: waitingReason } },
    lastState: before?.lastState ?? {},
    ready: false,
    restartCount: before?.restartCount ?? 0,
    image: container.image ?? '',
    imageID: '',
  };
  if (before?.state?.running === undefined) return fresh;
  // It ran when last told and the runtime has lost it: that counts as an end, and as a restart unless the Pod goes.
  const restarts = pod.metadata.deletionTimestamp === undefined ? 1 : 0;
  return { ...fresh, lastState: { terminated: lost }, restartCount: fresh.restartCount + restarts };
}

function withWaitingReason(
  pod: Pod,
  container: Container,
  observed: ObservedPod,
  status: ContainerStatus,
  details: StatusDetails,
  kind: 'regular' | 'init' | 'ephemeral',
): ContainerStatus {
  const latest = latestOf(observed, container.name);
  const done = kind === 'init' && !isSidecar(container) && hasSucceeded(latest);
  const mayStart = kind === 'ephemeral' ? latest === undefined : shouldStart(pod, container, observed);
  if (done || !mayStart) return status;
  const waiting = details.waitingReason(container.name);
  if (waiting === undefined) return status;
  const { reason, message } = waiting;
  return {
    ...status,
    state: { waiting: message === '' ? { reason } : { reason, message } },
    lastState: status.state?.terminated === undefined ? (status.lastState ?? {}) : status.state,
  };
}

/**
 * Once a Pod has ended, what never reported its end is taken as failed (upstream: TerminatePod in status_manager.go).
 * Containers that never ran stay as they are while the Pod was not initialized.
 */
export function endedStatuses(pod: Pod, status: PodStatus): PodStatus {
  const initialized =
    (pod.spec.initContainers ?? []).length === 0 ||
    status.containerStatuses?.some(hasRun) === true ||
    status.initContainerStatuses?.every((container) => container.state?.terminated?.exitCode === 0) === true;
  const end = (container: ContainerStatus): ContainerStatus =>
    container.state?.terminated !== undefined
      ? container
      : {
          ...container,
          ready: false,
          started: false,
          state: {
            terminated: {
              exitCode: 137,
              reason: 'ContainerStatusUnknown',
              message: 'The container could not be located when the pod was terminated',
            },
          },
        };
  const inits = status.initContainerStatuses ?? [];
  const lastBegun = inits.findLastIndex(hasRun);
  return {
    ...status,
    ...(status.containerStatuses === undefined || !initialized
      ? {}
      : { containerStatuses: status.containerStatuses.map(end) }),
    ...(status.initContainerStatuses === undefined
      ? {}
      : { initContainerStatuses: inits.map((init, i) => (i <= lastBegun ? end(init) : init)) }),
  };
}

function hasRun(status: ContainerStatus): boolean {
  return (
    status.state?.running !== undefined ||
    status.state?.terminated !== undefined ||
    status.lastState?.terminated !== undefined
  );
}
