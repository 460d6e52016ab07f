import type { Container, Pod } from '../../core/api/generated/core-v1.ts';
import { describeError } from '../../core/machinery/logger.ts';
import { parseTimestamp } from '../../core/machinery/timestamp.ts';
import type { SandboxConfig, SandboxStatus } from '../runtime/runtime.ts';
import type { PreparedVolumes } from '../volumes/volumes.ts';
import { garbageOf } from './container-gc.ts';
import { inSandbox, nothingObserved, readySandbox, type ObservedPod } from './observed-pod.ts';
import { computeActions, isSettled, type PodActions } from './pod-actions.ts';
import type { PodContext } from './pod-context.ts';
import { hostPorts, podDns, podHostname } from './pod-network.ts';
import { isTerminal } from './pod-phase.ts';
import type { PodState } from './pod-state.ts';
import { rejectedStatus } from './pod-status.ts';
import { agreedPod, allocationOf, isAgreed, resizeActions, toldAllocation } from './resize.ts';
import type { ResizeActions } from './resize.ts';
import { isSidecar } from './restart-policy.ts';
import { labels } from './labels.ts';
import { podReference } from './references.ts';
import { StartError } from './start-error.ts';

/** What one step of a Pod that should run leads to. */
export type SyncOutcome =
  /** Something was done: look again. */
  | { readonly kind: 'again' }
  /** Nothing to do before something happens, or the time has come. */
  | { readonly kind: 'settled'; readonly wakeInMs: number | undefined }
  /** The Pod has ended, and what is left of it must stop. */
  | { readonly kind: 'ended' }
  /** The node does not take it; nothing was started. */
  | { readonly kind: 'rejected' };

/** One step of a Pod that should run: look, tell, and do what is missing. */
export async function syncPod(
  context: PodContext,
  state: PodState,
  wanted: Pod,
  signal: AbortSignal,
): Promise<SyncOutcome> {
  if (!state.admitted) {
    const rejection = context.admit(wanted);
    if (rejection !== undefined) {
      const { reason, message } = rejection;
      context.recorder.event(podReference(wanted), 'Warning', reason, message);
      context.statuses.set(state.identity.uid, rejectedStatus(wanted, reason, message, context.clock.now()));
      return { kind: 'rejected' };
    }
    state.admitted = true;
    context.references.retain(wanted);
  }

  const pod = agreeToResize(context, state, wanted);
  const observed = await state.observe(signal);
  const resize = resizeActions(pod, observed, context.node);
  noteProgress(context, state, pod, resize);
  const status = state.publish(observed, { ended: false, final: false });
  if (isTerminal(status.phase)) return { kind: 'ended' };
  const deadlineInMs = deadlineOf(pod, status.startTime, context.clock.now());
  if (deadlineInMs !== undefined && deadlineInMs <= 0) {
    const message = 'Pod was active on the node longer than the specified deadline';
    state.failure = { reason: 'DeadlineExceeded', message };
    context.recorder.event(podReference(pod), 'Normal', 'DeadlineExceeded', message);
    return { kind: 'ended' };
  }

  const computed = withRestarts(computeActions(pod, observed, context.probes), resize);
  const actions = dueActions(computed, context, state);
  if (actions.killPod && actions.createSandbox === undefined) return { kind: 'ended' };
  if (isSettled(actions) && resize.toUpdate.length === 0) {
    if (state.volumesStale && readySandbox(observed) !== undefined)
      await refreshVolumes(context, state, pod, signal);
    await collectGarbage(context, observed, signal);
    return { kind: 'settled', wakeInMs: earliest(deadlineInMs, nextRetryMs(context, state)) };
  }
  await act(context, state, pod, observed, actions, signal);
  await updateContainers(context, state, pod, resize, signal);
  return { kind: 'again' };
}

/** The Pod with the resources it gets here; what it asks for is agreed to as soon as the node has it. */
function agreeToResize({ admitResize, recorder, onRoom }: PodContext, state: PodState, wanted: Pod): Pod {
  state.allocation ??=
    wanted.status.startTime === undefined ? allocationOf(wanted) : toldAllocation(wanted, state.told);
  const before = state.pendingResize;
  state.pendingResize = isAgreed(wanted, state.allocation) ? undefined : admitResize(wanted);
  if (state.pendingResize === undefined) {
    if (!isAgreed(wanted, state.allocation)) {
      state.allocation = allocationOf(wanted);
      onRoom();
    }
    return wanted;
  }
  const { reason, message } = state.pendingResize;
  if (reason !== before?.reason)
    recorder.event(podReference(wanted), 'Warning', `Resize${reason}`, `Pod resize ${reason}: ${message}`);
  return agreedPod(wanted, state.allocation);
}

