import type { Discovery, ServerVersion } from '../api/discovery.ts';
import { StatusError } from '../api/errors.ts';
import type { Scheme } from '../api/scheme.ts';
import { aggregatedDiscovery } from './handlers/discovery.ts';

/** What both front ends tell about this server. Encoded once for each state of the scheme. */
export function createDiscovery(scheme: Scheme, version: ServerVersion): Discovery {
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
    openApi(_call, path) {
      return Promise.reject(new StatusError('NotFound', `OpenAPI of ${JSON.stringify(path)} is not served`));
    },
  };
}
