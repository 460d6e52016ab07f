import type { CustomResourceDefinition } from '../../api/generated/apiextensions-v1.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { areEvents, qualifiedResource } from '../../api/resource.ts';
import { mapAtMost } from '../../machinery/map-at-most.ts';
import type { Client } from '../client.ts';
import type { ResourceIndex, ServedResource } from '../resource-index.ts';

/** Kinds whose objects belong to others as a rule; those that only some controller makes are not looked through. */
const oftenOwned = [
  'replicasets.apps',
  'controllerrevisions.apps',
  'jobs.batch',
  'pods',
  'endpointslices.discovery.k8s.io',
  'deployments.apps',
  'statefulsets.apps',
  'services',
  'configmaps',
  'secrets',
  'persistentvolumeclaims',
];

/** Objects, or namespaces, that are looked into at the same time, and lists of each of them. */
const countedAtOnce = 2;
const listsAtOnce = 4;

/** What goes with an object when it is deleted: how many objects of which kind, most first. */
export type Dependents = readonly { readonly resource: ServedResource; readonly count: number }[];

/**
 * Counts what a deletion takes along: everything in a namespace, every object of a definition, otherwise what belongs
 * to the objects, over any number of owners. Kinds that may not be listed are not counted.
 */
export async function dependentsOf(
  client: Client,
  index: ResourceIndex,
  objects: readonly KubernetesObject[],
  signal: AbortSignal,
): Promise<Dependents> {
  const owners = objects.filter(({ metadata }) => metadata.namespace !== undefined);
  const namespaces = new Set(owners.map(({ metadata }) => metadata.namespace));
  const held = await mapAtMost(
    countedAtOnce,
    objects,
    (object) => countHeld(client, index, object, signal),
    signal,
  );
  const owned = await mapAtMost(
    countedAtOnce,
    [...namespaces],
    (namespace) => countOwned(client, index, owners, { namespace, signal }),
    signal,
  );
  const counts = new Map<string, Dependents[number]>();
  for (const { resource, count } of [...held, ...owned].flat()) {
    const name = qualifiedResource(resource);
    if (count > 0) counts.set(name, { resource, count: count + (counts.get(name)?.count ?? 0) });
  }
  return [...counts.values()].toSorted((a, b) => b.count - a.count);
}

async function countHeld(
  client: Client,
  index: ResourceIndex,
  object: KubernetesObject,
  signal: AbortSignal,
): Promise<Dependents> {
  const { kind, metadata } = object;
  if (kind === 'Namespace') {
    const { name: namespace } = metadata;
    const held = once(index.all).filter(
      (resource) => resource.namespaced && resource.verbs.includes('list') && !areEvents(resource),
    );
    const count = (resource: ServedResource) => countAll(client, resource, { namespace, signal });
    return mapAtMost(listsAtOnce, held, count, signal);
  }
  if (kind !== 'CustomResourceDefinition') return [];
  const { group, names } = (object as unknown as CustomResourceDefinition).spec;
  const resource = index.lookUp(`${names.plural}.${group}`);
  return resource === undefined ? [] : [await countAll(client, resource, { signal })];
}

async function countAll(
  client: Client,
  resource: ServedResource,
  place: { readonly namespace?: string | undefined; readonly signal: AbortSignal },
): Promise<Dependents[number]> {
  const list = await readable(client.list(resource, { ...place, limit: 1 }), place.signal);
  return { resource, count: (list?.items.length ?? 0) + (list?.remainingItemCount ?? 0) };
}

/** Kinds are looked through in turn until none of them has more that belongs to what was found. */
async function countOwned(
  client: Client,
  index: ResourceIndex,
  owners: readonly KubernetesObject[],
  { namespace, signal }: { readonly namespace: string | undefined; readonly signal: AbortSignal },
): Promise<Dependents> {
  const kinds = oftenOwned.flatMap((name) => index.lookUp(name) ?? []);
  const listOf = async (resource: ServedResource) => {
    const list = await readable(client.list(resource, { namespace, signal }), signal);
    return { resource, items: list?.items ?? [] };
  };
  const lists = await mapAtMost(listsAtOnce, kinds, listOf, signal);
  const gone = new Set(owners.map(({ metadata }) => metadata.uid ?? ''));
  const counts = new Map<ServedResource, number>();
  for (let before = 0; before < gone.size;) {
    before = gone.size;
    for (const { resource, items } of lists) {
      for (const { metadata } of items) {
        const references = metadata.ownerReferences ?? [];
        // Who has other owners as well stays.
        const goes = references.length > 0 && references.every((owner) => gone.has(owner.uid));
        if (!goes || gone.has(metadata.uid ?? '')) continue;
        gone.add(metadata.uid ?? '');
        counts.set(resource, (counts.get(resource) ?? 0) + 1);
      }
    }
  }
  return [...counts].map(([resource, count]) => ({ resource, count }));
}

/** A kind that is served in several versions holds its objects once. */
function once(resources: readonly ServedResource[]): readonly ServedResource[] {
  const first = new Map(resources.toReversed().map((resource) => [qualifiedResource(resource), resource]));
  return [...first.values()];
}

async function readable<T>(asked: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await asked;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
