import { aggregatedDiscovery } from '../../core/apiserver/handlers/discovery.ts';
import type { ContainerStreams } from '../../core/api/streams.ts';
import type { Cluster } from '../../core/client/cluster.ts';
import { createInformerFactory } from '../../core/client/informer-factory.ts';
import { ResourceIndex } from '../../core/client/resource-index.ts';
import type { Clock } from '../../core/machinery/clock.ts';
import type { OpenCluster } from '../../vscode-extension/session/cluster-session.ts';
import type { TestApi } from './api.ts';

const refuse = () => Promise.reject(new Error('This cluster runs no containers'));

const noContainers: ContainerStreams = {
  logs: () => ({ [Symbol.asyncIterator]: () => ({ next: refuse }) }),
  exec: refuse,
  attach: refuse,
  portForward: refuse,
};

/** An API in process as what is connected to: everything but containers and what is served. */
export function testCluster<C extends Clock>({ client, verbs }: TestApi<C>): Cluster {
  return {
    client,
    verbs,
    containers: noContainers,
    discover: () => Promise.reject(new Error('Ask the index')),
    openApi: () => Promise.reject(new Error('Ask the scheme')),
    version: () => Promise.resolve({ gitVersion: 'v1', wheelhouseVersion: 'test', store: 'memory' }),
    state: 'ready',
    onStateChange: () => () => {},
    connect: () => {},
    close: () => {},
  };
}

/** An API in process as the editor sees a cluster: everything but containers. Close it before the API. */
export function openTestCluster<C extends Clock>(api: TestApi<C>): OpenCluster & AsyncDisposable {
  const { client, scheme, clock, random } = api;
  const closing = new AbortController();
  const informers = createInformerFactory({ client, clock, random });
  const running = informers.run(closing.signal);
  const index = new ResourceIndex({
    items: (['core', 'named'] as const).flatMap((part) => aggregatedDiscovery(scheme, part).items ?? []),
  });
  return {
    context: { name: 'test', namespace: 'default', endpoint: 'in process' },
    cluster: testCluster(api),
    informers,
    signal: closing.signal,
    resources: () => Promise.resolve(index),
    async [Symbol.asyncDispose]() {
      closing.abort();
      await running;
    },
  };
}
