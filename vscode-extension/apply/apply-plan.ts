import { isConflict, isNotFound, isUnavailable, StatusError } from '../../core/api/errors.ts';
import type { KubernetesObject, ObjectName } from '../../core/api/object.ts';
import { pods } from '../../core/api/generated/resources.ts';
import { parseApiVersion } from '../../core/api/resource.ts';
import type { Client } from '../../core/client/client.ts';
import type { Manifest } from '../../core/client/manifests.ts';
import type { ResourceIndex, ServedResource } from '../../core/client/resource-index.ts';
import { mapAtMost } from '../../core/machinery/map-at-most.ts';
import { l10n } from '../language/l10n.ts';
import { textToCompare } from '../documents/object-text.ts';
import { isNamespace } from './apply-order.ts';
import { fieldValue, withoutFields } from './conflict-fields.ts';
import { impactOf, type PodsOf } from './impact.ts';
import { definedKind, untilServed } from './new-kinds.ts';

/** Owns the fields that the editor applies. */
export const fieldManager = 'wheelhouse-vscode';

/** Objects that the server is asked about at the same time. */
const askedAtOnce = 4;

/** A field that somebody else set to something else. */
export interface FieldConflict {
  readonly field: string;
  /** As the server says it: who, and when. */
  readonly why: string;
  /** What the cluster has, and what the manifest says. */
  readonly theirs: unknown;
  readonly yours: unknown;
}

/** What applying one object would do. */
export type PlannedObject = PlannedBase &
  (
    | { readonly outcome: 'create' | 'unchanged'; readonly after: string }
    /** `impact` says what it does to Pods, a sentence each. */
    | { readonly outcome: 'change'; readonly after: string; readonly impact: readonly string[] }
    /** Only with force, which takes the fields from their owners. */
    | {
        readonly outcome: 'conflict';
        readonly conflicts: readonly FieldConflict[];
        readonly after: string;
        readonly impact: readonly string[];
      }
    | { readonly outcome: 'refused'; readonly error: unknown }
  );

/** An object of a manifest, and where it belongs. */
export interface PlacedObject {
  readonly manifest: Manifest;
  /** Undefined where the cluster serves no such kind. */
  readonly resource: ServedResource | undefined;
  readonly name: ObjectName;
}

