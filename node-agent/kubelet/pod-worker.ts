import type { Pod } from '../../core/api/generated/core-v1.ts';
import { Backoff } from '../../core/machinery/backoff.ts';
import { deepEqual } from '../../core/machinery/json.ts';
import { linkSignals } from '../../core/machinery/signals.ts';
import type { PodIdentity, SandboxStatus } from '../runtime/runtime.ts';
import type { PodContext } from './pod-context.ts';
import { isTerminal } from './pod-phase.ts';
import { PodState } from './pod-state.ts';
import { syncPod } from './sync-pod.ts';
import { graceOf, removePod, terminatePod } from './terminate-pod.ts';

/** Where a Pod stands with its worker. It only moves forward. */
export type PodLifecycle =
  | { readonly kind: 'running' }
  /** All that runs must stop, within the grace. */
  | { readonly kind: 'terminating'; readonly graceSeconds: number }
  /** Everything has stopped; what is left waits for the Pod's deletion. */
  | { readonly kind: 'terminated' }
  /** Nothing is left here or in the API. */
  | { readonly kind: 'gone' };

const backoffOptions = { initialMs: 500, maxMs: 30_000 };

/**
 * Looks after one Pod, one step at a time (upstream: pkg/kubelet/pod_workers.go). Changes of the Pod, of its
 * containers and timers only ask for another look; the steps decide by what they see then. A step that no longer
 * makes sense, because the Pod is to go or its grace was cut, is aborted.
 */
export class PodWorker {
  readonly state: PodState;
  readonly #context: PodContext;
  readonly #onGone: (worker: PodWorker) => void;
  readonly #signal: AbortSignal;
  readonly #backoff = new Backoff(backoffOptions);
  #lifecycle: PodLifecycle = { kind: 'running' };
  #dirty = false;
  #running = false;
  #step: AbortController | undefined;
  #cancelTimer: () => void = () => {};

  constructor(
    context: PodContext,
    identity: PodIdentity,
    options: {
      readonly known: readonly SandboxStatus[] | undefined;
      readonly signal: AbortSignal;
      readonly onGone: (worker: PodWorker) => void;
    },
  ) {
    this.#context = context;
    this.state = new PodState(context, identity, options.known);
    this.#signal = options.signal;
    this.#onGone = options.onGone;
  }

  get lifecycle(): PodLifecycle['kind'] {
    return this.#lifecycle.kind;
  }

  get pod(): Pod | undefined {
    return this.state.pod;
  }

  /** The Pod as the API has it now. */
  podChanged(pod: Pod): void {
    const before = this.state.pod;
    this.state.pod = pod;
    // A changed spec deserves a try at once, whatever failed before.
    if (before !== undefined && !deepEqual(before.spec, pod.spec)) this.state.retryAt.clear();
    if (before !== undefined && !deepEqual(downward(before), downward(pod))) this.state.volumesStale = true;
    this.#followDeletion();
    const statusOnly =
      before !== undefined &&
      before.metadata.generation === pod.metadata.generation &&
      deepEqual(
        { ...before, metadata: quiet(before), status: gates(before) },
        { ...pod, metadata: quiet(pod), status: gates(pod) },
      );
    if (!statusOnly) this.wake();
  }

  /** The Pod is gone from the API, or was never there: stop and remove what runs of it. */
  podRemoved(last: Pod | undefined): void {
    if (last !== undefined) this.state.pod = last;
    this.state.removed = true;
    this.#followDeletion();
    this.wake();
  }

  /** ConfigMaps or Secrets of the Pod changed: what failed for want of them may work now. */
  configChanged(): void {
    this.state.retryAt.clear();
    this.state.volumesStale = true;
    this.wake();
  }

