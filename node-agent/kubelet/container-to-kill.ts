import type { ObservedContainer } from './observed-pod.ts';

export type KillReason = 'liveness' | 'startup' | 'changed' | 'resized' | 'unknown-state';

export interface ContainerToKill {
  readonly container: ObservedContainer;
  readonly reason: KillReason;
  /** What the Killing event says. */
  readonly message: string;
}
