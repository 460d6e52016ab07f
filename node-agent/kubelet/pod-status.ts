import type { ContainerStatus, Pod, PodStatus } from '../../core/api/generated/core-v1.ts';
import { timestamp } from '../../core/machinery/timestamp.ts';
import { containerStatuses, endedStatuses, type StatusDetails } from './container-statuses.ts';
import { readySandbox, type ObservedPod } from './observed-pod.ts';
import type { Condition } from './pod-conditions.ts';
import { isOwnCondition, podConditions, simulatedCondition, withTransitionTimes } from './pod-conditions.ts';
import { isTerminal, podPhase, type PodPhase } from './pod-phase.ts';
import { qosClassOf } from './quality-of-service.ts';

export interface PodStatusInput {
  readonly pod: Pod;
  /** As last told, which may be newer than `pod.status`. */
  readonly previous: PodStatus;
  readonly observed: ObservedPod;
  readonly details: StatusDetails;
  /** Fills in `ready` and `started`. */
  readonly withReadiness: (status: ContainerStatus, kind: 'init' | 'regular') => ContainerStatus;
  /** Nothing will be started again: the Pod is being deleted or has ended. */
  readonly ended: boolean;
  /** All containers have stopped for good: what never reported its end has failed. */
  readonly final: boolean;
  /** Why this agent ended the Pod, such as DeadlineExceeded. */
  readonly failure: { readonly reason: string; readonly message: string } | undefined;
  /** How a change of resources stands; none unless given. */
  readonly resize?: readonly Condition[];
  readonly hostIps: readonly string[];
  readonly nowMs: number;
}

/**
 * The whole status of a Pod (upstream: generateAPIPodStatus in kubelet_pods.go). Pure; a terminal phase is never
 * left, conditions of others are kept.
 */
export function podStatus(input: PodStatusInput): PodStatus {
  const { pod, previous, observed, details, hostIps } = input;
  const now = timestamp(input.nowMs);
  const fill = (kind: 'init' | 'regular', statuses: readonly ContainerStatus[]) =>
    statuses.map((status) => input.withReadiness(status, kind));
  const generated = generateContainers(input, fill);
  const { initContainerStatuses = [], containerStatuses: regular = [] } = generated;

  const phase = settledPhase(input, [...initContainerStatuses, ...regular]);
  const kept = (pod.status.conditions ?? []).filter(({ type }) => !isOwnCondition(type));
  const sandbox = readySandbox(observed);
  const conditions = podConditions(
    pod,
    phase,
    initContainerStatuses,
    regular,
    sandbox !== undefined && !input.final,
    kept,
  );
  conditions.push(...(input.resize ?? []));
  if (details.runtimeName === 'simulated') conditions.push(simulatedCondition);
  const cause = input.failure ?? (phase === previous.phase ? previous : undefined);
  const ips = podIps(input);
  const ephemeral = pod.spec.ephemeralContainers ?? [];
  return {
    ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
    phase,
    conditions: [
      ...kept,
      ...withTransitionTimes(conditions, previous.conditions, now, pod.metadata.generation),
    ],
    ...(cause?.message ? { message: cause.message } : {}),
    ...(cause?.reason ? { reason: cause.reason } : {}),
    ...(hostIps.length === 0 ? {} : { hostIP: hostIps[0], hostIPs: hostIps.map((ip) => ({ ip })) }),
    ...(ips.length === 0 ? {} : { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) }),
    startTime: previous.startTime ?? pod.status.startTime ?? now,
    ...(initContainerStatuses.length === 0 ? {} : { initContainerStatuses }),
    containerStatuses: regular,
    qosClass: qosClassOf(pod),
    ...(ephemeral.length === 0
      ? {}
      : {
          ephemeralContainerStatuses: containerStatuses(
            pod,
            ephemeral,
            observed,
            previous.ephemeralContainerStatuses,
            details,
            'ephemeral',
          ),
        }),
    // Written by others, and they stay.
    ...keep(pod.status, 'nominatedNodeName'),
    ...keep(pod.status, 'resourceClaimStatuses'),
    ...keep(pod.status, 'extendedResourceClaimStatus'),
  };
}

/** A Pod this node cannot take: it has failed before it began. */
export function rejectedStatus(pod: Pod, reason: string, message: string, nowMs: number): PodStatus {
  return {
    ...pod.status,
    phase: 'Failed',
    reason,
    message: `Pod was rejected: ${message}`,
    qosClass: qosClassOf(pod),
    startTime: pod.status.startTime ?? timestamp(nowMs),
  };
}

function generateContainers(
  { pod, previous, observed, details, final }: PodStatusInput,
  fill: (kind: 'init' | 'regular', statuses: readonly ContainerStatus[]) => ContainerStatus[],
): Pick<PodStatus, 'initContainerStatuses' | 'containerStatuses'> {
  const { initContainers = [], containers } = pod.spec;
  const { initContainerStatuses: oldInit, containerStatuses: oldRegular } = previous;
  const init = containerStatuses(pod, initContainers, observed, oldInit, details, 'init');
  const regular = containerStatuses(pod, containers, observed, oldRegular, details, 'regular');
  const before: PodStatus = { initContainerStatuses: init, containerStatuses: regular };
  const { initContainerStatuses = [], containerStatuses: all = [] } = final
    ? endedStatuses(pod, before)
    : before;
  return {
    initContainerStatuses: fill('init', initContainerStatuses),
    containerStatuses: fill('regular', all),
  };
}

function settledPhase(input: PodStatusInput, statuses: readonly ContainerStatus[]): PodPhase {
  const { pod, previous, ended, final, failure } = input;
  if (pod.status.phase !== undefined && isTerminal(pod.status.phase)) return pod.status.phase;
  if (previous.phase !== undefined && isTerminal(previous.phase)) return previous.phase;
  if (failure !== undefined) return 'Failed';
  const phase = podPhase(pod, statuses, ended);
  return final && !isTerminal(phase) ? 'Failed' : phase;
}

function podIps({ pod, previous, observed, hostIps }: PodStatusInput): readonly string[] {
  const sandbox = readySandbox(observed);
  if (sandbox !== undefined && sandbox.ips.length > 0) return sandbox.ips;
  if (pod.spec.hostNetwork === true && (sandbox !== undefined || previous.podIP !== undefined))
    return hostIps;
  // A Pod keeps the address it had when its sandbox goes, as upstream.
  return previous.podIPs?.map(({ ip }) => ip) ?? (previous.podIP === undefined ? [] : [previous.podIP]);
}

function keep<K extends keyof PodStatus>(status: PodStatus, field: K): Pick<PodStatus, K> | undefined {
  return status[field] === undefined ? undefined : ({ [field]: status[field] } as Pick<PodStatus, K>);
}
