import { isConflict, isNotFound, StatusError } from '../../core/api/errors.ts';
import type { KubernetesObject, ObjectName } from '../../core/api/object.ts';
import { parseApiVersion } from '../../core/api/resource.ts';
import type { Client } from '../../core/client/client.ts';
import type { Manifest } from '../../core/client/manifests.ts';
import type { ResourceIndex, ServedResource } from '../../core/client/resource-index.ts';
import { textToCompare } from '../documents/object-text.ts';

/** Owns the fields that the editor applies. */
export const fieldManager = 'wheelhouse-vscode';

/** A field that somebody else set to something else. */
export interface FieldConflict {
  readonly field: string;
  /** As the server says it: who, and when. */
  readonly why: string;
}

/** What applying one object would do. */
export type PlannedObject = PlannedBase &
  (
    | { readonly outcome: 'create' | 'change' | 'unchanged'; readonly after: string }
    /** Only with force, which takes the fields from their owners. */
    | { readonly outcome: 'conflict'; readonly conflicts: readonly FieldConflict[]; readonly after: string }
    | { readonly outcome: 'refused'; readonly error: unknown }
  );

interface PlannedBase {
  readonly manifest: Manifest;
  readonly resource: ServedResource | undefined;
  readonly name: ObjectName;
  /** The live object as text; empty where there is none. */
  readonly before: string;
}

export interface PlanPlace {
  readonly client: Client;
  readonly index: ResourceIndex;
  /** For objects that name no namespace. */
  readonly namespace: string;
  readonly signal: AbortSignal;
}

/**
 * Asks the server what applying each object would do, by a dry run with every check of admission, and compares with
 * what is there. Nothing is changed.
 */
export async function planApply(
  manifests: readonly Manifest[],
  place: PlanPlace,
): Promise<readonly PlannedObject[]> {
  const newNamespaces = new Set(
    manifests.filter(({ object }) => object.kind === 'Namespace').map(({ object }) => object.metadata.name),
  );
  const planned: PlannedObject[] = [];
  for (const manifest of manifests) {
    place.signal.throwIfAborted();
    planned.push(await planOne(manifest, place, newNamespaces));
  }
  return planned;
}

async function planOne(
  manifest: Manifest,
  place: PlanPlace,
  newNamespaces: ReadonlySet<string | undefined>,
): Promise<PlannedObject> {
  const { client, signal } = place;
  let base: PlannedBase = { manifest, resource: undefined, name: nameOf(manifest.object), before: '' };
  try {
    const resource = servedResource(place.index, manifest.object);
    const object = placed(resource, manifest.object, place.namespace);
    base = { ...base, resource, name: nameOf(object) };
    const live = await liveObject(client, resource, base.name, signal);
    base = { ...base, before: live === undefined ? '' : textToCompare(live) };
    try {
      const after = textToCompare(await dryRun(client, resource, object, false, signal));
      if (live === undefined) return { ...base, outcome: 'create', after };
      return { ...base, outcome: after === base.before ? 'unchanged' : 'change', after };
    } catch (error) {
      if (live === undefined && isNotFound(error) && newNamespaces.has(base.name.namespace)) {
        // Its namespace is made by the same files, so the server cannot check it yet.
        return { ...base, outcome: 'create', after: textToCompare(object) };
      }
      const conflicts = conflictsOf(error);
      if (conflicts.length === 0) throw error;
      const after = textToCompare(await dryRun(client, resource, object, true, signal));
      return { ...base, outcome: 'conflict', conflicts, after };
    }
  } catch (error) {
    if (signal.aborted) throw error;
    return { ...base, outcome: 'refused', error };
  }
}

/** What became of one object. */
export type Applied =
  | { readonly planned: PlannedObject; readonly outcome: 'created' | 'configured' | 'unchanged' }
  | { readonly planned: PlannedObject; readonly outcome: 'failed'; readonly error: unknown };

/** Applies one object; `force` takes conflicting fields from their owners. */
export async function applyPlanned(
  planned: PlannedObject,
  { client, namespace, signal }: PlanPlace,
  force: boolean,
): Promise<Applied> {
  try {
    const { resource } = planned;
    if (resource === undefined)
      throw planned.outcome === 'refused' ? planned.error : new Error('unknown kind');
    const object = placed(resource, planned.manifest.object, namespace);
    const live = await liveObject(client, resource, planned.name, signal);
    const options = { fieldManager, fieldValidation: 'Strict', force, signal } as const;
    const applied = await client.patch(resource, planned.name, 'apply', object, options);
    if (live === undefined) return { planned, outcome: 'created' };
    const same = applied.metadata.resourceVersion === live.metadata.resourceVersion;
    return { planned, outcome: same ? 'unchanged' : 'configured' };
  } catch (error) {
    return { planned, outcome: 'failed', error };
  }
}

/** The kind of a manifest. Throws where the cluster serves none such. */
export function servedResource(index: ResourceIndex, object: KubernetesObject): ServedResource {
  const { group, version } = parseApiVersion(object.apiVersion ?? '');
  const resource = index.ofKind(group, version, object.kind ?? '');
  if (resource !== undefined) return resource;
  throw new Error(`The cluster serves no kind "${object.kind}" in version "${object.apiVersion}"`);
}

/** The object in its namespace: its own, or the one that is used where none is named. */
export function placed(
  resource: ServedResource,
  object: KubernetesObject,
  namespace: string,
): KubernetesObject {
  if (!resource.namespaced || object.metadata.namespace !== undefined) return object;
  return { ...object, metadata: { ...object.metadata, namespace } };
}

export function nameOf({ metadata: { namespace, name = '' } }: KubernetesObject): ObjectName {
  return { namespace, name };
}

function dryRun(
  client: Client,
  resource: ServedResource,
  object: KubernetesObject,
  force: boolean,
  signal: AbortSignal,
): Promise<KubernetesObject> {
  const options = { fieldManager, fieldValidation: 'Strict', dryRun: true, force, signal } as const;
  return client.patch(resource, nameOf(object), 'apply', object, options);
}

async function liveObject(
  client: Client,
  resource: ServedResource,
  name: ObjectName,
  signal: AbortSignal,
): Promise<KubernetesObject | undefined> {
  try {
    return await client.get(resource, name, { signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function conflictsOf(error: unknown): readonly FieldConflict[] {
  if (!isConflict(error) || !(error instanceof StatusError)) return [];
  return (error.status.details?.causes ?? [])
    .filter(({ reason }) => reason === 'FieldManagerConflict')
    .map(({ field = '', message = '' }) => ({ field, why: message }));
}
