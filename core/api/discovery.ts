import type { Call } from './verbs.ts';

/** What a server serves, as both front ends tell it and clients ask for it. Everything rejects with `StatusError`. */
export interface Discovery {
  version(call: Call): Promise<ServerVersion>;
  /**
   * An apidiscovery.k8s.io/v2 APIGroupDiscoveryList as JSON, the core group included; with custom kinds also their
   * `printerColumns` (CustomColumn): whoever may list objects may see them as a table, and need not be allowed to
   * read definitions for that.
   */
  resources(call: Call): Promise<Buffer>;
  /** OpenAPI v3 as JSON of one group version, such as "api/v1" or "apis/apps/v1". */
  openApi(call: Call, path: string): Promise<Buffer>;
}

export interface ServerVersion {
  /** The Kubernetes release whose API is served, such as "v1.36.2". */
  readonly gitVersion: string;
  readonly wheelhouseVersion: string;
  readonly store: 'etcd' | 'embedded' | 'memory';
}
