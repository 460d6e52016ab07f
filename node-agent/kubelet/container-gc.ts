import type { ObservedContainer, ObservedPod } from './observed-pod.ts';

export interface Garbage {
  readonly containers: readonly ObservedContainer[];
  readonly sandboxIds: readonly string[];
}

/** The run that counts, and the one before it for `logs --previous` and the last state. */
const keptRuns = 2;

/** What may go of a Pod that goes on: old runs, and old sandboxes that hold nothing worth keeping. */
export function garbageOf(observed: ObservedPod): Garbage {
  const kept = new Set<string>();
  const old: ObservedContainer[] = [];
  for (const runs of observed.containers.values()) {
    for (const [index, container] of runs.entries()) {
      if (index < keptRuns || container.state === 'running') kept.add(container.sandboxId);
      else old.push(container);
    }
  }
  const [, ...olderSandboxes] = observed.sandboxes;
  const sandboxIds = olderSandboxes
    .filter(({ id, state }) => state === 'not-ready' && !kept.has(id))
    .map(({ id }) => id);
  const removed = new Set(sandboxIds);
  return { containers: old.filter(({ sandboxId }) => !removed.has(sandboxId)), sandboxIds };
}
