import type { Pod } from '../../api/generated/core-v1.ts';
import { strategyFor } from '../strategy.ts';

/** Pods (pkg/registry/core/pod/strategy.go): they go in two phases, because containers need time to end. */
export const podStrategy = strategyFor<Pod>({
  prepareForCreate(pod) {
    pod.status = { phase: 'Pending', qosClass: qosClassOf(pod) };
  },

  prepareForUpdate(pod, old) {
    pod.status = { ...pod.status, qosClass: old.status.qosClass ?? qosClassOf(old) };
  },

  prepareForStatusUpdate(pod, old) {
    // A kubelet that knows less must not undo what the server has decided.
    pod.status.qosClass ??= old.status.qosClass;
  },

  deletionGraceSeconds(pod, { gracePeriodSeconds }) {
    const { phase } = pod.status;
    // Nothing runs: there is nobody to wait for.
    if (pod.spec.nodeName === undefined || phase === 'Succeeded' || phase === 'Failed') return 0;
    const seconds = gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 0;
    return seconds < 0 ? 1 : seconds;
  },

  indexes: { 'spec.nodeName': ({ spec }) => (spec.nodeName === undefined ? [] : [spec.nodeName]) },
});

/** Upstream's classes (pkg/apis/core/v1/helper/qos): who is evicted last. */
export function qosClassOf({
  spec,
}: {
  readonly spec: Pod['spec'];
}): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  let anySet = false;
  let guaranteed = true;
  for (const { resources } of [...spec.containers, ...(spec.initContainers ?? [])]) {
    for (const name of ['cpu', 'memory']) {
      const request = positive(resources?.requests?.[name]);
      const limit = positive(resources?.limits?.[name]);
      if (request !== undefined || limit !== undefined) anySet = true;
      if (limit === undefined || request !== limit) guaranteed = false;
    }
  }
  if (!anySet) return 'BestEffort';
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

/** Quantities are canonical here, so equal amounts are equal texts. */
function positive(quantity: string | undefined): string | undefined {
  return quantity === undefined || quantity === '0' ? undefined : quantity;
}