  /** Something may have changed: look again. */
  wake(): void {
    this.#dirty = true;
    if (!this.#running && !this.#signal.aborted) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#dirty && this.#lifecycle.kind !== 'gone' && !this.#signal.aborted) {
      this.#dirty = false;
      this.#cancelTimer();
      this.#step = new AbortController();
      using linked = linkSignals(this.#signal, this.#step.signal);
      try {
        await this.#advance(linked.signal);
        this.#backoff.reset();
      } catch (error) {
        if (this.#signal.aborted) break;
        if (this.#step.signal.aborted) this.#dirty = true;
        else this.#failed(error);
      }
    }
    this.#step = undefined;
    this.#running = false;
    if (this.#lifecycle.kind === 'gone') this.#onGone(this);
  }

  /** One transition. */
  async #advance(signal: AbortSignal): Promise<void> {
    const { state } = this;
    switch (this.#lifecycle.kind) {
      case 'running':
        if (state.pod === undefined || state.removed || state.pod.metadata.deletionTimestamp !== undefined) {
          await this.#beginTermination(signal);
        } else await this.#sync(state.pod, signal);
        return;
      case 'terminating':
        await terminatePod(this.#context, state, this.#lifecycle.graceSeconds, signal);
        this.#lifecycle = { kind: 'terminated' };
        this.#dirty = true;
        this.#context.onRoom();
        return;
      case 'terminated':
        if (!state.removed && state.pod?.metadata.deletionTimestamp === undefined) return;
        await removePod(this.#context, state, signal);
        if (state.removed) this.#lifecycle = { kind: 'gone' };
        return;
      case 'gone':
    }
  }

  async #sync(pod: Pod, signal: AbortSignal): Promise<void> {
    const outcome = await syncPod(this.#context, this.state, pod, signal);
    switch (outcome.kind) {
      case 'again':
        this.#dirty = true;
        return;
      case 'ended':
        await this.#beginTermination(signal);
        return;
      case 'rejected':
        this.#lifecycle = { kind: 'terminated' };
        return;
      case 'settled':
        if (outcome.wakeInMs !== undefined) this.#wakeIn(outcome.wakeInMs);
    }
  }

  async #beginTermination(signal: AbortSignal): Promise<void> {
    const { pod } = this.state;
    const observed = pod === undefined ? await this.state.observe(signal) : undefined;
    this.#lifecycle = { kind: 'terminating', graceSeconds: graceOf(pod, observed) };
    this.#dirty = true;
  }

  /** A Pod that is to go interrupts whatever is being done for it; a shorter grace interrupts a longer one. */
  #followDeletion(): void {
    const { pod, removed } = this.state;
    const going = removed || pod?.metadata.deletionTimestamp !== undefined;
    if (!going) return;
    if (this.#lifecycle.kind === 'running') {
      this.#step?.abort(new Error('the Pod is being deleted'));
      return;
    }
    if (this.#lifecycle.kind !== 'terminating' || pod === undefined) return;
    const graceSeconds = graceOf(pod, undefined);
    if (graceSeconds >= this.#lifecycle.graceSeconds) return;
    this.#lifecycle = { kind: 'terminating', graceSeconds };
    this.#step?.abort(new Error('the grace period was shortened'));
  }

  #failed(error: unknown): void {
    const { logger } = this.#context;
    const { namespace, name, uid } = this.state.identity;
    const retryInMs = this.#backoff.nextMs();
    logger.error('Cannot bring a Pod forward', error, { namespace, pod: name, uid, retryInMs });
    this.#wakeIn(retryInMs);
  }

  #wakeIn(delayMs: number): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#context.clock.after(delayMs, () => this.wake());
  }

  /** Whether this agent, or one before it, has agreed to run the Pod. */
  get isTaken(): boolean {
    return this.state.admitted || this.state.pod?.status.startTime !== undefined;
  }

  /** Whether it may get the resources it asks for when others give some back. */
  get waitsForRoom(): boolean {
    return this.#lifecycle.kind === 'running' && this.state.pendingResize?.reason === 'Deferred';
  }

  /** Whether the Pod counts towards what the node has given away. */
  get isActive(): boolean {
    const { pod } = this.state;
    return this.#lifecycle.kind === 'running' && pod !== undefined && !isTerminal(pod.status.phase);
  }
}

/** What downward API volumes may show and may change. */
function downward({ metadata }: Pod) {
  return [metadata.labels, metadata.annotations];
}

/** Metadata without what every status write changes. */
function quiet({ metadata }: Pod) {
  return { ...metadata, resourceVersion: undefined, managedFields: undefined };
}

/** What others write into the status and this agent acts on: readiness gates. */
function gates(pod: Pod) {
  const types = new Set(pod.spec.readinessGates?.map(({ conditionType }) => conditionType));
  return (pod.status.conditions ?? []).filter(({ type }) => types.has(type));
}
