import type { Deployment } from '../../core/api/generated/apps-v1.ts';

/**
 * How far a rollout is, in kubectl's words (kubectl/pkg/polymorphichelpers/rollout_status.go). Throws when the
 * rollout exceeded its progress deadline.
 */
export function rolloutStatus({ metadata, spec, status }: Deployment): { done: boolean; text: string } {
  const name = metadata.name ?? '';
  if ((metadata.generation ?? 0) > (status.observedGeneration ?? 0)) {
    return { done: false, text: 'Waiting for deployment spec update to be observed...' };
  }
  const progressing = status.conditions?.find(({ type }) => type === 'Progressing');
  if (progressing?.reason === 'ProgressDeadlineExceeded') {
    throw new Error(`deployment "${name}" exceeded its progress deadline`);
  }
  const waiting = (text: string) => ({
    done: false,
    text: `Waiting for deployment "${name}" rollout to finish: ${text}...`,
  });
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status;
  const wanted = spec.replicas ?? 1;
  if (updatedReplicas < wanted)
    return waiting(`${updatedReplicas} out of ${wanted} new replicas have been updated`);
  if (replicas > updatedReplicas)
    return waiting(`${replicas - updatedReplicas} old replicas are pending termination`);
  if (availableReplicas < updatedReplicas) {
    return waiting(`${availableReplicas} of ${updatedReplicas} updated replicas are available`);
  }
  return { done: true, text: `deployment "${name}" successfully rolled out` };
}
