import type { Pod } from '../../core/api/generated/core-v1.ts';
import type { ReplicaSet } from '../../core/api/generated/apps-v1.ts';
import { pods } from '../../core/api/generated/resources.ts';
import type { KubernetesObject } from '../../core/api/object.ts';
import type { Informer } from '../../core/client/informer.ts';

/** What stands below an object: the objects of one kind that belong to it. */
export interface Relation {
  /** "pods" or "replicasets.apps". */
  readonly resource: string;
  /** In the object's namespace; otherwise in all of them. */
  readonly sameNamespace: boolean;
  find(informer: Informer<KubernetesObject>, object: KubernetesObject): readonly KubernetesObject[];
  /** Whether a change of `child` may change what `find` returns for `object`. */
  concerns(child: KubernetesObject, object: KubernetesObject): boolean;
}

const relations: Readonly<Record<string, Relation>> = {
  'apps/Deployment': owned('replicasets.apps', (set) => (set as ReplicaSet).spec.replicas !== 0),
  'apps/ReplicaSet': owned('pods'),
  'apps/StatefulSet': owned('pods'),
  'apps/DaemonSet': owned('pods'),
  '/ReplicationController': owned('pods'),
  'batch/Job': owned('pods'),
  'batch/CronJob': owned('jobs.batch'),
  '/Node': {
    resource: pods.plural,
    sameNamespace: false,
    find: (informer, { metadata: { name = '' } }) => informer.index('node', nodeOf).get(name),
    concerns: (pod, { metadata }) => nodeOf(pod)[0] === metadata.name,
  },
  '/Service': {
    resource: pods.plural,
    sameNamespace: true,
    find: (informer, service) =>
      informer.lister.list(service.metadata.namespace).filter((pod) => selects(service, pod)),
    concerns: (pod, service) => selects(service, pod),
  },
};

export function relationOf(resource: {
  readonly group: string;
  readonly kind: string;
}): Relation | undefined {
  return relations[`${resource.group}/${resource.kind}`];
}

function owned(resource: string, shown: (child: KubernetesObject) => boolean = () => true): Relation {
  return {
    resource,
    sameNamespace: true,
    find: (informer, { metadata }) => informer.lister.byOwner(metadata.uid ?? '').filter(shown),
    concerns: (child, { metadata }) =>
      shown(child) && child.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid) === true,
  };
}

function nodeOf(pod: KubernetesObject): readonly string[] {
  const { nodeName } = (pod as Pod).spec;
  return nodeName === undefined ? [] : [nodeName];
}

function selects(service: KubernetesObject, pod: KubernetesObject): boolean {
  const { selector } = (service as { spec?: { selector?: Record<string, string> } }).spec ?? {};
  // No labels at all would be those of every Pod: somebody else says where such a Service leads.
  const wanted = Object.entries(selector ?? {});
  if (wanted.length === 0 || service.metadata.namespace !== pod.metadata.namespace) return false;
  const { labels = {} } = pod.metadata;
  return wanted.every(([key, value]) => labels[key] === value);
}
