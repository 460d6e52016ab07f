import { isConflict, isNotFound } from '../../core/api/errors.ts';
import type { Pod } from '../../core/api/generated/core-v1.ts';
import { pods } from '../../core/api/generated/resources.ts';
import { linkSignals } from '../../core/machinery/signals.ts';
import { labels } from './labels.ts';
import type { ObservedPod } from './observed-pod.ts';
import type { PodContext } from './pod-context.ts';
import type { PodState } from './pod-state.ts';

const callDeadlineMs = 30_000;

/** Stops all that runs, tells how it ended, and takes the volumes down. What ended stays for its logs. */
export async function terminatePod(
  context: PodContext,
  state: PodState,
  graceSeconds: number,
  signal: AbortSignal,
): Promise<void> {
  const { runtime, stopper, probes, volumes, images, references, tokens } = context;
  const { uid } = state.identity;
  probes.stopRestarting(uid);
  const running = await state.observe(signal);
  if (!state.removed) state.publish(running, { ended: true, final: false });
  await stopper.stopAll(state.pod, running, graceSeconds, signal);
  for (const sandbox of running.sandboxes) {
    if (sandbox.state === 'ready') await runtime.stopSandbox(sandbox.id, signal);
  }
  const stopped = await state.observe(signal);
  if (!state.removed) state.publish(stopped, { ended: true, final: true });
  probes.remove(uid);
  await volumes.tearDown(uid, signal);
  references.release(uid);
  images.forget(uid);
  tokens.forget(uid);
}

/**
 * Removes what is left of a Pod that is being deleted, then the Pod itself: only this confirmation ends a graceful
 * deletion, and only of this very Pod.
 */
export async function removePod(context: PodContext, state: PodState, signal: AbortSignal): Promise<void> {
  const { runtime, stopper, statuses, volumes, client } = context;
  const { uid, namespace, name } = state.identity;
  const left = await state.observe(signal);
  for (const { id } of left.sandboxes) await runtime.removeSandbox(id, signal);
  for (const { status } of [...left.containers.values()].flat()) stopper.forget(status.id);
  await volumes.tearDown(uid, signal);
  if (state.removed || state.pod === undefined) return;
  await statuses.flushed(uid, signal);
  using linked = linkSignals(signal, AbortSignal.timeout(callDeadlineMs));
  try {
    await client.delete(
      pods,
      { namespace, name },
      {
        gracePeriodSeconds: 0,
        preconditions: { uid },
        signal: linked.signal,
      },
    );
  } catch (error) {
    // Gone already, or another Pod has the name by now: either way this one is no more.
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}

/** Seconds a Pod gets to end (upstream: calculateEffectiveGracePeriod). At least one. */
export function graceOf(pod: Pod | undefined, observed: ObservedPod | undefined): number {
  const recorded = Number(observed?.sandboxes[0]?.labels[labels.graceSeconds] ?? 1);
  const seconds =
    pod === undefined
      ? recorded
      : (pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30);
  return Math.max(1, Number.isFinite(seconds) ? seconds : 1);
}
