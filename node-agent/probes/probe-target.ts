import type { Container, ObjectReference } from '../../core/api/generated/core-v1.ts';

/** A running container and how to reach it. */
export interface ProbeTarget {
  readonly container: Container;
  readonly containerId: string;
  readonly sandboxId: string;
  readonly podIp: string | undefined;
  readonly startedAtMs: number;
  readonly regarding: ObjectReference;
}
