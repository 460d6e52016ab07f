import { isAlreadyExists } from '../../api/errors.ts';
import { namespaces } from '../../api/generated/resources.ts';
import type { Verbs } from '../../api/verbs.ts';

/** The namespaces every cluster has. */
const systemNamespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** Creates what must be there before anybody can use the cluster. Safe to repeat, and for several cores at once. */
export async function bootstrap(verbs: Verbs, signal?: AbortSignal): Promise<void> {
  const { group, version, plural } = namespaces;
  const call = signal === undefined ? {} : { signal };
  for (const name of systemNamespaces) {
    const body = { kind: 'object', object: { metadata: { name } } } as const;
    try {
      await verbs.create(call, { group, version, resource: plural }, body);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }
}
