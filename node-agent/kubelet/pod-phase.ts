import type { ContainerStatus, Pod, PodStatus } from '../../core/api/generated/core-v1.ts';
import { isSidecar } from './restart-policy.ts';

export type PodPhase = NonNullable<PodStatus['phase']>;

/**
 * One word for the whole Pod (upstream: getPhase in kubelet_pods.go). `ended` says that nothing will be started
 * again, whatever the restart policy.
 */
export function podPhase(pod: Pod, statuses: readonly ContainerStatus[], ended: boolean): PodPhase {
  const { restartPolicy = 'Always' } = pod.spec;
  const init = countInit(pod, statuses);
  const counts = countContainers(pod, statuses);

  if (init.failed > 0 && restartPolicy === 'Never') return 'Failed';
  const mainStarted = pod.spec.containers.some(({ name }) => hasStarted(find(statuses, name)));
  if (init.pending > 0 || (counts.sidecarsPending > 0 && !mainStarted)) return 'Pending';
  if (counts.waiting > 0) return 'Pending';
  if (counts.running > 0 && counts.unknown === 0) return 'Running';
  if (counts.running === 0 && counts.stopped > 0 && counts.unknown === 0) {
    const allSucceeded = counts.stopped === counts.succeeded;
    if (ended) return allSucceeded ? 'Succeeded' : 'Failed';
    if (restartPolicy === 'Always') return 'Running';
    if (allSucceeded) return 'Succeeded';
    return restartPolicy === 'Never' ? 'Failed' : 'Running';
  }
  return 'Pending';
}

export function isTerminal(phase: string | undefined): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

export function hasStarted(status: ContainerStatus | undefined): boolean {
  return (
    status?.state?.running !== undefined ||
    status?.state?.terminated !== undefined ||
    status?.lastState?.terminated !== undefined
  );
}

function countInit(pod: Pod, statuses: readonly ContainerStatus[]): { pending: number; failed: number } {
  let pending = 0;
  let failed = 0;
  for (const container of pod.spec.initContainers ?? []) {
    if (isSidecar(container)) continue;
    const status = find(statuses, container.name);
    const { terminated } = status?.state ?? {};
    const last = status?.state?.waiting === undefined ? undefined : status.lastState?.terminated;
    const end = terminated ?? last;
    if (end === undefined) pending += 1;
    else if (end.exitCode !== 0) failed += 1;
  }
  return { pending, failed };
}

function countContainers(pod: Pod, statuses: readonly ContainerStatus[]) {
  const counts = { unknown: 0, running: 0, waiting: 0, stopped: 0, succeeded: 0, sidecarsPending: 0 };
  for (const container of (pod.spec.initContainers ?? []).filter(isSidecar)) {
    const status = find(statuses, container.name);
    if (status?.state?.running !== undefined) {
      if (status.started !== true) counts.sidecarsPending += 1;
      counts.running += 1;
    } else if (status?.state?.waiting !== undefined && status.lastState?.terminated === undefined) {
      counts.sidecarsPending += 1;
      counts.waiting += 1;
    } else if (status?.state?.terminated === undefined && status?.state?.waiting === undefined) {
      counts.unknown += 1;
    }
  }
  for (const container of pod.spec.containers) {
    const status = find(statuses, container.name);
    const { running, terminated, waiting } = status?.state ?? {};
    if (running !== undefined) counts.running += 1;
    else if (terminated !== undefined) {
      counts.stopped += 1;
      if (terminated.exitCode === 0) counts.succeeded += 1;
    } else if (waiting === undefined) counts.unknown += 1;
    else if (status?.lastState?.terminated === undefined) counts.waiting += 1;
    else counts.stopped += 1;
  }
  return counts;
}

function find(statuses: readonly ContainerStatus[], name: string): ContainerStatus | undefined {
  return statuses.find((status) => status.name === name);
}