function noteProgress(
  { recorder }: PodContext,
  state: PodState,
  pod: Pod,
  { toUpdate, toRestart }: ResizeActions,
): void {
  const before = state.resizeInProgress;
  state.resizeInProgress = toUpdate.length + toRestart.length > 0;
  if (before === state.resizeInProgress) return;
  const [reason, message] = before
    ? ['ResizeCompleted', 'Pod resize completed']
    : ['ResizeStarted', 'Pod resize started'];
  if (before) state.resizeError = undefined;
  recorder.event(podReference(pod), 'Normal', reason, message);
}

/** Containers that begin anew to get other resources do so whatever the restart policy says of their end. */
function withRestarts(actions: PodActions, { toRestart }: ResizeActions): PodActions {
  const killed = new Set(actions.containersToKill.map(({ container }) => container.status.id));
  const more = toRestart.filter(({ kill }) => !killed.has(kill.container.status.id));
  if (more.length === 0 || actions.killPod) return actions;
  return {
    ...actions,
    containersToKill: [...actions.containersToKill, ...more.map(({ kill }) => kill)],
    containersToStart: [
      ...actions.containersToStart,
      // A sidecar is started by the next step, as after any end.
      ...more.map(({ container }) => container).filter((container) => !isSidecar(container)),
    ],
  };
}

/** Throws the last failure when all have been tried; the status tells of it until it works. */
async function updateContainers(
  { runtime, recorder }: PodContext,
  state: PodState,
  pod: Pod,
  { toUpdate }: ResizeActions,
  signal: AbortSignal,
): Promise<void> {
  let failure: unknown;
  for (const { container, id, to } of toUpdate) {
    try {
      await runtime.updateContainer(id, to, signal);
    } catch (error) {
      signal.throwIfAborted();
      failure = error;
      state.resizeError = `container ${container.name}: ${messageOf(error)}`;
      recorder.event(podReference(pod), 'Warning', 'ResizeError', state.resizeError);
    }
  }
  if (failure !== undefined) throw failure;
}

/** The actions whose time has come: containers that wait for their back-off are left out. */
function dueActions(actions: PodActions, { clock }: PodContext, { retryAt }: PodState): PodActions {
  const nowMs = clock.monotonicMs();
  const due = ({ name }: Container) => (retryAt.get(name) ?? 0) <= nowMs;
  return {
    ...actions,
    initContainersToStart: actions.initContainersToStart.filter(due),
    ephemeralContainersToStart: actions.ephemeralContainersToStart.filter(due),
    containersToStart: actions.containersToStart.filter(due),
  };
}

async function act(
  context: PodContext,
  state: PodState,
  pod: Pod,
  observed: ObservedPod,
  actions: PodActions,
  signal: AbortSignal,
): Promise<void> {
  const volumes = await refreshVolumes(context, state, pod, signal);
  let sandbox = readySandbox(observed);
  let current = observed;
  if (actions.createSandbox !== undefined) {
    if (actions.killPod) await clearOldSandboxes(context, pod, observed, signal);
    sandbox = await createSandbox(context, pod, actions.createSandbox, signal);
    current = { ...observed, sandboxes: [sandbox, ...observed.sandboxes] };
    state.publish(current, { ended: false, final: false });
  }
  if (sandbox === undefined) return;

  await Promise.all(actions.containersToKill.map((kill) => context.stopper.kill(pod, kill, signal)));
  // What was killed above is an earlier run by now, with an end that its back-off counts from.
  if (actions.containersToKill.length > 0) current = await state.observe(signal);

  const place = { sandbox, volumes, observed: current };
  for (const container of actions.initContainersToStart) {
    await startOne(
      context,
      state,
      pod,
      container,
      { ...place, observed: inSandbox(current, sandbox.id) },
      signal,
    );
  }
  const starting: Promise<void>[] = [];
  for (const container of [...actions.ephemeralContainersToStart, ...actions.containersToStart]) {
    const started = startOne(context, state, pod, container, place, signal);
    starting.push(started);
    // A postStart hook holds the containers after it back, which people rely on.
    if (container.lifecycle?.postStart !== undefined) await started.catch(() => undefined);
  }
  for (const result of await Promise.allSettled(starting)) {
    if (result.status === 'rejected') throw result.reason;
  }
}

async function startOne(
  context: PodContext,
  state: PodState,
  pod: Pod,
  container: Container,
  place: {
    readonly sandbox: SandboxStatus;
    readonly volumes: PreparedVolumes;
    readonly observed: ObservedPod;
  },
  signal: AbortSignal,
): Promise<void> {
  try {
    const toldRestarts = toldRestartsOf(state, container.name);
    const { image } = await context.starter.start({ pod, ...place, toldRestarts }, container, signal);
    state.details.rememberImage(image);
    state.details.clearWaiting(container.name);
    state.retryAt.delete(container.name);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof StartError)) throw error;
    const { reason, message, retryInMs } = error;
    state.details.setWaiting(container.name, { reason, message });
    state.retryAt.set(container.name, context.clock.monotonicMs() + retryInMs);
  }
}

