import type { ObservedContainer } from './observed-pod.ts';
import { labels } from './labels.ts';

const initialSeconds = 10;
const maxSeconds = 300;
/** Having run this long, a container is no longer in a crash loop. */
const resetAfterMs = 600_000;

/**
 * The crash-loop back-off, kept in a label of every container, so that it survives the agent
 * (upstream keeps it in memory: pkg/kubelet/kuberuntime doBackOff).
 */
export interface RestartBackoff {
  /** Wall time before which the container must not start again. */
  readonly notBeforeMs: number;
  /** The delay that this wait stands for, in seconds; 0 for the first restart. */
  readonly waitSeconds: number;
  /** What the next container waits after its own exit: its label. */
  readonly nextSeconds: number;
}

const none: RestartBackoff = { notBeforeMs: 0, waitSeconds: 0, nextSeconds: 0 };

/** The first restart comes at once, the second after 10 s, then doubling to five minutes. */
export function restartBackoff(previous: ObservedContainer | undefined): RestartBackoff {
  if (previous === undefined || previous.state !== 'exited') return none;
  const { status } = previous;
  const finishedAtMs = status.finishedAtMs ?? status.createdAtMs;
  const ranMs = finishedAtMs - (status.startedAtMs ?? finishedAtMs);
  const recorded = Number(status.labels[labels.restartBackoffSeconds] ?? 0);
  const waitSeconds = ranMs >= resetAfterMs || !Number.isFinite(recorded) ? 0 : recorded;
  const nextSeconds = waitSeconds === 0 ? initialSeconds : Math.min(maxSeconds, waitSeconds * 2);
  return { notBeforeMs: finishedAtMs + waitSeconds * 1000, waitSeconds, nextSeconds };
}
