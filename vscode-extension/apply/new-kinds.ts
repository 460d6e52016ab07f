import { isEstablished } from '../../core/api/custom/conditions.ts';
import type { CustomResourceDefinition } from '../../core/api/generated/apiextensions-v1.ts';
import { customresourcedefinitions } from '../../core/api/generated/resources.ts';
import type { KubernetesObject } from '../../core/api/object.ts';
import { isSameResource, parseApiVersion } from '../../core/api/resource.ts';
import type { Client } from '../../core/client/client.ts';
import type { Manifest } from '../../core/client/manifests.ts';
import type { ServedResource } from '../../core/client/resource-index.ts';
import { isObject } from '../../core/machinery/json.ts';
import { isDefinition } from './apply-order.ts';

/** A definition that is fine is served at once; one that is not never is. */
const servedTimeoutMs = 10_000;

/** The kind of an object, where a definition among the manifests will make it one that is served. */
export function definedKind(
  { apiVersion = '', kind = '' }: KubernetesObject,
  manifests: readonly Manifest[],
): ServedResource | undefined {
  const { group, version } = parseApiVersion(apiVersion);
  for (const { object } of manifests) {
    if (!isDefinition(object)) continue;
    const { spec } = object as { spec?: unknown };
    if (!isObject(spec) || spec['group'] !== group || !isObject(spec['names'])) continue;
    const { kind: defined, plural, singular } = spec['names'];
    const versions = Array.isArray(spec['versions']) ? spec['versions'].filter(isObject) : [];
    if (defined !== kind || typeof plural !== 'string') continue;
    if (!versions.some(({ name, served }) => name === version && served === true)) continue;
    return {
      group,
      version,
      plural,
      kind,
      namespaced: spec['scope'] === 'Namespaced',
      singular: typeof singular === 'string' ? singular : '',
      shortNames: [],
      categories: [],
      verbs: [],
      subresources: [],
    };
  }
  return undefined;
}

/** Waits, where an object that was applied is a definition, until what it defines is served; never rejects. */
export async function untilServed(
  client: Client,
  applied: KubernetesObject,
  resource: ServedResource,
  signal: AbortSignal,
): Promise<void> {
  if (!isSameResource(resource, customresourcedefinitions)) return;
  if (isEstablished(applied as Partial<CustomResourceDefinition>)) return;
  const found = new AbortController();
  const limit = AbortSignal.any([signal, found.signal, AbortSignal.timeout(servedTimeoutMs)]);
  const { name = '', resourceVersion = '' } = applied.metadata;
  const options = { fieldSelector: `metadata.name=${name}`, resourceVersion, signal: limit };
  try {
    for await (const batch of client.watch(customresourcedefinitions, options))
      for (const event of batch) if (event.type !== 'BOOKMARK' && isEstablished(event.object)) return;
  } catch {
    // It was applied all the same; what is not served is refused when it is applied, with a reason.
  } finally {
    found.abort();
  }
}
