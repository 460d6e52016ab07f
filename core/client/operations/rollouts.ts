import type { Deployment, ReplicaSet } from '../../api/generated/apps-v1.ts';
import { deployments, replicasets } from '../../api/generated/resources.ts';
import type { KubernetesObject, ObjectName } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import { deepEqual } from '../../machinery/json.ts';
import type { CallOptions, Reader, Writer } from '../client.ts';

const revisionAnnotation = 'deployment.kubernetes.io/revision';
const changeCauseAnnotation = 'kubernetes.io/change-cause';
const restartedAtAnnotation = 'kubectl.kubernetes.io/restartedAt';
const hashLabel = 'pod-template-hash';

/** What a Deployment ran once, and the ReplicaSet that keeps it. */
export interface Revision {
  readonly number: number;
  /** The change-cause annotation, if anybody wrote one. */
  readonly changeCause: string | undefined;
  readonly replicaSet: ReplicaSet;
}

/** The revisions of a Deployment that are kept, oldest first. */
export async function revisionsOf(
  client: Reader,
  deployment: Deployment,
  { signal }: CallOptions,
): Promise<readonly Revision[]> {
  const { namespace, uid } = deployment.metadata;
  const { items } = await client.list(replicasets, { namespace, signal });
  return items
    .filter(({ metadata }) =>
      metadata.ownerReferences?.some((owner) => owner.uid === uid && owner.controller === true),
    )
    .map((replicaSet) => ({
      number: Number(replicaSet.metadata.annotations?.[revisionAnnotation] ?? 0),
      changeCause: replicaSet.metadata.annotations?.[changeCauseAnnotation],
      replicaSet,
    }))
    .toSorted((a, b) => a.number - b.number);
}

/**
 * Goes back to a revision, or to the one before with 0; resolves to what was done, in kubectl's words
 * (kubectl/pkg/polymorphichelpers/rollback.go). Undoes only what was seen: a change that comes between makes it fail.
 */
export async function rollBack(
  client: Reader & Writer,
  deployment: Deployment,
  toRevision: number,
  options: CallOptions,
): Promise<string> {
  const { namespace, name = '', resourceVersion } = deployment.metadata;
  if (deployment.spec.paused === true) {
    throw new Error(
      `you cannot rollback a paused deployment; resume it first with "rollout resume deployment/${name}" and try again`,
    );
  }
  const revisions = await revisionsOf(client, deployment, options);
  const target = toRevision === 0 ? revisions.at(-2) : revisions.find(({ number }) => number === toRevision);
  if (target === undefined) {
    throw new Error(
      toRevision === 0
        ? `no rollout history found for deployment "${name}"`
        : `unable to find specified revision ${toRevision} in history`,
    );
  }
  const template = templateOf(target);
  if (deepEqual(template, deployment.spec.template))
    return `skipped rollback (current template already matches revision ${target.number})`;
  const patch = [
    { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
    { op: 'replace', path: '/spec/template', value: template },
  ];
  await client.patch(deployments, { namespace, name }, 'json', patch, options);
  return 'rolled back';
}

/** The Pod template of a revision as the Deployment had it. */
export function templateOf({ replicaSet }: Revision): NonNullable<ReplicaSet['spec']['template']> {
  const template = replicaSet.spec.template ?? {};
  const { [hashLabel]: _hash, ...labels } = template.metadata?.labels ?? {};
  return { ...template, metadata: { ...template.metadata, labels } };
}

/** Replaces all Pods of a workload, as its update strategy says (kubectl/pkg/polymorphichelpers/objectrestarter.go). */
export async function restartWorkload<T extends KubernetesObject>(
  client: Writer,
  resource: Resource<T>,
  name: ObjectName,
  nowMs: number,
  options: CallOptions,
): Promise<void> {
  const restartedAt = new Date(nowMs).toISOString().replace(/\.\d+Z$/, 'Z');
  const annotations = { [restartedAtAnnotation]: restartedAt };
  const patch = { spec: { template: { metadata: { annotations } } } };
  await client.patch(resource, name, 'merge', patch, options);
}
