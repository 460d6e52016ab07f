import type { KubernetesObject, Mutable } from '../api/object.ts';
import { deepEqual } from '../machinery/json.ts';
import { fillUpdatedMetadata } from './metadata.ts';
import type { KindDeclaration } from '../api/scheme.ts';
import type { Strategy, StrategyContext } from './strategy.ts';

type Members = Record<string, unknown>;

/** The rules of a kind, as of the version that a write is about. */
export interface WriteRules {
  readonly declaration: KindDeclaration;
  readonly strategy: Strategy;
}

/** Makes an update of the object itself keep what it may not touch, and counts its generation. */
export function prepareUpdate(
  { declaration, strategy }: WriteRules,
  object: Mutable<KubernetesObject>,
  old: KubernetesObject,
  context: StrategyContext,
): void {
  fillUpdatedMetadata(object, old);
  if (hasStatus(declaration)) copyMember(object, old, 'status');
  strategy.prepareForUpdate?.(object, old, context);
  if (!declaration.generation) return;
  // Without an endpoint of its own, a custom kind's status is as much a wish as all else.
  const withStatus = declaration.custom !== undefined && !hasStatus(declaration);
  const changed = strategy.changesGeneration?.(object, old) ?? !sameWish(object, old, withStatus);
  if (changed) object.metadata.generation = (old.metadata.generation ?? 0) + 1;
}

/** Makes an update of the status change nothing else. */
export function prepareStatusUpdate(
  rules: WriteRules,
  object: Mutable<KubernetesObject>,
  old: KubernetesObject,
  context: StrategyContext,
): void {
  // Whose status it is: validation compares it with what is there.
  const { uid = old.metadata.uid, resourceVersion, managedFields } = object.metadata;
  const changed = statusChanges(rules).map((name) => [name, object.metadata[name]] as const);
  for (const name of Object.keys(object)) if (name !== 'status') delete (object as unknown as Members)[name];
  for (const name of Object.keys(old)) if (name !== 'status') copyMember(object, old, name);
  const metadata: Members = {
    ...old.metadata,
    ...Object.fromEntries(changed),
    uid,
    resourceVersion,
    managedFields,
  };
  (object as unknown as Members)['metadata'] = withoutUndefined(metadata);
  rules.strategy.prepareForStatusUpdate?.(object, old, context);
}

/** What a write leaves as it was whatever it says, as paths: nobody comes to own it (upstream: GetResetFields). */
export function resetFields(rules: WriteRules, subresource: string): readonly (readonly string[])[] {
  if (!writesStatus(subresource)) return hasStatus(rules.declaration) ? [['status']] : [];
  const changed: readonly string[] = statusChanges(rules);
  const kept = ['labels', 'annotations', 'finalizers', 'ownerReferences'].filter(
    (name) => !changed.includes(name),
  );
  return [['spec'], ...kept.map((name) => ['metadata', name])];
}

function statusChanges({ declaration, strategy }: WriteRules): readonly ('labels' | 'annotations')[] {
  if (declaration.custom !== undefined) return [];
  return strategy.statusChanges ?? ['labels', 'annotations'];
}

function hasStatus({ subresources }: KindDeclaration): boolean {
  return subresources?.['status'] !== undefined;
}

function copyMember(object: Mutable<KubernetesObject>, old: KubernetesObject, name: string): void {
  const value = (old as unknown as Members)[name];
  if (value === undefined) delete (object as unknown as Members)[name];
  else (object as unknown as Members)[name] = value;
}

/** Whether everything but metadata, and status unless asked for, is as it was. */
function sameWish(object: KubernetesObject, old: KubernetesObject, withStatus: boolean): boolean {
  return deepEqual(wishOf(object, withStatus), wishOf(old, withStatus));
}

function wishOf(object: KubernetesObject, withStatus: boolean): unknown {
  const {
    apiVersion: _a,
    kind: _k,
    metadata: _m,
    status,
    ...wish
  } = object as KubernetesObject & { status?: unknown };
  return withStatus ? { ...wish, status } : wish;
}

function withoutUndefined(members: Members): Members {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

/** Whether a subresource writes the status and nothing else. */
export function writesStatus(subresource: string): boolean {
  return subresource === 'status' || subresource === 'approval';
}
