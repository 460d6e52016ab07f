import { StatusError } from '../../api/errors.ts';
import type { Discovery } from '../../api/discovery.ts';
import type { Scheme } from '../../api/scheme.ts';
import {
  withRemoteGroups,
  withRemoteResources,
  withRemoteVersions,
} from '../aggregation/remote-discovery.ts';
import type { RemoteVersion } from '../aggregation/remote-discovery.ts';
import { aggregatedDiscovery, apiGroupList, apiGroupOf, apiResourceList } from '../handlers/discovery.ts';
import type { HashedDocument } from '../openapi.ts';
import type { DiscoveryDocuments } from './discovery-documents.ts';
import { sendDocument } from './documents.ts';
import type { Exchange } from './exchange.ts';
import { sendInFormat } from './formats.ts';
import { representationFor } from './negotiation.ts';
import type { Representation } from './negotiation.ts';
import type { RequestPath } from './request-info.ts';

const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** `/api`, `/apis` and what is below them without naming objects. */
export function serveDiscovery(
  exchange: Exchange,
  documents: DiscoveryDocuments,
  path: Exclude<RequestPath, { kind: 'resource' | 'other' | 'root' }>,
): Promise<void> | void {
  if (path.kind === 'groups') {
    const wanted = representationFor(exchange.request, { discovery: true });
    const { as } = wanted;
    // It names the host that the client came to.
    if (as !== 'APIGroupDiscoveryList' && path.prefix === 'api')
      return sendInFormat(exchange, 200, JSON.stringify(coreVersions(exchange)), wanted);
    return send(exchange, documents.get(`groups ${path.prefix} ${as}`, makerOf(path.prefix, as)), wanted);
  }
  const wanted = representationFor(exchange.request, {});
  if (path.kind === 'group') {
    const { group } = path;
    return send(
      exchange,
      documents.get(`group ${group}`, (scheme, remotes) =>
        withRemoteVersions(apiGroupOf(scheme, group), group, remotes),
      ),
      wanted,
    );
  }
  const { group, version } = path;
  return send(
    exchange,
    documents.get(`version ${group}/${version}`, (scheme) => apiResourceList(scheme, group, version)),
    wanted,
  );
}

function makerOf(prefix: 'api' | 'apis', as: Representation['as']): Parameters<DiscoveryDocuments['get']>[1] {
  if (as !== 'APIGroupDiscoveryList')
    return (scheme, remotes) => withRemoteGroups(apiGroupList(scheme), remotes);
  return prefix === 'api'
    ? (scheme) => aggregatedDiscovery(scheme, 'core')
    : (scheme, remotes) => withRemoteResources(aggregatedDiscovery(scheme, 'named'), remotes);
}

function send(
  exchange: Exchange,
  document: HashedDocument | undefined,
  { as, format, pretty }: Representation,
): Promise<void> | void {
  if (document === undefined)
    throw new StatusError('NotFound', 'the server could not find the requested resource');
  const isAggregated = as === 'APIGroupDiscoveryList';
  const contentType = isAggregated ? aggregatedType : 'application/json';
  // Upstream: endpoints/discovery/aggregated/etag.go.
  if (isAggregated) exchange.response.setHeader('cache-control', 'public');
  // For people, who ask once.
  if (format === 'yaml' || pretty)
    return sendInFormat(exchange, 200, document.bytes, { format, pretty }, contentType);
  return sendDocument(exchange, document, contentType);
}

function coreVersions(exchange: Exchange) {
  const serverAddress =
    exchange.request.headers.host ?? (exchange.request.headers[':authority'] as string | undefined) ?? '';
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  };
}

/** `/version`, in upstream's form (apimachinery/pkg/version.Info). */
export async function serveVersion(exchange: Exchange, discovery: Discovery): Promise<void> {
  const { gitVersion, wheelhouseVersion } = await discovery.version(exchange.call);
  const [, major = '', minor = ''] = /^v(\d+)\.(\d+)/.exec(gitVersion) ?? [];
  exchange.sendJson(200, {
    major,
    minor,
    gitVersion: `${gitVersion}+wheelhouse.${wheelhouseVersion}`,
    gitCommit: '',
    gitTreeState: '',
    buildDate: '',
    goVersion: '',
    compiler: `node ${process.versions.node}`,
    platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  });
}

const otherPaths = ['/healthz', '/livez', '/metrics', '/openapi/v2', '/openapi/v3', '/readyz', '/version'];

/** What `GET /` lists: everything that can be asked for without naming an object. */
export function rootPaths(scheme: Scheme, remotes: readonly RemoteVersion[]): string[] {
  const versions = new Set(
    [...scheme.all(), ...remotes].flatMap(({ group, version }) =>
      group === '' ? [] : [`/apis/${group}`, `/apis/${group}/${version}`],
    ),
  );
  return ['/api', '/api/v1', '/apis', ...[...versions].sort(), ...otherPaths];
}