interface PlannedBase extends PlacedObject {
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
 * what is there. Nothing is changed. Rejects where the server does not answer, which says nothing about any object.
 */
export async function planApply(
  manifests: readonly Manifest[],
  place: PlanPlace,
): Promise<readonly PlannedObject[]> {
  const newNamespaces = new Set(
    manifests.filter(({ object }) => isNamespace(object)).map(({ object }) => object.metadata.name),
  );
  const podsOf = listedOnce(place);
  return mapAtMost(
    askedAtOnce,
    manifests,
    (manifest) => planOne(manifest, place, podsOf, newNamespaces, manifests),
    place.signal,
  );
}

async function planOne(
  manifest: Manifest,
  place: PlanPlace,
  podsOf: PodsOf,
  newNamespaces: ReadonlySet<string | undefined>,
  beside: readonly Manifest[],
): Promise<PlannedObject> {
  const { client, signal } = place;
  let base: PlannedBase = { manifest, resource: undefined, name: nameOf(manifest.object), before: '' };
  try {
    const served = findServed(place.index, manifest.object);
    const resource = served ?? definedKind(manifest.object, beside) ?? noSuchKind(manifest.object);
    const object = placed(resource, manifest.object, place.namespace);
    base = { ...base, resource, name: nameOf(object) };
    // Its kind is made by the same files, so the server cannot check it yet.
    if (served === undefined) return { ...base, outcome: 'create', after: textToCompare(object) };
    const live = await liveObject(client, resource, base.name, signal);
    base = { ...base, before: live === undefined ? '' : textToCompare(live) };
    try {
      const wanted = await dryRun(client, resource, object, false, signal);
      const after = textToCompare(wanted);
      if (live === undefined) return { ...base, outcome: 'create', after };
      if (after === base.before) return { ...base, outcome: 'unchanged', after };
      return { ...base, outcome: 'change', after, impact: await impactOf(live, wanted, podsOf) };
    } catch (error) {
      if (live === undefined && isNotFound(error) && newNamespaces.has(base.name.namespace)) {
        // Its namespace is made by the same files, so the server cannot check it yet.
        return { ...base, outcome: 'create', after: textToCompare(object) };
      }
      if (live === undefined || conflictingFields(error).size === 0) throw error;
      const conflicts = conflictsOf(error, live, object);
      const wanted = await dryRun(client, resource, object, true, signal);
      const impact = await impactOf(live, wanted, podsOf);
      return { ...base, outcome: 'conflict', conflicts, after: textToCompare(wanted), impact };
    }
  } catch (error) {
    if (signal.aborted || isUnavailable(error)) throw error;
    return { ...base, outcome: 'refused', error };
  }
}

/** What became of one object. */
export type Applied =
  /** `left`: nobody tried, because it was cancelled before. */
  | { readonly planned: PlannedObject; readonly outcome: 'created' | 'configured' | 'unchanged' | 'left' }
  | { readonly planned: PlannedObject; readonly outcome: 'failed'; readonly error: unknown };

/**
 * Applies one object. Of the fields that others own, those in `taken` are taken over; the others are left out, so
 * that they stay as their owners have them.
 */
export async function applyPlanned(
  planned: PlannedObject,
  { client, namespace, signal }: PlanPlace,
  taken: ReadonlySet<FieldConflict> = new Set(),
): Promise<Applied> {
  try {
    const { resource } = planned;
    if (resource === undefined)
      throw planned.outcome === 'refused'
        ? planned.error
        : new Error(l10n.t('The cluster serves no such kind'));
    const conflicts = planned.outcome === 'conflict' ? planned.conflicts : [];
    const left = conflicts.filter((conflict) => !taken.has(conflict)).map(({ field }) => field);
    const object = withoutFields(placed(resource, planned.manifest.object, namespace), left);
    const live = await liveObject(client, resource, planned.name, signal);
    const force = left.length < conflicts.length;
    if (force) await refuseOthers(client, resource, object, conflicts, signal);
    const options = { fieldManager, fieldValidation: 'Strict', force, signal } as const;
    const applied = await client.patch(resource, planned.name, 'apply', object, options);
    await untilServed(client, applied, resource, signal);
    if (live === undefined) return { planned, outcome: 'created' };
    const same = applied.metadata.resourceVersion === live.metadata.resourceVersion;
    return { planned, outcome: same ? 'unchanged' : 'configured' };
  } catch (error) {
    return { planned, outcome: 'failed', error };
  }
}

/** The kind of a manifest; undefined where the cluster serves none such. */
export function findServed(
  index: ResourceIndex,
  { apiVersion = '', kind = '' }: KubernetesObject,
): ServedResource | undefined {
  const { group, version } = parseApiVersion(apiVersion);
  return index.ofKind(group, version, kind);
}

export function noSuchKind({ apiVersion = '', kind = '' }: KubernetesObject): never {
  throw new Error(l10n.t('The cluster serves no kind "{0}" in version "{1}"', kind, apiVersion));
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

/** Force takes every field that is in the way, so nothing else may have come to be since the user was asked. */
async function refuseOthers(
  client: Client,
  resource: ServedResource,
  object: KubernetesObject,
  agreed: readonly FieldConflict[],
  signal: AbortSignal,
): Promise<void> {
  try {
    await dryRun(client, resource, object, false, signal);
  } catch (error) {
    const known = new Set(agreed.map(({ field }) => field));
    const fields = conflictingFields(error);
    if (fields.size === 0 || [...fields.keys()].some((field) => !known.has(field))) throw error;
  }
}

/** Lists the Pods of a namespace when somebody asks for them, and then never again. */
function listedOnce({ client, signal }: PlanPlace): PodsOf {
  const lists = new Map<string, ReturnType<PodsOf>>();
  const list = async (namespace: string) => {
    try {
      return (await client.list(pods, { namespace, signal })).items;
    } catch {
      signal.throwIfAborted();
      return undefined;
    }
  };
  return (namespace) => {
    const listed = lists.get(namespace) ?? list(namespace);
    lists.set(namespace, listed);
    return listed;
  };
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

function conflictsOf(
  error: unknown,
  live: KubernetesObject,
  object: KubernetesObject,
): readonly FieldConflict[] {
  return [...conflictingFields(error)].map(([field, why]) => ({
    field,
    why,
    theirs: fieldValue(live, field),
    yours: fieldValue(object, field),
  }));
}

/** The fields that others own, with what the server says of their owners; several may own the same. */
function conflictingFields(error: unknown): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  if (!isConflict(error) || !(error instanceof StatusError)) return fields;
  for (const { reason, field = '', message = '' } of error.status.details?.causes ?? []) {
    if (reason !== 'FieldManagerConflict') continue;
    fields.set(field, [fields.get(field), message].filter(Boolean).join('; '));
  }
  return fields;
}
