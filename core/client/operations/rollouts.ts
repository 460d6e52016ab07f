import type { Deployment } from '../../api/generated/apps-v1.ts';
import type { KubernetesObject, ObjectName } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import type { CallOptions, Reader, Writer } from '../client.ts';
import {
  isDeployment,
  revisionsOf,
  rollingResource,
  type Revision,
  type RollingWorkload,
} from './revisions.ts';

const restartedAtAnnotation = 'kubectl.kubernetes.io/restartedAt';

/** Of the Deployment itself, never of one of its revisions (deployment_util.go: annotationsToSkip). */
const notOfRevisions: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  'deployment.kubernetes.io/revision',
  'deployment.kubernetes.io/revision-history',
  'deployment.kubernetes.io/desired-replicas',
  'deployment.kubernetes.io/max-replicas',
  'deprecated.deployment.rollback.to',
]);

/**
 * Goes back to a revision, or to the one before with 0; resolves to what was done, in kubectl's words
 * (kubectl/pkg/polymorphichelpers/rollback.go). Undoes only what was seen: a change that comes between makes it fail.
 */
export async function rollBack(
  client: Reader & Writer,
  workload: RollingWorkload,
  toRevision: number,
  options: CallOptions,
): Promise<string> {
  const { kind = '', metadata } = workload;
  const { namespace, name = '' } = metadata;
  const resource = rollingResource('apps', kind);
  if (resource === undefined) throw new Error(`no revisions are kept of ${kind} "${name}"`);
  if (isDeployment(workload) && workload.spec.paused === true) {
    throw new Error(
      `you cannot rollback a paused deployment; resume it first with "rollout resume deployment/${name}" and try again`,
    );
  }
  const revisions = await revisionsOf(client, workload, options);
  const target = toRevision === 0 ? revisions.at(-2) : revisions.find(({ number }) => number === toRevision);
  if (target === undefined) {
    throw new Error(
      toRevision === 0
        ? `no rollout history found for ${kind.toLowerCase()} "${name}"`
        : `unable to find specified revision ${toRevision} in history`,
    );
  }
  if (target.current) return `skipped rollback (current template already matches revision ${target.number})`;
  const patch = [
    { op: 'test', path: '/metadata/resourceVersion', value: metadata.resourceVersion },
    { op: 'replace', path: '/spec/template', value: target.template },
    ...(isDeployment(workload)
      ? [{ op: 'add', path: '/metadata/annotations', value: annotationsAt(workload, target) }]
      : []),
  ];
  await client.patch(resource, { namespace, name }, 'json', patch, options);
  return 'rolled back';
}

/** A ReplicaSet keeps the annotations of its Deployment, the change cause among them; they come back with it. */
function annotationsAt({ metadata }: Deployment, { keeper }: Revision): Readonly<Record<string, string>> {
  const own = Object.entries(metadata.annotations ?? {}).filter(([key]) => notOfRevisions.has(key));
  const kept = Object.entries(keeper.metadata.annotations ?? {}).filter(([key]) => !notOfRevisions.has(key));
  return Object.fromEntries([...own, ...kept]);
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
