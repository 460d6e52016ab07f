import type { Discovery, ServerVersion } from '../api/discovery.ts';
import type { Scheme } from '../api/scheme.ts';
import { aggregatedDiscovery } from './handlers/discovery.ts';
import type { OpenApiDocuments } from './openapi.ts';

/** What both front ends tell about this server. Encoded once for each state of the scheme. */
export function createDiscovery(
  scheme: Scheme,
  openApi: OpenApiDocuments,
  version: ServerVersion,
): Discovery {
  let encoded: Buffer | undefined;
  scheme.onChange(() => {
    encoded = undefined;
  });
  return {
    version: () => Promise.resolve(version),
    resources() {
      encoded ??= Buffer.from(JSON.stringify(aggregatedDiscovery(scheme)));
      return Promise.resolve(encoded);
    },
    async openApi(_call, path) {
      return openApi.version3(path).bytes;
    },
  };
}
