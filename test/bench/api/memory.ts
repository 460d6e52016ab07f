import { atMost } from '../measure.ts';
import type { Measurement } from '../measure.ts';
import { podsPath, storedPods } from './bench.ts';
import { startChild } from './child.ts';
import { Clients } from './http2-client.ts';
import type { Tls } from './http2-client.ts';
import type { LoopReport } from './loop-watch.ts';
import type { EtcdStore } from '../../../core/storage/etcd/store.ts';
import { fill } from './stored-pods.ts';

const many = 100_000;
const settleMs = 3_000;

interface Cluster {
  readonly endpoint: string;
  readonly directory: string;
  readonly tls: Tls;
  readonly store: EtcdStore;
}

/** What is resident after a start on a full store and a list of all of it: the API alone, and core as it is. */
export async function measureMemory(cluster: Cluster): Promise<readonly Measurement[]> {
  await fill(cluster.store, storedPods, many);
  const api = await resident(cluster, 'api');
  const core = await resident(cluster, 'core');
  return [
    atMost(`${many} Pods of 3 KB: the API, resident`, api, 600, 'MB'),
    atMost(`${many} Pods of 3 KB: core with scheduler and controllers`, core, 600, 'MB'),
  ];
}

async function resident({ endpoint, directory, tls }: Cluster, part: 'api' | 'core'): Promise<number> {
  await using server = await startChild('api-server', endpoint, directory, part);
  if (part === 'core') {
    await using clients = await Clients.connect(1, await server.call<string>('address'), tls);
    await clients.of(0).fetch(podsPath);
  } else {
    await server.call('list');
  }
  await new Promise((resolve) => setTimeout(resolve, settleMs));
  return (await server.call<LoopReport>('report')).residentMegabytes;
}
