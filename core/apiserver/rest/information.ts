import { StatusError } from '../../api/errors.ts';
import type { Discovery } from '../../api/discovery.ts';
import type { Scheme } from '../../api/scheme.ts';
import { aggregatedDiscovery, apiGroupList, apiGroupOf, apiResourceList } from '../handlers/discovery.ts';
import type { Exchange } from './exchange.ts';
import { negotiate } from './negotiation.ts';
import type { RequestPath } from './request-info.ts';

/** One thing that must hold for the server to be well; named as in `/readyz/etcd`. */
export interface HealthCheck {
  readonly name: string;
  readonly check: (signal: AbortSignal) => Promise<void>;
  /** Checked by /livez too: the process should be started again when it fails. */
  readonly live: boolean;
}

const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const checkWithinMs = 5_000;

/** `/api`, `/apis` and what is below them without naming objects. */
export function serveDiscovery(
  exchange: Exchange,
  scheme: Scheme,
  path: Exclude<RequestPath, { kind: 'resource' | 'other' | 'root' }>,
): void {
  const notThere = () => new StatusError('NotFound', 'the server could not find the requested resource');
  switch (path.kind) {
    case 'groups': {
      const { as } = negotiate(exchange.request.headers.accept, { discovery: true });
      if (as === 'APIGroupDiscoveryList') {
        const list = aggregatedDiscovery(scheme, path.prefix === 'api' ? 'core' : 'named');
        return exchange.send(200, aggregatedType, JSON.stringify(list));
      }
      return exchange.sendJson(200, path.prefix === 'api' ? coreVersions(exchange) : apiGroupList(scheme));
    }
    case 'group': {
      const group = apiGroupOf(scheme, path.group);
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

/** `/healthz`, `/livez` and `/readyz`, each check on its own too, verbose and with exclusions as upstream. */
export async function serveHealth(
  exchange: Exchange,
  endpoint: string,
  only: string | undefined,
  checks: readonly HealthCheck[],
): Promise<void> {
  const query = exchange.url.searchParams;
  const excluded = query.getAll('exclude');
  const relevant = checks
    .filter(({ live }) => endpoint !== 'livez' || live)
    .filter(({ name }) => (only === undefined ? !excluded.includes(name) : name === only));
  if (only !== undefined && relevant.length === 0)
    throw new StatusError('NotFound', `there is no check "${only}"`);
  const signal = AbortSignal.any([exchange.signal, AbortSignal.timeout(checkWithinMs)]);
  const results = await Promise.allSettled(relevant.map(({ check }) => check(signal)));
  const failed = results.some(({ status }) => status === 'rejected');
  const lines = relevant.map(({ name }, index) =>
    results[index]?.status === 'fulfilled' ? `[+]${name} ok` : `[-]${name} failed: reason withheld`,
  );
  if (failed)
    return exchange.send(500, 'text/plain; charset=utf-8', `${lines.join('\n')}\n${endpoint} check failed\n`);
  const verbose = query.has('verbose') && only === undefined;
  exchange.send(
    200,
    'text/plain; charset=utf-8',
    verbose ? `${lines.join('\n')}\n${endpoint} check passed\n` : 'ok',
  );
}
