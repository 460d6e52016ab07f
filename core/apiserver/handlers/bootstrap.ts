import { isAlreadyExists } from '../../api/errors.ts';
import { namespaces, servicecidrs } from '../../api/generated/resources.ts';
import type { Resource } from '../../api/resource.ts';
import type { Verbs } from '../../api/verbs.ts';
import { defaultServiceCidr } from '../../registry/service/addresses.ts';

/** The namespaces every cluster has. */
const systemNamespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** Creates what must be there before anybody can use the cluster. Safe to repeat, and for several cores at once. */
export async function bootstrap(
  verbs: Verbs,
  serviceCidrs: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  for (const name of systemNamespaces) await ensure(verbs, namespaces, { metadata: { name } }, signal);
  const range = { metadata: { name: defaultServiceCidr }, spec: { cidrs: serviceCidrs } };
  await ensure(verbs, servicecidrs, range, signal);
}

async function ensure<T>(
  verbs: Verbs,
  { group, version, plural }: Resource<T>,
  object: object,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    const call = signal === undefined ? {} : { signal };
    await verbs.create(call, { group, version, resource: plural }, { kind: 'object', object });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
