import { atMost } from '../measure.ts';
import type { Measurement } from '../measure.ts';
import { podsPath, storedPods } from './bench.ts';
import { startChild } from './child.ts';
import { Clients } from './http2-client.ts';
import type { Tls } from './http2-client.ts';
import type { LoopReport } from './loop-watch.ts';
import type { EtcdStore } from '../../../core/storage/etcd/store.ts';
import { fill, podBytes } from './stored-pods.ts';

const many = 100_000;
const settleMs = 3_000;
/** In which an idle process gives memory back, not without working. */
const idleMs = 20_000;

interface Resident {
  readonly megabytes: number;
  readonly stallMs: number;
}

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
  const bytes = (many * podBytes) / 2 ** 20;
  return [
    atMost(`${many} Pods of 3 KB: the API, resident, beside their bytes`, api.megabytes, 600, 'MB', bytes),
    atMost(`${many} Pods of 3 KB: core with scheduler and controllers`, core.megabytes, 600, 'MB', bytes),
    atMost('… and the longest stall of either', Math.max(api.stallMs, core.stallMs), 50, 'ms'),
  ];
}

async function resident({ endpoint, directory, tls }: Cluster, part: 'api' | 'core'): Promise<Resident> {
  await using server = await startChild('api-server', endpoint, directory, part);
  // What a start takes is no stall: nobody is served yet.
  await server.call('report');
  if (part === 'core') {
    await using clients = await Clients.connect(1, await server.call<string>('address'), tls);
    await clients.of(0).fetch(podsPath);
  } else {
    await server.call('list');
  }
  await new Promise((resolve) => setTimeout(resolve, settleMs));
  const served = await server.call<LoopReport>('report');
  await new Promise((resolve) => setTimeout(resolve, idleMs));
  const idle = await server.call<LoopReport>('report');
  return { megabytes: served.residentMegabytes, stallMs: Math.max(served.stallMs, idle.stallMs) };
}
