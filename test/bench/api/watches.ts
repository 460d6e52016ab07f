import type { ClientHttp2Stream } from 'node:http2';
import { atMost, durationOf, median, quantile, timed } from '../measure.ts';
import type { Measurement } from '../measure.ts';
import { podPath, podsPath, storedPods, touch } from './bench.ts';
import type { Bench } from './bench.ts';
import type { Clients } from './http2-client.ts';
import { Lateness, sharedNowMs } from './lateness.ts';
import { inParallel, paced } from './load.ts';
import { apps, makePods, podBytes } from './stored-pods.ts';

const watchers = 1_000;
const changesPerSecond = 1_000;
/** By way of REST: with more of them their clients and core want more than two cores. */
const restChangesPerSecond = 500;
const seconds = 2;
const roundsInARow = 2;
const changesAtOnce = 50;
const withinMs = 20_000;

/** How soon watchers are told, and what it costs to tell many of them the same. Measured now and then, as `Mix` is. */
export class Watches {
  readonly #bench: Bench;
  readonly #some: Delivery[] = [];
  readonly #all: Delivery[] = [];
  readonly #overRest: Delivery[] = [];
  readonly #ours: number[] = [];
  readonly #bare: number[] = [];

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  async measure(): Promise<void> {
    const bench = this.#bench;
    const { stalls, floor } = bench;
    const straight = await straightToEtcd(bench);
    for (let round = 0; round < roundsInARow; round++) {
      this.#some.push(await stalls.round('watch', bench, () => deliverToSome(bench, straight)));
      this.#all.push(await stalls.round('watch everything', bench, () => deliverToAll(bench, straight)));
      const rest = () => deliverToSome(bench, patches(bench));
      this.#overRest.push(await stalls.round('watch of REST writes', bench, rest));
      const path = await watchPath(bench);
      const send = () => broadcast(bench.clients, path, () => changeMany(bench));
      this.#ours.push(await stalls.round('broadcast', bench, send));
      const sendBare = () => floor.call('send', changesAtOnce * podBytes);
      this.#bare.push(await broadcast(bench.floorClients, '/follow', sendBare));
    }
  }

