import type { Deployment } from '../../api/generated/apps-v1.ts';
import { deepEqual } from '../../machinery/json.ts';
import { strategyFor } from '../strategy.ts';

/** Annotations travel to the ReplicaSets, so they too are something to act on (pkg/registry/apps/deployment). */
export const deploymentStrategy = strategyFor<Deployment>({
  changesGeneration: (deployment, old) =>
    !deepEqual(deployment.spec, old.spec) ||
    !deepEqual(deployment.metadata.annotations ?? {}, old.metadata.annotations ?? {}),
  // By which the controller notes the revision without asking anybody to look again.
  statusChanges: ['annotations'],
});
