import { validatingadmissionpolicies } from '../../api/generated/resources.ts';
import { keyOf, parseKey } from '../../api/object.ts';
import { deepEqual } from '../../machinery/json.ts';
import { Controller } from '../runtime/controller.ts';
import type { ControllerDependencies } from '../runtime/dependencies.ts';
import { expressionWarnings } from './check.ts';

/** Says in each policy's status what is wrong with its expressions (upstream: pkg/controller/validatingadmissionpolicystatus). */
export function createPolicyStatusController(dependencies: ControllerDependencies): Controller {
  const { client, clock, informers, scheme, onError } = dependencies;
  const policies = informers.informer(validatingadmissionpolicies);
  const controller = new Controller({
    name: 'validatingadmissionpolicy-status',
    clock,
    reconcile,
    onError,
  });
  policies.addHandler({
    onAdd: (policy) => controller.queue.add(keyOf(policy)),
    onUpdate: (policy) => controller.queue.add(keyOf(policy)),
  });
  return controller;

  async function reconcile(key: string, signal: AbortSignal): Promise<void> {
    const policy = policies.lister.get(parseKey(key));
    const observedGeneration = policy?.metadata.generation;
    if (policy === undefined || observedGeneration === undefined) return;
    if (policy.status?.observedGeneration === observedGeneration) return;
    const warnings = expressionWarnings(policy, scheme);
    const status = {
      ...policy.status,
      observedGeneration,
      typeChecking: warnings.length === 0 ? {} : { expressionWarnings: warnings },
    };
    if (!deepEqual(status, policy.status))
      await client.updateStatus(validatingadmissionpolicies, { ...policy, status }, { signal });
  }
}