  measurements(): readonly Measurement[] {
    const name = (whose: string, changes: string) =>
      `${watchers} watchers${whose}, ${changes}/s: sent → seen, p99`;
    const [some, all, overRest] = [best(this.#some), best(this.#all), best(this.#overRest)];
    const stored = `${changesPerSecond} changes`;
    const rest = `${restChangesPerSecond} REST writes`;
    return [
      atMost(name(', each of its app', stored), some.p99, 50, 'ms', some.write),
      atMost(name(' of everything, in core', stored), all.p99, 50, 'ms', all.write),
      durationOf(name(', each of its app', rest), overRest.p99, overRest.write),
      durationOf(
        `${changesAtOnce} changes to ${watchers} watchers of everything`,
        median(this.#ours),
        median(this.#bare),
      ),
    ];
  }
}

/** What a machine does to four processes that want all of it is most of a 99th percentile. */
function best(deliveries: readonly Delivery[]): Delivery {
  return deliveries.reduce((a, b) => (b.p99 < a.p99 ? b : a));
}

interface Delivery {
  /** From the moment a change is sent to the moment a watcher has it. */
  readonly p99: number;
  /** How long until the writer was told. */
  readonly write: number;
}

/** Changes of which each says when it was sent. */
interface Changes {
  readonly perSecond: number;
  readonly send: (index: number) => Promise<unknown>;
}

/** As another core writes them: what a write takes here has a row of its own. */
async function straightToEtcd({ store }: Bench): Promise<Changes> {
  const podAt = await makePods();
  return {
    perSecond: changesPerSecond,
    send: (index) => {
      const { key, value } = podAt((index * 37) % storedPods, sharedNowMs());
      return store.transact([], [{ kind: 'put', key, value }], {});
    },
  };
}

function patches({ clients }: Bench): Changes {
  return {
    perSecond: restChangesPerSecond,
    send: (index) => clients.of(index).fetch(podPath(index * 37), touch()),
  };
}

/** Resolves to the 99th percentile of how long they took. */
async function make({ perSecond, send }: Changes): Promise<number> {
  return quantile(await paced({ perSecond, seconds }, send), 0.99);
}

/** Over TLS. Together they see every change once. */
async function deliverToSome(bench: Bench, changes: Changes): Promise<Delivery> {
  const lateness = new Lateness();
  const total = changes.perSecond * seconds;
  let onAll: () => void = () => {};
  const all = new Promise<void>((resolve) => (onAll = resolve));
  const path = await watchPath(bench);
  const streams = await follow(
    bench.clients,
    (index) => `${path}&labelSelector=app%3Dapp-${index % apps}`,
    (stream) => {
      let rest = '';
      stream.on('data', (chunk: Buffer) => {
        const lines = (rest + chunk.toString('latin1')).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) lateness.see(sentAt(line));
        if (lateness.seen >= total) onAll();
      });
    },
  );
  const write = await make(changes);
  await atMostMs(all, () => `Watchers saw ${lateness.seen} of ${total} changes`);
  await leave(streams);
  return { p99: lateness.quantile(0.99), write };
}

/** In core's own process: a thousand copies of all of it, 3 GB/s, are more than two cores can encrypt. */
async function deliverToAll(bench: Bench, changes: Changes): Promise<Delivery> {
  await bench.core.call('watch', watchers);
  const write = await make(changes);
  const p99 = await bench.core.call<number>('watched', changes.perSecond * seconds);
  return { p99, write };
}

/** How long it takes until everybody has so many changes, over TLS. */
async function broadcast(clients: Clients, path: string, trigger: () => Promise<unknown>): Promise<number> {
  const wanted = watchers * changesAtOnce * podBytes * 0.95;
  let bytes = 0;
  let onAll: () => void = () => {};
  const all = new Promise<void>((resolve) => (onAll = resolve));
  const streams = await follow(
    clients,
    () => path,
    (stream) => {
      stream.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes >= wanted) onAll();
      });
    },
  );
  const took = await timed(async () => {
    await trigger();
    await atMostMs(all, () => `Watchers saw ${bytes} of ${wanted} bytes`);
  });
  await leave(streams);
  return took;
}

function changeMany({ clients }: Bench): Promise<unknown> {
  return Promise.all(
    Array.from({ length: changesAtOnce }, (_, index) => clients.of(index).fetch(podPath(index), touch())),
  );
}

/** A watch that begins now. */
async function watchPath({ clients }: Bench): Promise<string> {
  let list = '';
  for await (const chunk of clients.of(0).open(`${podsPath}?limit=1`)) list += String(chunk);
  const { metadata } = JSON.parse(list) as { metadata: { resourceVersion: string } };
  return `${podsPath}?watch=true&resourceVersion=${metadata.resourceVersion}`;
}

/** So many come at once: a thousand requests in one millisecond would be a stall of the bench's own making. */
const atOnce = 20;

async function follow(
  clients: Clients,
  pathOf: (index: number) => string,
  read: (stream: ClientHttp2Stream) => void,
): Promise<readonly ClientHttp2Stream[]> {
  const streams: ClientHttp2Stream[] = [];
  await inParallel(atOnce, watchers, async (index) => {
    const stream = clients.of(index).open(pathOf(index));
    stream.on('error', () => undefined);
    const status = await new Promise((resolve) =>
      stream.once('response', (headers) => resolve(headers[':status'])),
    );
    if (status !== 200) throw new Error(`Cannot watch ${pathOf(index)}: ${String(status)}`);
    read(stream);
    streams.push(stream);
  });
  return streams;
}

function sentAt(text: string): number | undefined {
  const found = /"sent":"([\d.]+)"/.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** All in one moment, as when whatever stood between them and core goes. */
async function leave(streams: readonly ClientHttp2Stream[]): Promise<void> {
  await Promise.all(
    streams.map((stream) => {
      const closed = new Promise((resolve) => stream.once('close', resolve));
      stream.close();
      return closed;
    }),
  );
}

async function atMostMs(work: Promise<void>, describe: () => string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${describe()} within ${withinMs} ms`)), withinMs);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
