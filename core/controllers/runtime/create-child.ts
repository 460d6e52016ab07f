import { isAlreadyExists, isNotFound, StatusError } from '../../api/errors.ts';
import type { KubernetesObject, New } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import type { Client } from '../../client/client.ts';
import { nameSuffix, type Random } from '../../machinery/random.ts';
import { controllerOf } from './owner-references.ts';

/** A name has at most 63 characters, five of them the suffix. */
const maxPrefix = 58;
const maxTries = 8;

/**
 * Creates a child under a name made here of its `generateName`. When the reply is lost, the name tells whether the
 * child was made: a create that is tried again for want of an answer is how two come to be where one was wanted.
 */
export async function createChild<T extends KubernetesObject>(
  client: Client,
  resource: Resource<T>,
  child: New<T>,
  random: Random,
  signal: AbortSignal,
): Promise<T> {
  const { generateName = '', ...metadata } = (child as unknown as KubernetesObject).metadata;
  for (let tries = 1; ; tries++) {
    const name = generateName.slice(0, maxPrefix) + nameSuffix(random);
    const named = { ...child, metadata: { ...metadata, name } } as unknown as New<T>;
    try {
      return await client.create(resource, named, { signal });
    } catch (error) {
      if (isAlreadyExists(error) && tries < maxTries) continue;
      if (!isAmbiguous(error) || signal.aborted) throw error;
      const made = await find(client, resource, { namespace: metadata.namespace, name }, signal);
      const owner = metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;
      if (made === undefined || controllerOf(made)?.uid !== owner) throw error;
      return made;
    }
  }
}

/** Whether a failed write may have been done all the same. */
function isAmbiguous(error: unknown): boolean {
  if (!(error instanceof StatusError)) return true;
  return error.code >= 500;
}

async function find<T extends KubernetesObject>(
  client: Client,
  resource: Resource<T>,
  name: { readonly namespace?: string | undefined; readonly name: string },
  signal: AbortSignal,
): Promise<T | undefined> {
  try {
    return await client.get(resource, name, { signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
