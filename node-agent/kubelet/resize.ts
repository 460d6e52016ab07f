import type { Container, Pod, PodStatus, ResourceRequirements } from '../../core/api/generated/core-v1.ts';
import { deepEqual } from '../../core/machinery/json.ts';
import type { ContainerResources } from '../runtime/runtime.ts';
import { containerResources } from './container-resources.ts';
import type { ContainerToKill } from './container-to-kill.ts';
import type { Condition } from './pod-conditions.ts';
import { latestOf, type ObservedContainer, type ObservedPod } from './observed-pod.ts';

/** What the node has agreed to give each container, by the container's name (KEP-1287). */
export type Allocation = ReadonlyMap<string, ResourceRequirements>;

/** Why a change of resources waits. */
export interface PendingResize {
  /** "Deferred" may become possible; "Infeasible" never does on this node. */
  readonly reason: 'Deferred' | 'Infeasible';
  readonly message: string;
}

/** Everything that the spec asks for. */
export function allocationOf({ spec }: Pod): Allocation {
  return new Map(containersOf(spec).map(({ name, resources = {} }) => [name, resources]));
}

/**
 * What an agent before this one had agreed to, as far as the status tells; the spec speaks for containers of which it
 * tells nothing.
 */
export function toldAllocation(pod: Pod, status: PodStatus): Allocation {
  const told = [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])];
  return new Map(
    containersOf(pod.spec).map(({ name, resources = {} }) => {
      const found = told.find((each) => each.name === name);
      if (found?.allocatedResources === undefined) return [name, resources];
      const limits = found.resources?.limits ?? resources.limits;
      return [
        name,
        {
          ...resources,
          requests: { ...resources.requests, ...found.allocatedResources },
          ...(limits === undefined ? {} : { limits: { ...resources.limits, ...limits } }),
        },
      ];
    }),
  );
}

/** The Pod as the node runs it: with what was agreed to in place of what is asked for. */
export function agreedPod(pod: Pod, allocation: Allocation): Pod {
  if (isAgreed(pod, allocation)) return pod;
  const agreed = (container: Container): Container => {
    const resources = allocation.get(container.name);
    return resources === undefined ? container : { ...container, resources };
  };
  const { initContainers } = pod.spec;
  return {
    ...pod,
    spec: {
      ...pod.spec,
      containers: pod.spec.containers.map(agreed),
      ...(initContainers === undefined ? {} : { initContainers: initContainers.map(agreed) }),
    },
  };
}

export function isAgreed({ spec }: Pod, allocation: Allocation): boolean {
  return containersOf(spec).every(({ name, resources = {} }) =>
    deepEqual(resources, allocation.get(name) ?? resources),
  );
}

export interface ResizeActions {
  readonly toUpdate: readonly {
    readonly container: Container;
    readonly id: string;
    readonly to: ContainerResources;
  }[];
  /** Their `resizePolicy` wants them to begin anew. */
  readonly toRestart: readonly { readonly container: Container; readonly kill: ContainerToKill }[];
}

/** What is to be done so that running containers have what was agreed to. Pure. */
export function resizeActions(
  agreed: Pod,
  observed: ObservedPod,
  node: { readonly memoryBytes: number; readonly pidsLimit: number | undefined },
): ResizeActions {
  const toUpdate: ResizeActions['toUpdate'][number][] = [];
  const toRestart: ResizeActions['toRestart'][number][] = [];
  for (const container of containersOf(agreed.spec)) {
    const latest = latestOf(observed, container.name);
    if (latest?.state !== 'running') continue;
    const to = containerResources(agreed, container, node);
    const changed = changedResources(latest, to);
    if (changed.length === 0) continue;
    const restarts = (container.resizePolicy ?? []).some(
      ({ resourceName, restartPolicy }) =>
        restartPolicy === 'RestartContainer' && changed.includes(resourceName),
    );
    if (!restarts) toUpdate.push({ container, id: latest.status.id, to });
    else toRestart.push({ container, kill: killForResize(latest, container.name) });
  }
  return { toUpdate, toRestart };
}

function changedResources({ status: { resources } }: ObservedContainer, to: ContainerResources): string[] {
  // What is not limited any longer keeps its limit: the API lets nobody ask for that.
  const differs = (now: number | undefined, wanted: number | undefined) =>
    wanted !== undefined && now !== wanted;
  return [
    ...(resources.cpuShares !== to.cpuShares || differs(resources.cpuQuotaUs, to.cpuQuotaUs) ? ['cpu'] : []),
    ...(differs(resources.memoryLimitBytes, to.memoryLimitBytes) ? ['memory'] : []),
  ];
}

function killForResize(container: ObservedContainer, name: string): ContainerToKill {
  return {
    container,
    reason: 'resized',
    message: `Container ${name} resize requires restart`,
  };
}

/** Upstream's two conditions, each only while it holds. */
export function resizeConditions(
  pending: PendingResize | undefined,
  { inProgress, error }: { readonly inProgress: boolean; readonly error: string | undefined },
): Condition[] {
  return [
    ...(pending === undefined ? [] : [{ type: 'PodResizePending', status: 'True', ...pending }]),
    ...(inProgress
      ? [
          {
            type: 'PodResizeInProgress',
            status: 'True',
            ...(error === undefined ? {} : { reason: 'Error', message: error }),
          },
        ]
      : []),
  ];
}

function containersOf({ containers, initContainers = [] }: Pod['spec']): readonly Container[] {
  return [...initContainers, ...containers];
}
