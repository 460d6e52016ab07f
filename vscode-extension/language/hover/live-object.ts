import type { KubernetesObject } from '../../../core/api/object.ts';
import type { JsonObject } from '../../../core/machinery/json.ts';
import { unlessAborted } from '../../../core/machinery/signals.ts';
import type { OpenCluster } from '../../session/cluster-session.ts';
import type { ManifestObject } from '../checks/manifest-objects.ts';
import { idOf } from '../references/object-index.ts';
import type { CheckSettings } from '../service/file-checker.ts';

/** What the cluster has in place of an object; undefined where there is none, or it does not say so before the signal. */
export async function liveObject(
  open: Pick<OpenCluster, 'cluster' | 'resources'>,
  object: ManifestObject,
  { model, namespace: defaultNamespace }: CheckSettings,
  signal: AbortSignal,
): Promise<JsonObject | undefined> {
  if (object.name === '') return undefined;
  const { group, kind, namespace, name } = idOf(object, model, defaultNamespace);
  const version = model.get(object.apiVersion, object.kind)?.version ?? '';
  try {
    // Many may wait for what is served, so it has a limit of its own.
    const served = await unlessAborted(open.resources(), signal);
    const resource = served.ofKind(group, version, kind);
    if (resource === undefined) return undefined;
    const target = namespace === undefined ? { name } : { namespace, name };
    const found = await open.cluster.client.get<KubernetesObject>(resource, target, { signal });
    return found as unknown as JsonObject;
  } catch {
    // Not there, not allowed or too slow: a hover is no place to complain.
    return undefined;
  }
}
