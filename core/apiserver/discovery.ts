import type { Discovery, ServerVersion } from '../api/discovery.ts';
import type { Scheme } from '../api/scheme.ts';
import type { Aggregator } from './aggregation/aggregator.ts';
import { RemoteCalls } from './aggregation/remote-calls.ts';
import { withRemoteResources } from './aggregation/remote-discovery.ts';
import { PlainObject } from './handlers/plain-object.ts';
import { printableDiscovery } from './handlers/discovery.ts';
import type { OpenApiDocuments } from './openapi.ts';

/**
 * What this server tells about itself, in the form that gRPC hands on; REST has the same in the forms of its own. Encoded
 * once for each state of the scheme and of users' API servers.
 */
export function createDiscovery(
  scheme: Scheme,
  openApi: OpenApiDocuments,
  version: ServerVersion,
  aggregator?: Aggregator,
): Discovery {
  let encoded: Buffer | undefined;
  const forget = () => {
    encoded = undefined;
  };
  scheme.onChange(forget);
  aggregator?.onChange(forget);
  return {
    version: () => Promise.resolve(version),
    resources() {
      encoded ??= Buffer.from(
        JSON.stringify(withRemoteResources(printableDiscovery(scheme), aggregator?.remotes ?? [])),
      );
      return Promise.resolve(encoded);
    },
    async openApi(call, path) {
      const [apis, group = '', version = '', ...more] = path.split('/');
      // What follows could lead back up, to whatever else the server has.
      const isDocument = apis === 'apis' && more.length === 0;
      const remote = isDocument ? aggregator?.remoteOf(group, version) : undefined;
      if (remote !== undefined)
        return new PlainObject(
          await new RemoteCalls(remote.upstream, call).json('GET', `/openapi/v3/${path}`),
        ).bytes;
      return openApi.version3(path).bytes;
    },
  };
}
