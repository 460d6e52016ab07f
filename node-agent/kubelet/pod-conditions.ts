import type { Container, ContainerStatus, Pod, PodCondition } from '../../core/api/generated/core-v1.ts';
import { hasStarted, type PodPhase } from './pod-phase.ts';
import { isSidecar } from './restart-policy.ts';

export type Condition = Pick<PodCondition, 'type' | 'status' | 'reason' | 'message'>;

const owned: ReadonlySet<string> = new Set([
  'PodScheduled',
  'Ready',
  'Initialized',
  'ContainersReady',
  'PodReadyToStartContainers',
  'PodResizePending',
  'PodResizeInProgress',
  'wheelhouse.dev/Simulated',
]);

/** Conditions this agent writes; all others belong to somebody else and are kept. */
export function isOwnCondition(type: string): boolean {
  return owned.has(type);
}

/** The kubelet's conditions in upstream's order (pkg/kubelet/status/generate.go). `kept` are the others. */
export function podConditions(
  pod: Pod,
  phase: PodPhase,
  init: readonly ContainerStatus[],
  regular: readonly ContainerStatus[],
  sandboxReady: boolean,
  kept: readonly PodCondition[],
): Condition[] {
  const all = [...init, ...regular];
  const containersReady = containersReadyCondition(pod, phase, all);
  return [
    condition('PodReadyToStartContainers', sandboxReady),
    initializedCondition(pod, phase, all),
    readyCondition(pod, containersReady, kept),
    containersReady,
    condition('PodScheduled', true),
  ];
}

/** Nobody may take a Pod without containers for a real one. */
export const simulatedCondition: Condition = condition(
  'wheelhouse.dev/Simulated',
  true,
  'SimulatedRuntime',
  'No container really runs: the node has a simulated runtime',
);

/** Gives every condition the time its status last changed. */
export function withTransitionTimes(
  conditions: readonly Condition[],
  old: readonly PodCondition[] | undefined,
  now: string,
  generation: number | undefined,
): PodCondition[] {
  return conditions.map((condition) => {
    const before = old?.find(({ type }) => type === condition.type);
    const same = before?.status === condition.status ? before.lastTransitionTime : undefined;
    return {
      ...condition,
      lastTransitionTime: same ?? now,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    };
  });
}

function containersReadyCondition(
  pod: Pod,
  phase: PodPhase,
  statuses: readonly ContainerStatus[],
): Condition {
  const relevant = [...(pod.spec.initContainers ?? []).filter(isSidecar), ...pod.spec.containers];
  const { unknown, lacking } = sort(relevant, statuses, (status) => status.ready);
  if (phase === 'Succeeded' && unknown.length === 0)
    return condition('ContainersReady', false, 'PodCompleted');
  if (phase === 'Failed') return condition('ContainersReady', false, 'PodFailed');
  const message = describe(unknown, lacking, 'unready');
  return message === ''
    ? condition('ContainersReady', true)
    : condition('ContainersReady', false, 'ContainersNotReady', message);
}

function readyCondition(pod: Pod, containersReady: Condition, kept: readonly PodCondition[]): Condition {
  if (containersReady.status !== 'True') return { ...containersReady, type: 'Ready' };
  const problems: string[] = [];
  for (const { conditionType } of pod.spec.readinessGates ?? []) {
    const gate = kept.find(({ type }) => type === conditionType);
    if (gate === undefined) {
      problems.push(`corresponding condition of pod readiness gate "${conditionType}" does not exist.`);
    } else if (gate.status !== 'True') {
      problems.push(`the status of pod readiness gate "${conditionType}" is not "True", but ${gate.status}`);
    }
  }
  return problems.length === 0
    ? condition('Ready', true)
    : condition('Ready', false, 'ReadinessGatesNotReady', problems.join(', '));
}

function initializedCondition(pod: Pod, phase: PodPhase, statuses: readonly ContainerStatus[]): Condition {
  const { unknown, lacking } = sort(pod.spec.initContainers ?? [], statuses, (status, container) =>
    isSidecar(container) ? status.started === true : status.ready,
  );
  if (phase === 'Succeeded' && unknown.length === 0) return condition('Initialized', true, 'PodCompleted');
  const mainStarted = pod.spec.containers.some(({ name }) =>
    hasStarted(statuses.find((status) => status.name === name)),
  );
  const message = mainStarted ? '' : describe(unknown, lacking, 'incomplete');
  return message === ''
    ? condition('Initialized', true)
    : condition('Initialized', false, 'ContainersNotInitialized', message);
}

function sort(
  containers: readonly Container[],
  statuses: readonly ContainerStatus[],
  fits: (status: ContainerStatus, container: Container) => boolean,
): { unknown: string[]; lacking: string[] } {
  const unknown: string[] = [];
  const lacking: string[] = [];
  for (const container of containers) {
    const status = statuses.find(({ name }) => name === container.name);
    if (status === undefined) unknown.push(container.name);
    else if (!fits(status, container)) lacking.push(container.name);
  }
  return { unknown, lacking };
}

function describe(unknown: readonly string[], lacking: readonly string[], word: string): string {
  return [
    ...(unknown.length === 0 ? [] : [`containers with unknown status: [${unknown.join(' ')}]`]),
    ...(lacking.length === 0 ? [] : [`containers with ${word} status: [${lacking.join(' ')}]`]),
  ].join(', ');
}

function condition(type: string, holds: boolean, reason?: string, message?: string): Condition {
  return {
    type,
    status: holds ? 'True' : 'False',
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
  };
}
