import type { Container, ContainerStatus, Pod, Probe } from '../../core/api/generated/core-v1.ts';
import type { EventRecorder } from '../../core/client/events.ts';
import type { Clock } from '../../core/machinery/clock.ts';
import { randomFraction, type Random } from '../../core/machinery/random.ts';
import type { ContainerRuntime } from '../runtime/runtime.ts';
import type { ProbeResult, ProbeResults } from './probe-results.ts';
import type { ProbeTarget } from './probe-target.ts';
import { ProbeWorker, type ProbeKind } from './probe-worker.ts';
import { runProbe } from './run-probe.ts';

export interface ProbeManagerOptions {
  readonly runtime: Pick<ContainerRuntime, 'exec' | 'dial'>;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly random: Random;
  /** A settled result changed: the Pod wants another look. */
  readonly onChange: (podUid: string) => void;
}

const kinds: readonly ProbeKind[] = ['startup', 'liveness', 'readiness'];

/** Probes every running container that asks for it (upstream: pkg/kubelet/prober). */
export class ProbeManager implements ProbeResults {
  readonly #options: ProbeManagerOptions;
  /** By Pod, then by container ID. */
  readonly #workers = new Map<string, Map<string, Map<ProbeKind, ProbeWorker>>>();
  readonly #byContainer = new Map<string, Map<ProbeKind, ProbeWorker>>();
  #signal: AbortSignal = AbortSignal.abort();

  constructor(options: ProbeManagerOptions) {
    this.#options = options;
  }

  start(signal: AbortSignal): void {
    this.#signal = signal;
  }

  /** Begins with containers that are new, ends with those that are not there any more. */
  update(pod: Pod, targets: readonly ProbeTarget[]): void {
    const uid = pod.metadata.uid ?? '';
    const known = this.#workers.get(uid) ?? new Map<string, Map<ProbeKind, ProbeWorker>>();
    const present = new Set(targets.map(({ containerId }) => containerId));
    for (const id of known.keys()) if (!present.has(id)) this.#end(known, id);
    for (const target of targets) {
      if (!known.has(target.containerId)) this.#begin(pod, target, known);
    }
    if (known.size > 0) this.#workers.set(uid, known);
    else this.#workers.delete(uid);
  }

  /** A Pod that goes: nothing may restart it, but readiness is still told. */
  stopRestarting(podUid: string): void {
    for (const workers of this.#workers.get(podUid)?.values() ?? []) {
      workers.get('liveness')?.stop();
      workers.get('startup')?.stop();
    }
  }

  remove(podUid: string): void {
    const known = this.#workers.get(podUid);
    if (known === undefined) return;
    for (const id of known.keys()) this.#end(known, id);
    this.#workers.delete(podUid);
  }

  liveness(containerId: string): ProbeResult | undefined {
    return this.#byContainer.get(containerId)?.get('liveness')?.result;
  }

  readiness(containerId: string): ProbeResult | undefined {
    return this.#byContainer.get(containerId)?.get('readiness')?.result;
  }

  startup(containerId: string): ProbeResult | undefined {
    return this.#byContainer.get(containerId)?.get('startup')?.result;
  }

  /**
   * `ready` and `started` of a container. One that was told ready before this agent started stays so until a probe
   * of its own says otherwise: a restarted agent must not take Pods out of service.
   */
  withReadiness(
    status: ContainerStatus,
    spec: Container | undefined,
    containerId: string | undefined,
    told: ContainerStatus | undefined,
    runsToCompletion: boolean,
  ): ContainerStatus {
    if (runsToCompletion)
      return { ...status, started: false, ready: status.state?.terminated?.exitCode === 0 };
    if (status.state?.running === undefined || containerId === undefined) {
      return { ...status, started: false, ready: false };
    }
    const before = told?.containerID === status.containerID ? told : undefined;
    const startup = this.startup(containerId);
    const started =
      spec?.startupProbe === undefined ||
      (startup === undefined ? before?.started === true : startup === 'success');
    const readiness = this.readiness(containerId);
    const ready =
      started &&
      (spec?.readinessProbe === undefined ||
        (readiness === undefined ? before?.ready === true : readiness === 'success'));
    return { ...status, started, ready };
  }

  #begin(pod: Pod, target: ProbeTarget, known: Map<string, Map<ProbeKind, ProbeWorker>>): void {
    const workers = new Map<ProbeKind, ProbeWorker>();
    for (const kind of kinds) {
      const probe = probeOf(target.container, kind);
      if (probe !== undefined) workers.set(kind, this.#worker(pod, target, kind, probe));
    }
    known.set(target.containerId, workers);
    this.#byContainer.set(target.containerId, workers);
    for (const worker of workers.values()) worker.start();
  }

  #worker(pod: Pod, target: ProbeTarget, kind: ProbeKind, probe: Probe): ProbeWorker {
    const { runtime, recorder, clock, random, onChange } = this.#options;
    const startup = target.container.startupProbe !== undefined && kind !== 'startup';
    return new ProbeWorker({
      kind,
      probe,
      clock,
      signal: this.#signal,
      startedAtMs: target.startedAtMs,
      jitter: randomFraction(random),
      check: (signal) => runProbe(runtime, probe, target, signal),
      // The startup probe holds the others back until it has succeeded.
      mayRun: () => !startup || this.startup(target.containerId) === 'success',
      onResult: () => {
        onChange(pod.metadata.uid ?? '');
        // Readiness need not wait for its turn once the container has started.
        if (kind === 'startup') {
          for (const [other, worker] of this.#byContainer.get(target.containerId) ?? []) {
            if (other !== 'startup') worker.runSoon();
          }
        }
      },
      onUnhealthy: (kind, message) => {
        const what = `${kind[0]?.toUpperCase()}${kind.slice(1)} probe`;
        recorder.event(target.regarding, 'Warning', 'Unhealthy', `${what} ${message}`);
      },
    });
  }

  #end(known: Map<string, Map<ProbeKind, ProbeWorker>>, containerId: string): void {
    for (const worker of known.get(containerId)?.values() ?? []) worker.stop();
    known.delete(containerId);
    this.#byContainer.delete(containerId);
  }
}

function probeOf(container: Container, kind: ProbeKind): Probe | undefined {
  if (kind === 'startup') return container.startupProbe;
  return kind === 'liveness' ? container.livenessProbe : container.readinessProbe;
}
