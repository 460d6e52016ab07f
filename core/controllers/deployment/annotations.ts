import type { Deployment, ReplicaSet } from '../../api/generated/apps-v1.ts';

/** Upstream: deployment/util/deployment_util.go. */
export const revisionAnnotation = 'deployment.kubernetes.io/revision';
export const revisionHistoryAnnotation = 'deployment.kubernetes.io/revision-history';
/** The size the Deployment had when it last sized the ReplicaSet: how a scaling is told from a rollout. */
export const desiredReplicasAnnotation = 'deployment.kubernetes.io/desired-replicas';
/** As above, with the surge. */
export const maxReplicasAnnotation = 'deployment.kubernetes.io/max-replicas';

type Annotations = Readonly<Record<string, string>>;

/** Of the Deployment itself, or kept by this controller: never copied to ReplicaSets. */
const notCopied: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  revisionHistoryAnnotation,
  desiredReplicasAnnotation,
  maxReplicasAnnotation,
  'deprecated.deployment.rollback.to',
]);

const maxHistoryLength = 2000;

/** 0 when there is none, or none that can be read. */
export function revisionOf(object: ReplicaSet | Deployment): number {
  const text = object.metadata.annotations?.[revisionAnnotation] ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : 0;
}

export function maxRevision(sets: readonly ReplicaSet[]): number {
  return Math.max(0, ...sets.map(revisionOf));
}

/** The number in an annotation; undefined when absent or unreadable. */
export function numberIn(set: ReplicaSet, annotation: string): number | undefined {
  const text = set.metadata.annotations?.[annotation] ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** The annotations that record a size given to a ReplicaSet. */
export function sizeAnnotations(replicas: number, maxReplicas: number): Annotations {
  return { [desiredReplicasAnnotation]: `${replicas}`, [maxReplicasAnnotation]: `${maxReplicas}` };
}

/**
 * What the newest ReplicaSet's annotations shall be: the Deployment's (change cause and all), and the revision,
 * which a ReplicaSet that comes back by a rollback remembers in its history.
 */
export function newestAnnotations(
  deployment: Deployment,
  current: Annotations,
  revision: number,
): Annotations {
  const copied = Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => !notCopied.has(key));
  const annotations = { ...current, ...Object.fromEntries(copied) };
  const oldText = current[revisionAnnotation];
  const old = oldText !== undefined && /^\d{1,15}$/.test(oldText) ? Number(oldText) : 0;
  if (old >= revision) return annotations;
  annotations[revisionAnnotation] = `${revision}`;
  if (oldText !== undefined) {
    annotations[revisionHistoryAnnotation] = appendHistory(current[revisionHistoryAnnotation], oldText);
  }
  return annotations;
}

/** Drops the oldest revisions rather than let the list grow without end. */
function appendHistory(history: string | undefined, revision: string): string {
  const revisions = [...(history === undefined || history === '' ? [] : history.split(',')), revision];
  while (revisions.length > 1 && revisions.join(',').length > maxHistoryLength) revisions.shift();
  return revisions.join(',');
}
