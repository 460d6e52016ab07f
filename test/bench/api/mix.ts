import type { ObjectTarget, Verbs } from '../../../core/api/verbs.ts';
import { atMost, costOf, durationOf, median, quantile, timed } from '../measure.ts';
import type { Measurement } from '../measure.ts';
import { clientCount, podPath, podsPath, storedPods, touch } from './bench.ts';
import type { Bench } from './bench.ts';
import type { Child } from './child.ts';
import type { Http2Client } from './http2-client.ts';
import { paced, saturated } from './load.ts';
import type { LoopReport } from './loop-watch.ts';
import { allPods, podBytes } from './stored-pods.ts';

const roundsInARow = 5;
const seconds = 1.5;
/** Of each client: twice what client-go sends unless told otherwise. */
const requestsPerSecond = 10;
const perSecond = clientCount * requestsPerSecond;

/**
 * Reads and, every fourth, writes of 64 clients that do not wait for each other. The floor reads the same bytes over
 * bare HTTP/2 and writes them straight to etcd, as often. Measured now and then while the rest is: what else happens on
 * the machine lasts longer than these rounds, and the best of them counts.
 */
export class Mix {
  readonly #bench: Bench;
  readonly #ours: Latencies = { reads: [], writes: [] };
  readonly #bare: Latencies = { reads: [], writes: [] };
  #round = 0;

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  async measure(): Promise<void> {
    const bench = this.#bench;
    await runMix(bench, `warm-${this.#round}`, seconds);
    for (let times = 0; times < roundsInARow; times++) {
      const round = this.#round++;
      keep(this.#ours, await bench.stalls.round('mix', bench, () => runMix(bench, `${round}`, seconds)));
      keep(this.#bare, await runFloor(bench, round));
    }
  }

  async measurements(): Promise<readonly Measurement[]> {
    const bench = this.#bench;
    const name = (what: string) => `${what}, ${clientCount} clients, ${perSecond} requests/s: p99`;
    const [ours, bare] = [this.#ours, this.#bare];
    return [
      atMost(name('REST get'), Math.min(...ours.reads), 5, 'ms', Math.min(...bare.reads)),
      durationOf('… in the middle round', median(ours.reads), median(bare.reads)),
      atMost(name('REST write'), Math.min(...ours.writes), 25, 'ms', Math.min(...bare.writes)),
      durationOf('… in the middle round', median(ours.writes), median(bare.writes)),
      costOf('CPU of core for a REST get', ...(await costs(bench, restGet(bench)))),
      costOf('CPU of core for a REST write', ...(await costs(bench, restWrite(bench)))),
      costOf('CPU of core for a gRPC get', ...(await costs(bench, grpcGet(bench)))),
      costOf('CPU of core for a gRPC write', ...(await costs(bench, grpcWrite(bench)))),
    ];
  }
}

/** In milliseconds. */
interface Latencies {
  readonly reads: number[];
  readonly writes: number[];
}

/** The 99th percentiles of a round. */
function keep(kept: Latencies, { reads, writes }: Latencies): void {
  kept.reads.push(quantile(reads, 0.99));
  kept.writes.push(quantile(writes, 0.99));
}

async function runMix({ clients }: Bench, round: string, duration: number): Promise<Latencies> {
  const reads: number[] = [];
  const writes: number[] = [];
  const created: string[] = [];
  await paced({ perSecond, seconds: duration }, async (index) => {
    const client = clients.of(index);
    if (index % 4 !== 0) reads.push(await timed(() => client.fetch(podPath(index * 37))));
    else writes.push(await timed(() => write(clients.of(index / 4), index / 4, round, created)));
  });
  return { reads, writes };
}

/** Half of them change, a quarter create, a quarter delete what was created before. */
async function write(client: Http2Client, index: number, round: string, created: string[]): Promise<void> {
  const doomed = index % 4 === 3 ? created.shift() : undefined;
  if (doomed !== undefined) {
    await client.fetch(`${podsPath}/${doomed}`, { method: 'DELETE' });
  } else if (index % 4 === 1) {
    const name = `mix-${round}-${index}`;
    const metadata = { name, namespace: 'default', labels: { app: 'mix' } };
    const spec = { schedulerName: 'nobody', containers: [{ name: 'main', image: 'main:1' }] };
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec });
    await client.fetch(podsPath, { method: 'POST', contentType: 'application/json', body });
    created.push(name);
  } else {
    await client.fetch(podPath(index * 37), touch());
  }
}

async function runFloor({ floorClients, store }: Bench, round: number): Promise<Latencies> {
  const reads: number[] = [];
  const writes: number[] = [];
  const value = Buffer.alloc(podBytes, 'x');
  await paced({ perSecond, seconds }, async (index) => {
    const key = `/floor/${round}/${index}`;
    if (index % 4 !== 0) reads.push(await timed(() => floorClients.of(index).fetch(`/${podBytes}`)));
    else
      writes.push(
        await timed(() => store.transact([{ key, modRevision: 0 }], [{ kind: 'put', key, value }], {})),
      );
  });
  return { reads, writes };
}

type Send = (index: number) => Promise<unknown>;

function restGet({ clients }: Bench): Send {
  return (index) => clients.of(index).fetch(podPath(index * 37));
}

function restWrite({ clients }: Bench): Send {
  return (index) => clients.of(index).fetch(podPath(index * 37), touch());
}

function grpcGet({ grpc }: Bench): Send {
  return (index) => verbsOf(grpc, index).get({}, podTarget(index * 37));
}

function grpcWrite({ grpc }: Bench): Send {
  return (index) => {
    const bytes = Buffer.from(touch().body);
    return verbsOf(grpc, index).patch({}, podTarget(index * 37), { type: 'merge', bytes });
  };
}

function verbsOf(grpc: Bench['grpc'], index: number): Verbs {
  const connection = grpc[index % grpc.length];
  if (connection === undefined) throw new Error('There are no connections');
  return connection.verbs;
}

function podTarget(index: number): ObjectTarget {
  return { ...allPods, name: `pod-${index % storedPods}` };
}

/** Microseconds of a core for a request, ours and bare HTTP/2's, when there are as many as will go. */
async function costs(
  bench: Bench,
  send: (index: number) => Promise<unknown>,
): Promise<readonly [number, number]> {
  const cost = async (process: Child, request: Send) => {
    await saturated({ workers: clientCount, seconds: 0.5 }, request);
    await process.call('report');
    const { times } = await saturated({ workers: clientCount, seconds: 2 }, request);
    return ((await process.call<LoopReport>('report')).cpuMs / times.length) * 1_000;
  };
  const ours = await bench.stalls.round('saturation', bench, () => cost(bench.core, send));
  return [ours, await cost(bench.floor, (index) => bench.floorClients.of(index).fetch(`/${podBytes}`))];
}
