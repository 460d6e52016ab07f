import { isNotFound, StatusError } from '../../api/errors.ts';
import type { OwnerReference } from '../../api/generated/meta-v1.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { apiVersionOf, type Resource } from '../../api/resource.ts';
import type { Client } from '../../client/client.ts';
import type { LabelSelector } from '../../machinery/label-selector.ts';
import { controllerOf, controllerReference } from './owner-references.ts';

export interface Claim<Owner extends KubernetesObject, Child extends KubernetesObject> {
  readonly client: Client;
  readonly ownerResource: Resource<Owner>;
  readonly owner: Owner;
  readonly selector: LabelSelector;
  readonly childResource: Resource<Child>;
  /** Children by owner and orphans that may match: what is owned by others is left alone. */
  readonly candidates: Iterable<Child>;
  readonly signal: AbortSignal;
}

/**
 * The children of `owner`: those it owns and selects. Orphans it selects are adopted, and what it owns but no longer
 * selects is released, unless either is terminating (upstream: controller_ref_manager.go). Before the first adoption
 * the owner is read live, so that a cache that is behind cannot adopt for an owner that is gone or terminating.
 */
export async function claimChildren<Owner extends KubernetesObject, Child extends KubernetesObject>(
  claim: Claim<Owner, Child>,
): Promise<readonly Child[]> {
  const { owner, selector } = claim;
  const claimed: Child[] = [];
  let mayAdopt: Promise<void> | undefined;
  for (const child of claim.candidates) {
    const reference = controllerOf(child);
    const selected = selector.matches(child.metadata.labels);
    if (reference !== undefined) {
      if (reference.uid !== owner.metadata.uid) continue;
      if (selected) claimed.push(child);
      else if (owner.metadata.deletionTimestamp === undefined) await release(claim, child);
    } else if (selected && isAlive(owner) && isAlive(child)) {
      mayAdopt ??= checkOwnerAlive(claim);
      await mayAdopt;
      if (await adopt(claim, child)) claimed.push(child);
    }
  }
  return claimed;
}

/** Compares what a controller claims with a child's reference: resolves an owner's key from a child. */
export function refersTo<T extends KubernetesObject>(
  reference: OwnerReference | undefined,
  resource: Resource<T>,
): reference is OwnerReference {
  return (
    reference !== undefined &&
    reference.kind === resource.kind &&
    reference.apiVersion.split('/')[0] === apiVersionOf(resource).split('/')[0]
  );
}

function isAlive(object: KubernetesObject): boolean {
  return object.metadata.deletionTimestamp === undefined;
}

async function checkOwnerAlive<Owner extends KubernetesObject, Child extends KubernetesObject>({
  client,
  ownerResource,
  owner,
  signal,
}: Claim<Owner, Child>): Promise<void> {
  const { namespace, name = '', uid } = owner.metadata;
  const live = await client.get(ownerResource, { namespace, name }, { signal });
  const described = `${ownerResource.kind} "${namespace}/${name}"`;
  if (live.metadata.uid !== uid) {
    throw new Error(`Cannot adopt for ${described}: it was replaced (uid ${live.metadata.uid}, not ${uid})`);
  }
  if (!isAlive(live)) throw new Error(`Cannot adopt for ${described}: it is being deleted`);
}

/** Resolves to false when the child is gone. */
async function adopt<Owner extends KubernetesObject, Child extends KubernetesObject>(
  claim: Claim<Owner, Child>,
  child: Child,
): Promise<boolean> {
  const { client, ownerResource, owner, childResource, signal } = claim;
  const reference = controllerReference(ownerResource, owner);
  const ownerReferences = [...(child.metadata.ownerReferences ?? []), reference];
  return await patchReferences(client, childResource, child, ownerReferences, signal);
}

async function release<Owner extends KubernetesObject, Child extends KubernetesObject>(
  claim: Claim<Owner, Child>,
  child: Child,
): Promise<void> {
  const { client, owner, childResource, signal } = claim;
  const kept = child.metadata.ownerReferences?.filter(({ uid }) => uid !== owner.metadata.uid) ?? [];
  await patchReferences(client, childResource, child, kept.length === 0 ? null : kept, signal);
}

/** The resourceVersion in the patch makes it fail when somebody else changed the references meanwhile. */
async function patchReferences<Child extends KubernetesObject>(
  client: Client,
  resource: Resource<Child>,
  child: Child,
  ownerReferences: readonly OwnerReference[] | null,
  signal: AbortSignal,
): Promise<boolean> {
  const { namespace, name = '', uid, resourceVersion } = child.metadata;
  const patch = { metadata: { uid, resourceVersion, ownerReferences } };
  try {
    await client.patch(resource, { namespace, name }, 'merge', patch, { signal });
    return true;
  } catch (error) {
    if (isNotFound(error) || (error instanceof StatusError && error.reason === 'Invalid')) return false;
    throw error;
  }
}
