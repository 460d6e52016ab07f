import type { ObjectName } from '../../api/object.ts';
import type { ProxyDestination } from '../streaming/proxy-locations.ts';
import type { RequestPath } from './request-info.ts';
import type { StreamingSubresource } from './streams/upgrade.ts';

type ResourcePath = Extract<RequestPath, { kind: 'resource' }>;

export interface PodStream {
  readonly pod: ObjectName & { readonly namespace: string };
  readonly subresource: 'log' | StreamingSubresource;
}

/** Which subresource of which Pod a path names, where it is one that streams. */
export function podStream({ target, name, rest, watch }: ResourcePath): PodStream | undefined {
  const { group, resource, subresource, namespace } = target;
  if (rest !== '' || watch) return undefined;
  if (group !== '' || resource !== 'pods' || name === undefined || namespace === undefined) return undefined;
  switch (subresource) {
    case 'log':
    case 'exec':
    case 'attach':
    case 'portforward':
      return { pod: { namespace, name }, subresource };
    default:
      return undefined;
  }
}

/** What a path is a proxy to: of Pods, Services and nodes there is one. */
export function proxyDestination({
  target,
  name,
  watch,
}: ResourcePath): Omit<ProxyDestination, 'port'> | undefined {
  const { group, resource, subresource, namespace } = target;
  if (watch || group !== '' || subresource !== 'proxy' || name === undefined) return undefined;
  if (resource === 'nodes' && namespace === undefined) return { resource, namespace, name };
  if ((resource === 'pods' || resource === 'services') && namespace !== undefined)
    return { resource, namespace, name };
  return undefined;
}
