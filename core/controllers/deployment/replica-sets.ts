import type { Deployment, ReplicaSet } from '../../api/generated/apps-v1.ts';
import type { PodTemplateSpec } from '../../api/generated/core-v1.ts';
import { deepEqual } from '../../machinery/json.ts';
import { desiredReplicasAnnotation, numberIn, revisionOf } from './annotations.ts';

export const hashLabel = 'pod-template-hash';

/** The ReplicaSets of a Deployment, told apart. */
export interface ReplicaSets {
  /** The one whose template is the Deployment's, if it was made already. */
  readonly newest: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
}

export function tellApart(deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSets {
  // Where several match, the oldest is chosen, so that the choice does not depend on the order of a list.
  const newest = [...sets]
    .sort(oldestFirst)
    .find(({ spec }) => equalTemplates(spec.template, deployment.spec.template));
  return { newest, old: sets.filter((set) => set !== newest) };
}

/** Whether two templates describe the same Pods: the label that this controller adds does not count. */
export function equalTemplates(a: PodTemplateSpec | undefined, b: PodTemplateSpec | undefined): boolean {
  return deepEqual(withoutHash(a), withoutHash(b));
}

export function replicasOf(set: ReplicaSet): number {
  return set.spec.replicas ?? 1;
}

export function activeSets(sets: readonly ReplicaSet[]): readonly ReplicaSet[] {
  return sets.filter((set) => replicasOf(set) > 0);
}

export function sum(sets: readonly ReplicaSet[], valueOf: (set: ReplicaSet) => number): number {
  return sets.reduce((total, set) => total + valueOf(set), 0);
}

/** The set a scaled Deployment resizes alone: the only active one, or the newest when none is; undefined otherwise. */
export function activeOrLatest({ newest, old }: ReplicaSets): ReplicaSet | undefined {
  const all = newest === undefined ? old : [...old, newest];
  const active = activeSets(all);
  if (active.length === 1) return active[0];
  if (active.length > 1) return undefined;
  return newest ?? [...old].sort(oldestFirst).at(-1);
}

/** Whether the set has all the Pods of the Deployment, available. */
export function isSaturated(deployment: Deployment, set: ReplicaSet | undefined): boolean {
  const desired = deployment.spec.replicas ?? 1;
  return (
    set !== undefined &&
    replicasOf(set) === desired &&
    numberIn(set, desiredReplicasAnnotation) === desired &&
    (set.status.availableReplicas ?? 0) === desired
  );
}

/** Whether the Deployment's size was changed since its ReplicaSets were sized. */
export function isScaled(deployment: Deployment, sets: readonly ReplicaSet[]): boolean {
  return activeSets(sets).some((set) => {
    const recorded = numberIn(set, desiredReplicasAnnotation);
    return recorded !== undefined && recorded !== (deployment.spec.replicas ?? 1);
  });
}

/** Old sets beyond the history limit that nothing depends on any more, oldest revision first. */
export function setsToDelete(deployment: Deployment, old: readonly ReplicaSet[]): readonly ReplicaSet[] {
  const limit = deployment.spec.revisionHistoryLimit ?? 10;
  const alive = old.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const surplus = alive.length - limit;
  if (surplus <= 0) return [];
  alive.sort((a, b) => revisionOf(a) - revisionOf(b) || oldestFirst(a, b));
  return alive
    .slice(0, surplus)
    .filter(
      (set) =>
        replicasOf(set) === 0 &&
        set.status.replicas === 0 &&
        (set.status.observedGeneration ?? 0) >= (set.metadata.generation ?? 0),
    );
}

/** By creation, then by name. */
export function oldestFirst(a: ReplicaSet, b: ReplicaSet): number {
  return createdMs(a) - createdMs(b) || compareText(a.metadata.name, b.metadata.name);
}

export function bySizeNewestFirst(a: ReplicaSet, b: ReplicaSet): number {
  return replicasOf(b) - replicasOf(a) || oldestFirst(b, a);
}

export function bySizeOldestFirst(a: ReplicaSet, b: ReplicaSet): number {
  return replicasOf(b) - replicasOf(a) || oldestFirst(a, b);
}

function withoutHash(template: PodTemplateSpec | undefined): unknown {
  const { [hashLabel]: _, ...labels } = template?.metadata?.labels ?? {};
  const { labels: __, creationTimestamp: ___, ...metadata } = template?.metadata ?? {};
  return { metadata, labels, spec: template?.spec };
}

function createdMs(set: ReplicaSet): number {
  return Date.parse(set.metadata.creationTimestamp ?? '') || 0;
}

function compareText(a = '', b = ''): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
