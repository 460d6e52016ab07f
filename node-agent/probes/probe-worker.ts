import type { Probe } from '../../core/api/generated/core-v1.ts';
import type { Clock } from '../../core/machinery/clock.ts';
import { linkSignals } from '../../core/machinery/signals.ts';
import type { CheckResult } from './checks.ts';
import type { ProbeResult } from './probe-results.ts';

export type ProbeKind = 'startup' | 'liveness' | 'readiness';

export interface ProbeWorkerOptions {
  readonly kind: ProbeKind;
  readonly probe: Probe;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Wall time at which the container started: the initial delay counts from there. */
  readonly startedAtMs: number;
  /** A share of the first period, so that many probes do not fall on one moment. */
  readonly jitter: number;
  readonly check: (signal: AbortSignal) => Promise<CheckResult>;
  readonly mayRun: () => boolean;
  /** The settled result changed. */
  readonly onResult: (result: ProbeResult) => void;
  /** A single check failed, whatever the thresholds make of it. */
  readonly onUnhealthy: (kind: ProbeKind, message: string) => void;
}

/** Repeats one probe of one container by its period and thresholds (upstream: pkg/kubelet/prober/worker.go). */
export class ProbeWorker {
  readonly #options: ProbeWorkerOptions;
  readonly #stop = new AbortController();
  #result: ProbeResult | undefined;
  #last: ProbeResult | undefined;
  #run = 0;
  #running = false;
  #onHold = false;
  #cancelTimer: () => void = () => {};

  constructor(options: ProbeWorkerOptions) {
    this.#options = options;
  }

  /** Undefined until a threshold was reached. */
  get result(): ProbeResult | undefined {
    return this.#result;
  }

  start(): void {
    const { clock, probe, startedAtMs, jitter } = this.#options;
    const ageMs = Math.max(0, clock.now() - startedAtMs);
    const delayMs = (probe.initialDelaySeconds ?? 0) * 1000 - ageMs;
    // Containers that run already, as after a restart of the agent, are spread over a period.
    const spreadMs = ageMs > this.#periodMs ? jitter * this.#periodMs : 0;
    this.#schedule(Math.max(0, delayMs) + spreadMs);
  }

  /** Checks now rather than when its turn comes, unless the initial delay still runs. */
  runSoon(): void {
    const { clock, probe, startedAtMs } = this.#options;
    const delayMs = (probe.initialDelaySeconds ?? 0) * 1000 - (clock.now() - startedAtMs);
    if (!this.#running) this.#schedule(Math.max(0, delayMs));
  }

  stop(): void {
    this.#stop.abort();
    this.#cancelTimer();
  }

  get #periodMs(): number {
    return (this.#options.probe.periodSeconds ?? 10) * 1000;
  }

  #schedule(delayMs: number): void {
    this.#cancelTimer();
    if (this.#stop.signal.aborted || this.#options.signal.aborted) return;
    this.#cancelTimer = this.#options.clock.after(delayMs, () => void this.#tick());
  }

  async #tick(): Promise<void> {
    if (this.#running || this.#stop.signal.aborted) return;
    const done = (this.#options.kind === 'startup' && this.#result !== undefined) || this.#onHold;
    if (done) return;
    if (this.#options.mayRun()) {
      this.#running = true;
      const outcome = await this.#check();
      this.#running = false;
      if (this.#stop.signal.aborted) return;
      if (outcome !== undefined) this.#count(outcome);
    }
    this.#schedule(this.#periodMs);
  }

  async #check(): Promise<ProbeResult | undefined> {
    const { check, clock, probe, kind, onUnhealthy, signal } = this.#options;
    const expired = new AbortController();
    const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
    const cancel = clock.after(timeoutMs, () => expired.abort(new Error(`timeout: ${timeoutMs / 1000}s`)));
    using linked = linkSignals(expired.signal, this.#stop.signal, signal);
    try {
      const result = await check(linked.signal);
      if (result.kind === 'success') return 'success';
      if (this.#stop.signal.aborted || signal.aborted) return undefined;
      onUnhealthy(
        kind,
        result.kind === 'failure' ? `failed: ${result.message}` : `errored: ${result.message}`,
      );
      return 'failure';
    } catch (error) {
      if (this.#stop.signal.aborted || signal.aborted) return undefined;
      onUnhealthy(kind, `failed: ${error instanceof Error ? error.message : String(error)}`);
      return 'failure';
    } finally {
      cancel();
    }
  }

  #count(outcome: ProbeResult): void {
    const { kind, probe, onResult } = this.#options;
    this.#run = outcome === this.#last ? this.#run + 1 : 1;
    this.#last = outcome;
    const threshold = outcome === 'success' ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
    if (this.#run < threshold) return;
    const changed = this.#result !== outcome;
    this.#result = outcome;
    // What failed for good is about to be killed: the next container has a worker of its own.
    if (outcome === 'failure' && kind !== 'readiness') this.#onHold = true;
    if (changed) onResult(outcome);
  }
}
