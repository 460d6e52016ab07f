import type { APIService } from '../../core/api/generated/apiregistration-v1.ts';
import { apiservices, services } from '../../core/api/generated/resources.ts';
import type { KeyPair } from '../../core/machinery/pki/make-certificate.ts';
import { fortunesGroup, startExtensionServer } from './extension-server.ts';
import type { ExtensionServer } from './extension-server.ts';
import { clientPair, createRestApi } from './rest.ts';
import type { RestApi, RestApiOptions } from './rest.ts';

/** The APIService of the user's API server. */
export const name = `v1alpha1.${fortunesGroup}`;
export const base = `/apis/${fortunesGroup}/v1alpha1`;
export const fortunes = `${base}/namespaces/default/fortunes`;

/** A whole API, and behind one of its Services a user's API server that it hands requests on to. */
export class AggregationScene implements AsyncDisposable {
  readonly rest: RestApi;
  readonly extension: ExtensionServer;
  /** The certificate of somebody who may do nothing yet. */
  readonly ann: KeyPair;

  private constructor(rest: RestApi, extension: ExtensionServer, ann: KeyPair) {
    this.rest = rest;
    this.extension = extension;
    this.ann = ann;
  }

  static async create(options: RestApiOptions = {}): Promise<AggregationScene> {
    const rest = await createRestApi({ ...options, rbac: true, aggregation: true });
    const extension = await startExtensionServer(rest.pki.frontProxyCa);
    const ann = await clientPair(rest.pki.clientCa, 'O=developers, CN=Änn');
    const { client } = rest.api;
    await client.create(services, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'fortunes', namespace: 'default' },
      spec: { type: 'ExternalName', externalName: 'localhost' },
    });
    await client.create(apiservices, apiServiceOf(extension));
    const scene = new AggregationScene(rest, extension, ann);
    await scene.isTold('True', 'Passed');
    return scene;
  }

  /** Resolves with the condition once it says so. */
  async isTold(status: string, reason: string, of = name) {
    const over = new AbortController();
    const watch = { signal: over.signal, sendInitialEvents: true, allowBookmarks: true };
    try {
      for await (const batch of this.rest.api.client.watch(apiservices, watch))
        for (const event of batch) {
          if (event.type === 'BOOKMARK' || event.type === 'DELETED' || event.object.metadata.name !== of)
            continue;
          const [condition] = event.object.status.conditions ?? [];
          if (condition?.status === status && condition.reason === reason) return condition;
        }
    } finally {
      over.abort();
    }
    throw new Error('the watch ended');
  }

  /** What the server was asked last. */
  lastAsked() {
    const asked = this.extension.asked.at(-1);
    if (asked === undefined) throw new Error('nothing was asked');
    return asked;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.extension[Symbol.asyncDispose]();
    await this.rest[Symbol.asyncDispose]();
  }
}

function apiServiceOf({ caBundle, port }: ExtensionServer): APIService {
  return {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name },
    spec: {
      group: fortunesGroup,
      version: 'v1alpha1',
      groupPriorityMinimum: 1000,
      versionPriority: 10,
      service: { namespace: 'default', name: 'fortunes', port },
      caBundle,
    },
    status: {},
  };
}
