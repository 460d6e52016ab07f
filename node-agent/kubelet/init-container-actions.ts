import type { Container, Pod } from '../../core/api/generated/core-v1.ts';
import type { ProbeResults } from '../probes/probe-results.ts';
import type { ContainerToKill } from './container-to-kill.ts';
import { latestOf, type ObservedContainer, type ObservedPod } from './observed-pod.ts';
import { initRestartsAfterFailure, isSidecar } from './restart-policy.ts';

export interface InitActions {
  /** The regular containers may run. */
  readonly initialized: boolean;
  /** An init container failed for good. */
  readonly killPod: boolean;
  readonly toStart: readonly Container[];
  readonly toKill: readonly ContainerToKill[];
}

/**
 * Init containers run one after the other; sidecars among them start in their turn and then keep running
 * (KEP-753). Done ones may have been removed, so the last one seen tells how far initialization came.
 * `observed` must hold the current sandbox only: a new sandbox is initialized anew.
 */
export function initContainerActions(pod: Pod, observed: ObservedPod, probes: ProbeResults): InitActions {
  const inits = pod.spec.initContainers ?? [];
  const mainSeen = pod.spec.containers.some(({ name }) => latestOf(observed, name) !== undefined);
  const frontier = mainSeen
    ? inits.length
    : inits.findLastIndex(({ name }) => latestOf(observed, name) !== undefined);

  const toStart: Container[] = [];
  const toKill: ContainerToKill[] = [];
  // Sidecars behind the frontier are kept running, whatever happens in front of it.
  for (const container of inits.slice(0, Math.max(0, frontier))) {
    if (isSidecar(container))
      keepSidecar(container, latestOf(observed, container.name), probes, toStart, toKill);
  }
  if (frontier >= inits.length) return { initialized: true, killPod: false, toStart, toKill };
  if (frontier < 0) {
    const [first] = inits;
    return first === undefined
      ? { initialized: true, killPod: false, toStart, toKill }
      : { initialized: false, killPod: false, toStart: [first], toKill };
  }

  const container = inits[frontier] as Container;
  const latest = latestOf(observed, container.name) as ObservedContainer;
  const turn = isSidecar(container)
    ? sidecarTurn(container, latest, probes, toStart, toKill)
    : initTurn(pod, container, latest, toStart);
  if (turn === 'failed') return { initialized: false, killPod: true, toStart: [], toKill: [] };
  if (turn === 'pending') return { initialized: false, killPod: false, toStart, toKill };
  const next = inits[frontier + 1];
  if (next === undefined) return { initialized: true, killPod: false, toStart, toKill };
  return { initialized: false, killPod: false, toStart: [...toStart, next], toKill };
}

function initTurn(
  pod: Pod,
  container: Container,
  latest: ObservedContainer,
  toStart: Container[],
): 'pending' | 'done' | 'failed' {
  if (latest.state === 'running') return 'pending';
  if (latest.state === 'exited' && latest.exitCode === 0) return 'done';
  if (latest.state === 'exited' && !initRestartsAfterFailure(pod, container, latest.exitCode))
    return 'failed';
  toStart.push(container);
  return 'pending';
}

/** A sidecar lets the next container start once it has started, which its startup probe may delay. */
function sidecarTurn(
  container: Container,
  latest: ObservedContainer,
  probes: ProbeResults,
  toStart: Container[],
  toKill: ContainerToKill[],
): 'pending' | 'done' {
  const keeping = keepSidecar(container, latest, probes, toStart, toKill);
  if (!keeping) return 'pending';
  return container.startupProbe === undefined || probes.startup(latest.status.id) === 'success'
    ? 'done'
    : 'pending';
}

/** True while the sidecar runs and may go on. */
function keepSidecar(
  container: Container,
  latest: ObservedContainer | undefined,
  probes: ProbeResults,
  toStart: Container[],
  toKill: ContainerToKill[],
): boolean {
  if (latest?.state !== 'running') {
    toStart.push(container);
    return false;
  }
  const { id } = latest.status;
  const failed =
    container.startupProbe !== undefined && probes.startup(id) === 'failure'
      ? 'startup'
      : container.livenessProbe !== undefined && probes.liveness(id) === 'failure'
        ? 'liveness'
        : undefined;
  if (failed === undefined) return true;
  const message = `Init container ${container.name} failed ${failed} probe`;
  toKill.push({ container: latest, reason: failed, message });
  toStart.push(container);
  return false;
}
