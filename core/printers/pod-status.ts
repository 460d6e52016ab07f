import type { ContainerStatus, Pod, PodCondition } from '../api/generated/core-v1.ts';

/** What the STATUS, READY and RESTARTS columns say of a Pod. */
export interface PodSummary {
  readonly status: string;
  readonly readyContainers: number;
  readonly totalContainers: number;
  readonly restarts: number;
  /** RFC 3339; undefined when nothing restarted. */
  readonly lastRestart: string | undefined;
}

/** Condenses a Pod's state into one word, with the rules of upstream's printPod (printers/internalversion). */
export function summarisePod(pod: Pod): PodSummary {
  const sidecars = new Set(
    (pod.spec.initContainers ?? [])
      .filter((container) => container.restartPolicy === 'Always')
      .map(({ name }) => name),
  );
  const init = pod.status.initContainerStatuses ?? [];
  const main = pod.status.containerStatuses ?? [];
  const runningSidecars = init.filter((status) => sidecars.has(status.name));
  const initWord = initStatus(pod, init, sidecars);
  const initialised = initWord === undefined || conditionOf(pod, 'Initialized')?.status === 'True';
  const counted = initialised ? [...runningSidecars, ...main] : [...init];

  let status = pod.status.reason || pod.status.phase || 'Unknown';
  if (conditionOf(pod, 'PodScheduled')?.reason === 'SchedulingGated') status = 'SchedulingGated';
  if (initialised) status = mainStatus(pod, main, status);
  else status = initWord ?? status;
  if (pod.metadata.deletionTimestamp !== undefined) status = deletionStatus(pod, status);

  return {
    status: isSimulated(pod) ? `${status} (simulated)` : status,
    readyContainers: [...runningSidecars, ...main].filter(isReadyAndRunning).length,
    totalContainers: pod.spec.containers.length + sidecars.size,
    restarts: counted.reduce((sum, container) => sum + (container.restartCount ?? 0), 0),
    lastRestart: latest(counted.map((container) => container.lastState?.terminated?.finishedAt)),
  };
}

/** No container of this Pod exists: the node simulates them. */
export function isSimulated(pod: Pod): boolean {
  const statuses = [...(pod.status.containerStatuses ?? []), ...(pod.status.initContainerStatuses ?? [])];
  return statuses.some((status) => status.containerID?.startsWith('simulated://'));
}

function conditionOf(pod: Pod, type: string): PodCondition | undefined {
  return pod.status.conditions?.find((condition) => condition.type === type);
}

/** "Init:…" while an init container holds the Pod back; undefined when none does. */
function initStatus(
  pod: Pod,
  statuses: readonly ContainerStatus[],
  sidecars: ReadonlySet<string>,
): string | undefined {
  const total = pod.spec.initContainers?.length ?? 0;
  for (const [index, status] of statuses.entries()) {
    const { terminated, waiting } = status.state ?? {};
    if (terminated?.exitCode === 0) continue;
    if (sidecars.has(status.name) && status.started === true) continue;
    if (terminated !== undefined) {
      if (terminated.reason) return `Init:${terminated.reason}`;
      return terminated.signal ? `Init:Signal:${terminated.signal}` : `Init:ExitCode:${terminated.exitCode}`;
    }
    if (waiting?.reason && waiting.reason !== 'PodInitializing') return `Init:${waiting.reason}`;
    return `Init:${index}/${total}`;
  }
  return undefined;
}

/** The last container with something to say wins; a container that runs and is ready overrides "Completed". */
function mainStatus(pod: Pod, statuses: readonly ContainerStatus[], before: string): string {
  let status = before;
  let running = false;
  for (const container of statuses.toReversed()) {
    const { waiting, terminated } = container.state ?? {};
    if (waiting?.reason) status = waiting.reason;
    else if (terminated?.reason) status = terminated.reason;
    else if (terminated !== undefined) {
      status = terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`;
    } else if (isReadyAndRunning(container)) running = true;
  }
  if (status !== 'Completed' || !running) return status;
  return conditionOf(pod, 'Ready')?.status === 'True' ? 'Running' : 'NotReady';
}

function deletionStatus(pod: Pod, status: string): string {
  if (pod.status.reason === 'NodeLost') return 'Unknown';
  return pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed' ? status : 'Terminating';
}

function isReadyAndRunning(status: ContainerStatus): boolean {
  return status.ready && status.state?.running !== undefined;
}

function latest(times: readonly (string | undefined)[]): string | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : known.reduce((a, b) => (Date.parse(a) > Date.parse(b) ? a : b));
}
