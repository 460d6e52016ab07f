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
import type { Exchange } from './exchange.ts';
import { negotiate } from './negotiation.ts';
import type { RequestPath } from './request-info.ts';

const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** `/api`, `/apis` and what is below them without naming objects. */
export function serveDiscovery(
  exchange: Exchange,
  scheme: Scheme,
  path: Exclude<RequestPath, { kind: 'resource' | 'other' | 'root' }>,
  remotes: readonly RemoteVersion[],
): void {
  const notThere = () => new StatusError('NotFound', 'the server could not find the requested resource');
  switch (path.kind) {
    case 'groups': {
      const { as } = negotiate(exchange.request.headers.accept, { discovery: true });
      if (as === 'APIGroupDiscoveryList') {
        const list = aggregatedDiscovery(scheme, path.prefix === 'api' ? 'core' : 'named');
        const whole = path.prefix === 'api' ? list : withRemoteResources(list, remotes);
        return exchange.send(200, aggregatedType, JSON.stringify(whole));
      }
      return exchange.sendJson(
        200,
        path.prefix === 'api' ? coreVersions(exchange) : withRemoteGroups(apiGroupList(scheme), remotes),
      );
    }
    case 'group': {
      const group = withRemoteVersions(apiGroupOf(scheme, path.group), path.group, remotes);
      if (group === undefined) throw notThere();
      return exchange.sendJson(200, group);
    }
    default: {
      const list = apiResourceList(scheme, path.group, path.version);
      if (list === undefined) throw notThere();
      return exchange.sendJson(200, list);
    }
  }
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
