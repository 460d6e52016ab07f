import type { KubernetesObject, Mutable } from '../api/object.ts';
import { deepEqual } from '../machinery/json.ts';
import { fillUpdatedMetadata } from './metadata.ts';
import type { ResourceStore } from './resource-store.ts';
import type { StrategyContext } from './strategy.ts';

type Members = Record<string, unknown>;

/** Makes an update of the object itself keep what it may not touch, and counts its generation. */
export function prepareUpdate(
  store: ResourceStore,
  object: Mutable<KubernetesObject>,
  old: KubernetesObject,
  context: StrategyContext,
): void {
  const { declaration, strategy } = store;
  fillUpdatedMetadata(object, old);
  if (hasStatus(store)) copyMember(object, old, 'status');
  strategy.prepareForUpdate?.(object, old, context);
  if (!declaration.generation) return;
  const changed = strategy.changesGeneration?.(object, old) ?? !sameWish(object, old);
  if (changed) object.metadata.generation = (old.metadata.generation ?? 0) + 1;
}

/** Makes an update of the status change nothing else. */
export function prepareStatusUpdate(
  { strategy }: ResourceStore,
  object: Mutable<KubernetesObject>,
  old: KubernetesObject,
  context: StrategyContext,
): void {
  const { resourceVersion, managedFields, labels, annotations } = object.metadata;
  for (const name of Object.keys(object)) if (name !== 'status') delete (object as unknown as Members)[name];
  for (const name of Object.keys(old)) if (name !== 'status') copyMember(object, old, name);
  const kept = strategy.statusChangesMetadata === true ? { labels, annotations } : {};
  const metadata: Members = { ...old.metadata, ...kept, resourceVersion, managedFields };
  (object as unknown as Members)['metadata'] = withoutUndefined(metadata);
  strategy.prepareForStatusUpdate?.(object, old, context);
}

function hasStatus({ declaration }: ResourceStore): boolean {
  return declaration.subresources?.['status'] !== undefined;
}

function copyMember(object: Mutable<KubernetesObject>, old: KubernetesObject, name: string): void {
  const value = (old as unknown as Members)[name];
  if (value === undefined) delete (object as unknown as Members)[name];
  else (object as unknown as Members)[name] = value;
}

/** Whether everything but metadata and status is as it was. */
function sameWish(object: KubernetesObject, old: KubernetesObject): boolean {
  return deepEqual(wishOf(object), wishOf(old));
}

function wishOf(object: KubernetesObject): unknown {
  const {
    apiVersion: _a,
    kind: _k,
    metadata: _m,
    status: _s,
    ...wish
  } = object as KubernetesObject & { status?: unknown };
  return wish;
}

function withoutUndefined(members: Members): Members {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

/** Whether a subresource writes the status and nothing else. */
export function writesStatus(subresource: string): boolean {
  return subresource === 'status' || subresource === 'approval';
}
