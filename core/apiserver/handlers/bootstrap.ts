import { unlessThere } from '../../api/errors.ts';
import { namespaces, priorityclasses, servicecidrs } from '../../api/generated/resources.ts';
import { systemPriorities } from '../../api/kinds/scheduling.ts';
import type { Resource } from '../../api/resource.ts';
import type { Verbs } from '../../api/verbs.ts';
import { defaultServiceCidr } from '../../registry/service/addresses.ts';

/** The namespaces every cluster has. */
const systemNamespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** What the cluster's own Pods are for; the values are fixed (pkg/apis/scheduling/v1/helpers.go). */
const systemClasses: Readonly<Record<string, string>> = {
  'system-node-critical': 'Used for system critical pods that must not be moved from their current node.',
  'system-cluster-critical':
    'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
};

/** Creates what must be there before anybody can use the cluster. Safe to repeat, and for several cores at once. */
export async function bootstrap(
  verbs: Verbs,
  serviceCidrs: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  for (const name of systemNamespaces) await ensure(verbs, namespaces, { metadata: { name } }, signal);
  const range = { metadata: { name: defaultServiceCidr }, spec: { cidrs: serviceCidrs } };
  await ensure(verbs, servicecidrs, range, signal);
  for (const [name, value] of systemPriorities) {
    const description = systemClasses[name];
    await ensure(verbs, priorityclasses, { metadata: { name }, value, description }, signal);
  }
}

async function ensure<T>(
  verbs: Verbs,
  { group, version, plural }: Resource<T>,
  object: object,
  signal: AbortSignal | undefined,
): Promise<void> {
  await unlessThere(
    verbs.create({ signal }, { group, version, resource: plural }, { kind: 'object', object }),
  );
}
