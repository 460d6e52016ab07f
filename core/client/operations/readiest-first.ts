import type { Pod } from '../../api/generated/core-v1.ts';

/** Pods in the order in which somebody should be sent to them: ready ones first, those that are ending last. */
export function readiestFirst(pods: readonly Pod[]): readonly Pod[] {
  return pods.toSorted((a, b) => readiness(b) - readiness(a));
}

function readiness({ status, metadata }: Pod): number {
  if (metadata.deletionTimestamp !== undefined) return -1;
  return status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true
    ? 1
    : 0;
}