/** The number of the next run of a container whose earlier runs the runtime has forgotten. */
function toldRestartsOf({ told }: PodState, name: string): number | undefined {
  const all = [...(told.containerStatuses ?? []), ...(told.initContainerStatuses ?? [])];
  const status = all.find((container) => container.name === name);
  if (status === undefined) return undefined;
  const ran = status.containerID !== undefined && status.containerID !== '';
  return ran ? status.restartCount + 1 : status.restartCount;
}

async function refreshVolumes(
  context: PodContext,
  state: PodState,
  pod: Pod,
  signal: AbortSignal,
): Promise<PreparedVolumes> {
  // Cleared first: a change while they are written makes them stale again.
  state.volumesStale = false;
  try {
    return await context.volumes.prepare(pod, signal);
  } catch (error) {
    state.volumesStale = true;
    signal.throwIfAborted();
    context.recorder.event(podReference(pod), 'Warning', 'FailedMount', messageOf(error));
    throw error;
  }
}

async function createSandbox(
  { runtime, recorder, node, dns }: PodContext,
  pod: Pod,
  attempt: number,
  signal: AbortSignal,
): Promise<SandboxStatus> {
  const { spec, metadata } = pod;
  const { hostname } = podHostname(pod, node.clusterDomain);
  const config: SandboxConfig = {
    pod: identityOf(pod),
    attempt,
    hostname: spec.hostNetwork === true ? node.name : hostname,
    hostNetwork: spec.hostNetwork === true,
    hostPid: spec.hostPID === true,
    hostIpc: spec.hostIPC === true,
    shareProcessNamespace: spec.shareProcessNamespace === true,
    dns: podDns(pod, dns),
    extraHosts: (spec.hostAliases ?? []).map(({ ip, hostnames = [] }) => ({ ip, hostnames })),
    portMappings: hostPorts(pod),
    sysctls: Object.fromEntries(
      (spec.securityContext?.sysctls ?? []).map(({ name, value }) => [name, value]),
    ),
    cgroupParent: undefined,
    labels: {
      ...metadata.labels,
      [labels.graceSeconds]: String(spec.terminationGracePeriodSeconds ?? 30),
    },
  };
  try {
    return await runtime.runSandbox(config, signal);
  } catch (error) {
    signal.throwIfAborted();
    const message = `Failed to create pod sandbox: ${describeError(error)}`;
    recorder.event(podReference(pod), 'Warning', 'FailedCreatePodSandBox', message);
    throw error;
  }
}

/** Before a new sandbox: nothing of the old one may go on, but ended containers stay for their state and logs. */
async function clearOldSandboxes(
  { stopper, runtime, recorder }: PodContext,
  pod: Pod,
  observed: ObservedPod,
  signal: AbortSignal,
): Promise<void> {
  const message = 'Pod sandbox changed, it will be killed and re-created.';
  recorder.event(podReference(pod), 'Normal', 'SandboxChanged', message);
  await stopper.stopAll(pod, observed, pod.spec.terminationGracePeriodSeconds ?? 30, signal);
  for (const { id } of observed.sandboxes) await runtime.stopSandbox(id, signal);
}

async function collectGarbage(
  { runtime, stopper }: PodContext,
  observed: ObservedPod,
  signal: AbortSignal,
): Promise<void> {
  const garbage = observed === nothingObserved ? undefined : garbageOf(observed);
  for (const { status } of garbage?.containers ?? []) {
    await runtime.removeContainer(status.id, signal);
    stopper.forget(status.id);
  }
  for (const id of garbage?.sandboxIds ?? []) await runtime.removeSandbox(id, signal);
}

function deadlineOf(pod: Pod, startTime: string | undefined, nowMs: number): number | undefined {
  const { activeDeadlineSeconds } = pod.spec;
  const startedMs = parseTimestamp(startTime);
  if (activeDeadlineSeconds === undefined || startedMs === undefined) return undefined;
  return startedMs + activeDeadlineSeconds * 1000 - nowMs;
}

function nextRetryMs({ clock }: PodContext, { retryAt }: PodState): number | undefined {
  const nowMs = clock.monotonicMs();
  const pending = [...retryAt.values()].map((atMs) => Math.max(0, atMs - nowMs)).filter((inMs) => inMs > 0);
  return pending.length === 0 ? undefined : Math.min(...pending);
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}

function identityOf({ metadata }: Pod) {
  return { uid: metadata.uid ?? '', name: metadata.name ?? '', namespace: metadata.namespace ?? '' };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
