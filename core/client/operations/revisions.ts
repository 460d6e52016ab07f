import type {
  ControllerRevision,
  DaemonSet,
  Deployment,
  ReplicaSet,
  StatefulSet,
} from '../../api/generated/apps-v1.ts';
import type { PodTemplateSpec } from '../../api/generated/core-v1.ts';
import {
  controllerrevisions,
  daemonsets,
  deployments,
  replicasets,
  statefulsets,
} from '../../api/generated/resources.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import { deepEqual, isObject } from '../../machinery/json.ts';
import type { CallOptions, Reader } from '../client.ts';

const revisionAnnotation = 'deployment.kubernetes.io/revision';
const changeCauseAnnotation = 'kubernetes.io/change-cause';
const hashLabel = 'pod-template-hash';

/** The kinds that keep what they ran. */
export type RollingWorkload = Deployment | StatefulSet | DaemonSet;

const resources: Readonly<Record<string, Resource<RollingWorkload>>> = {
  Deployment: deployments,
  StatefulSet: statefulsets,
  DaemonSet: daemonsets,
};

/** The resource of a kind of group "apps" that keeps revisions; undefined for all others. */
export function rollingResource(group: string, kind: string): Resource<RollingWorkload> | undefined {
  return group === 'apps' ? resources[kind] : undefined;
}

export function isDeployment(workload: RollingWorkload): workload is Deployment {
  return workload.kind === 'Deployment';
}

/** What a workload runs, or ran once. */
export interface Revision {
  readonly number: number;
  /** The change-cause annotation, if anybody wrote one. */
  readonly changeCause: string | undefined;
  /** When it was first run, as RFC 3339. */
  readonly createdAt: string | undefined;
  /** As the workload had it. */
  readonly template: PodTemplateSpec;
  /** Pods of it that are there now; undefined where nobody counts them (DaemonSets). */
  readonly replicas: number | undefined;
  /** It is what the workload says now. */
  readonly current: boolean;
  /** What keeps it: a ReplicaSet or a ControllerRevision. */
  readonly keeper: ReplicaSet | ControllerRevision;
}

/**
 * The revisions of a workload that are kept, oldest first: a Deployment's are its ReplicaSets, those of the others
 * are ControllerRevisions (kubectl/pkg/polymorphichelpers/history.go).
 */
export async function revisionsOf(
  client: Reader,
  workload: RollingWorkload,
  { signal }: CallOptions,
): Promise<readonly Revision[]> {
  const { namespace } = workload.metadata;
  const kept = isDeployment(workload)
    ? (await client.list(replicasets, { namespace, signal })).items.map(fromReplicaSet)
    : (await client.list(controllerrevisions, { namespace, signal })).items.map((revision) =>
        fromControllerRevision(revision, workload),
      );
  const sorted = kept
    .filter(({ keeper }) => isControlledBy(keeper, workload))
    .toSorted((a, b) => a.number - b.number);
  // The same template may have been kept twice by a controller that was interrupted; the newest is what counts.
  const current = sorted.findLast(({ template }) => deepEqual(template, workload.spec.template));
  return sorted.map((revision) => ({ ...revision, current: revision === current }));
}

function fromReplicaSet(keeper: ReplicaSet): Revision {
  const { annotations = {}, creationTimestamp } = keeper.metadata;
  return {
    number: Number(annotations[revisionAnnotation] ?? 0),
    changeCause: annotations[changeCauseAnnotation],
    createdAt: creationTimestamp ?? undefined,
    template: templateOfReplicaSet(keeper),
    replicas: keeper.status.replicas ?? 0,
    current: false,
    keeper,
  };
}

function templateOfReplicaSet({ spec }: ReplicaSet): PodTemplateSpec {
  const template = spec.template ?? {};
  const { [hashLabel]: _hash, ...labels } = template.metadata?.labels ?? {};
  return { ...template, metadata: { ...template.metadata, labels } };
}

function fromControllerRevision(
  keeper: ControllerRevision,
  { kind, status }: StatefulSet | DaemonSet,
): Revision {
  const { annotations = {}, creationTimestamp, name } = keeper.metadata;
  const counts = kind === 'StatefulSet' ? (status as StatefulSet['status']) : undefined;
  return {
    number: keeper.revision,
    changeCause: annotations[changeCauseAnnotation],
    createdAt: creationTimestamp ?? undefined,
    template: templateOfData(keeper.data),
    replicas: counts === undefined ? undefined : replicasOf(name, counts),
    current: false,
    keeper,
  };
}

/** A StatefulSet counts the Pods of the revision it leaves and of the one it goes to. */
function replicasOf(name: string | undefined, status: StatefulSet['status']): number {
  const { currentRevision, updateRevision, currentReplicas = 0, updatedReplicas = 0 } = status;
  if (name === updateRevision) return updatedReplicas;
  return name === currentRevision ? currentReplicas : 0;
}

/** A ControllerRevision keeps a patch that replaces the template (stateful_set_utils.go, daemon/update.go: getPatch). */
function templateOfData(data: unknown): PodTemplateSpec {
  const spec = isObject(data) ? data['spec'] : undefined;
  const template = isObject(spec) ? spec['template'] : undefined;
  if (!isObject(template)) return {};
  const { $patch: _directive, ...rest } = template;
  return rest;
}

function isControlledBy({ metadata }: KubernetesObject, owner: RollingWorkload): boolean {
  const { uid } = owner.metadata;
  return metadata.ownerReferences?.some((each) => each.uid === uid && each.controller === true) === true;
}
