import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '../../core/client/grpc/connection.ts';
import { connect } from '../../core/client/grpc/connection.ts';
import { ensurePki } from '../../core/cmd/pki.ts';
import { systemClock } from '../../core/machinery/clock.ts';
import { EtcdStore } from '../../core/storage/etcd/store.ts';
import { startEtcd } from '../environment/etcd.ts';
import type { Bench } from './api/bench.ts';
import { clientCount, Stalls, storedPods } from './api/bench.ts';
import { startChild } from './api/child.ts';
import { Clients } from './api/http2-client.ts';
import type { Tls } from './api/http2-client.ts';
import { Lists } from './api/lists.ts';
import { measureMemory } from './api/memory.ts';
import { Mix } from './api/mix.ts';
import { fill } from './api/stored-pods.ts';
import { Watches } from './api/watches.ts';
import type { Measurement } from './measure.ts';

/** REST on a real etcd, clients and core in processes of their own: what it takes beside bare HTTP/2 and bare etcd. */
export async function measureApi(): Promise<readonly Measurement[]> {
  const directory = await mkdtemp(join(tmpdir(), 'wheelhouse-bench-'));
  const etcd = await startEtcd();
  const store = new EtcdStore({ endpoints: [etcd.endpoint], clock: systemClock });
  const { endpoint } = etcd;
  try {
    const { serverCa, admin } = await ensurePki(directory, systemClock);
    const tls: Tls = { ca: serverCa.cert, ...admin };
    await fill(store, 0, storedPods);
    const measured = await measureServing(endpoint, directory, tls, store);
    return [...measured, ...(await measureMemory({ endpoint, directory, tls, store }))];
  } finally {
    await store.close();
    await etcd.dispose();
    await rm(directory, { recursive: true, force: true });
  }
}

async function measureServing(
  endpoint: string,
  directory: string,
  tls: Tls,
  store: EtcdStore,
): Promise<readonly Measurement[]> {
  await using core = await startChild('api-server', endpoint, directory, 'core');
  await using floor = await startChild('api-floor', directory);
  await using clients = await Clients.connect(clientCount, await core.call<string>('address'), tls);
  await using floorClients = await Clients.connect(clientCount, await floor.call<string>('address'), tls);
  const endpointOfGrpc = await core.call<string>('grpcAddress');
  using grpc = connections(endpointOfGrpc, tls);
  const stalls = new Stalls();
  const bench: Bench = { core, floor, clients, grpc: grpc.all, floorClients, store, stalls };
  const mix = new Mix(bench);
  const lists = new Lists(bench);
  const watches = new Watches(bench);
  for (let times = 0; times < 3; times++) for (const part of [lists, mix, watches]) await part.measure();
  return [
    ...(await mix.measurements()),
    ...lists.measurements(),
    ...watches.measurements(),
    ...stalls.measurements(),
  ];
}

function connections(endpoint: string, tls: Tls): Disposable & { readonly all: readonly Connection[] } {
  const all = Array.from({ length: clientCount }, () => connect({ endpoint, tls, userAgent: 'bench/1.0' }));
  return {
    all,
    [Symbol.dispose]: () => {
      for (const connection of all) connection.close();
    },
  };
}
