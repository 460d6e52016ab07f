import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../core/machinery/clock.ts';
import { EtcdStore } from '../../core/storage/etcd/store.ts';
import type { Change, Revision, WatchBatch } from '../../core/storage/storage.ts';
import { WatchCache } from '../../core/storage/watch-cache/cache.ts';
import type { TestEtcd } from '../environment/etcd.ts';
import { hasEtcd, startEtcd } from '../environment/etcd.ts';
import { freePorts } from '../environment/free-port.ts';
import { TcpProxy } from '../environment/tcp-proxy.ts';
import { bytes, collectUntil, put, putAll, remove, text } from './storage-helpers.ts';

describe.skipIf(!hasEtcd)('the etcd store, on a bad link (skipped without an "etcd" on the PATH)', () => {
  let etcd: TestEtcd;
  let proxy: TcpProxy;
  /** Through the proxy. */
  let store: EtcdStore;
  /** Not through the proxy. */
  let direct: EtcdStore;
  let root: string;
  let caseNumber = 0;

  beforeAll(async () => {
    etcd = await startEtcd();
    direct = new EtcdStore({ endpoints: [etcd.endpoint], clock: systemClock });
  });
  afterAll(async () => {
    await direct.close();
    await etcd.dispose();
  });
  beforeEach(async () => {
    root = `/registry/fault-${++caseNumber}/`;
    proxy = await TcpProxy.open(etcd.port);
    store = new EtcdStore({
      endpoints: [proxy.endpoint],
      clock: systemClock,
      callTimeoutMs: 400,
      timeoutMs: 4_000,
    });
    await store.health({});
  });
  afterEach(async () => {
    await store.close();
    await proxy.close();
  });

  describe('watches', () => {
    test('lose and repeat nothing when the link is cut again and again in the middle of a backlog', async () => {
      const start = await direct.revision({});
      for (let round = 0; round < 100; round++) {
        const keys = Array.from({ length: 30 }, (_, index) => `${root}${index}`);
        const writes = keys.map((key) => ({ kind: 'put', key, value: Buffer.alloc(4_000, round) }) as const);
        await direct.transact([], writes, {});
      }
      // etcd sends at most about 2 MB in one message, and 12 MB in all.
      proxy.cutEvery(3_000_000);
      const batches = await collectUntil(store, root, { after: start }, (seen) => seen.length >= 3_000);
      const changes = batches.flatMap((batch) => batch.changes);
      const { items } = await direct.list(root, {});
      expect(changes.slice(-30).map(revisionOf)).toEqual(
        items.map(({ modRevision }) => modRevision).toSorted((a, b) => a - b),
      );
      expect(changes.map((change) => change.kind === 'put' && change.entry.value[0])).toEqual(
        Array.from({ length: 3_000 }, (_, index) => Math.floor(index / 30)),
      );
      expect(new Set(changes.map(revisionOf)).size).toBe(3_000);
      expect(proxy.cuts).toBeGreaterThanOrEqual(3);
    });

    test('lose nothing when the link is cut while changes come in', async () => {
      const start = await direct.revision({});
      const watching = collectUntil(store, root, { after: start }, (seen) => seen.length >= 300);
      const expected: Revision[] = [];
      for (let index = 0; index < 300; index++) {
        expected.push(await put(direct, `${root}${index % 7}`, String(index)));
        if (index % 60 === 30) proxy.cut();
      }
      const changes = (await watching).flatMap((batch) => batch.changes);
      expect(changes.map(revisionOf)).toEqual(expected);
    });

    test('notice a black hole, dial again and resume', async () => {
      const start = await direct.revision({});
      const watching = collectUntil(store, root, { after: start }, (seen) => seen.length >= 2);
      const first = await put(direct, `${root}a`, '1');
      await store.health({});
      proxy.link = 'black-hole';
      const second = await put(direct, `${root}a`, '2');
      // A call that nobody answers gives the channel up, and with it the watch on it.
      const health = store.health({});
      await expect(store.get(`${root}a`, { signal: AbortSignal.timeout(600) })).rejects.toThrow('timeout');
      proxy.link = 'open';
      await health;
      expect((await watching).flatMap((batch) => batch.changes).map(revisionOf)).toEqual([first, second]);
    });

    test('go on after etcd was killed and came back', async () => {
      const start = await direct.revision({});
      const watching = collectUntil(store, root, { after: start }, (seen) => seen.length >= 2);
      const first = await put(direct, `${root}a`, '1');
      await etcd.kill();
      const writing = direct.transact(
        [{ key: `${root}a`, modRevision: first }],
        [{ kind: 'put', key: `${root}a`, value: bytes('2') }],
        {},
      );
      await etcd.start();
      const expected = [first, (await writing).revision];
      expect((await watching).flatMap((batch) => batch.changes).map(revisionOf)).toEqual(expected);
    });

    test('throw "compacted" when history was compacted while they were cut off', async () => {
      const after = await direct.revision({});
      const watching = store.watch(root, { after, signal: new AbortController().signal });
      const first = await put(direct, `${root}a`, '1');
      expect(await nextChange(watching)).toBe(first);
      proxy.link = 'down';
      await put(direct, `${root}a`, '2');
      await remove(direct, `${root}a`);
      await direct.compact(await direct.revision({}), {});
      proxy.link = 'open';
      await expect(nextChange(watching)).rejects.toMatchObject({ reason: 'compacted' });
    });

    test('bring large values through in pieces', async () => {
      const start = await direct.revision({});
      for (let index = 0; index < 12; index++) {
        const write = { kind: 'put', key: `${root}${index}`, value: Buffer.alloc(1_300_000, index) } as const;
        await direct.transact([], [write], {});
      }
      const batches = await collectUntil(store, root, { after: start }, (seen) => seen.length >= 12);
      const changes = batches.flatMap((batch) => batch.changes);
      expect(changes.map((change) => change.kind === 'put' && change.entry.value[1_299_999])).toEqual(
        Array.from({ length: 12 }, (_, index) => index),
      );
    });
  });

  describe('writes', () => {
    test('whose reply is lost are found and not repeated', async () => {
      proxy.link = 'no-replies';
      const creating = store.transact(
        [{ key: `${root}a`, modRevision: 0 }],
        [{ kind: 'put', key: `${root}a`, value: bytes('mine') }],
        {},
      );
      const seen = await untilThere(`${root}a`);
      proxy.link = 'open';
      const outcome = await creating;
      expect(outcome).toEqual({ committed: true, revision: seen });
      expect(await direct.get(`${root}a`, {})).toMatchObject({ createRevision: seen, modRevision: seen });
    });

    test('whose reply is lost are found even after others have changed and deleted the key', async () => {
      const created = await put(direct, `${root}a`, 'before');
      const lost = async (key: string, modRevision: number, meddle: () => Promise<unknown>) => {
        proxy.link = 'no-replies';
        const writing = store.transact(
          [{ key, modRevision }],
          [{ kind: 'put', key, value: bytes('mine') }],
          {},
        );
        const revision = await untilThere(key, modRevision);
        await meddle();
        proxy.link = 'open';
        expect(await writing).toEqual({ committed: true, revision });
      };
      await lost(`${root}a`, created, () => put(direct, `${root}a`, 'someone else'));
      await lost(`${root}b`, 0, () => remove(direct, `${root}b`));
      expect(await direct.get(`${root}b`, {})).toBeUndefined();
      expect(text(await direct.get(`${root}a`, {}))).toBe('someone else');
    });

    test('that never arrived are sent again, and fail if another was faster', async () => {
      proxy.link = 'no-requests';
      const create = (key: string) =>
        store.transact([{ key, modRevision: 0 }], [{ kind: 'put', key, value: bytes('mine') }], {});
      const [alone, late] = [create(`${root}alone`), create(`${root}late`)];
      const theirs = await put(direct, `${root}late`, 'theirs');
      await expect(store.health({ signal: AbortSignal.timeout(500) })).rejects.toThrow('timeout');
      proxy.link = 'open';
      expect(await alone).toMatchObject({ committed: true });
      expect(await late).toMatchObject({ committed: false, current: [{ modRevision: theirs }] });
      expect(text(await direct.get(`${root}alone`, {}))).toBe('mine');
    });

    test('without a condition are never sent twice: found, or of unknown outcome', async () => {
      proxy.link = 'no-replies';
      const found = put(store, `${root}a`, 'mine');
      const seen = await untilThere(`${root}a`);
      proxy.link = 'open';
      expect(await found).toBe(seen);
      proxy.link = 'no-requests';
      const lost = put(store, `${root}b`, 'mine');
      const expected = expect(lost).rejects.toMatchObject({ reason: 'unknown-outcome' });
      await expect(store.health({ signal: AbortSignal.timeout(500) })).rejects.toThrow('timeout');
      proxy.link = 'open';
      await expected;
      expect(await direct.get(`${root}b`, {})).toBeUndefined();
    });

    test('and reads end in time when etcd does not come back', async () => {
      const impatient = new EtcdStore({ endpoints: [proxy.endpoint], clock: systemClock, timeoutMs: 700 });
      proxy.link = 'down';
      await expect(impatient.get(`${root}a`, {})).rejects.toMatchObject({ reason: 'unavailable' });
      await expect(put(impatient, `${root}a`, 'x')).rejects.toMatchObject({ reason: 'unavailable' });
      proxy.link = 'open';
      await put(impatient, `${root}a`, 'x');
      await impatient.close();
    });
  });

  test('an endpoint that is dead is passed over for the next', async () => {
    const [dead = 0] = await freePorts(1);
    const endpoints = [`http://127.0.0.1:${dead}`, etcd.endpoint];
    const several = new EtcdStore({ endpoints, clock: systemClock, timeoutMs: 3_000 });
    await expect(put(several, `${root}a`, 'x')).resolves.toBeGreaterThan(0);
    await several.close();
  });

  test('changes of others in the same etcd are not delivered, but count as progress', async () => {
    const after = await direct.revision({});
    const controller = new AbortController();
    const theirs = await put(direct, `/somebody-else/${root}`, 'x');
    for await (const batch of store.watch(root, { after, signal: controller.signal })) {
      expect(batch.revision).toBeGreaterThanOrEqual(theirs);
      expect(batch.changes).toEqual([]);
      controller.abort();
    }
  });

  test('lists larger than one message may be come whole', async () => {
    for (let index = 0; index < 60; index++) {
      const write = { kind: 'put', key: `${root}${100 + index}`, value: Buffer.alloc(1_300_000) } as const;
      await direct.transact([], [write], {});
    }
    const large = new EtcdStore({ endpoints: [etcd.endpoint], clock: systemClock });
    const page = await large.list(root, {});
    expect(page.items.length).toBe(60);
    expect(page.items[59]?.value.length).toBe(1_300_000);
    await large.close();
  });

  test('a watch cache over it converges through cuts, a kill and a compaction', async () => {
    const cache = new WatchCache({
      store,
      prefix: root,
      clock: systemClock,
      decode: ({ value }) => value.toString(),
    });
    const controller = new AbortController();
    const running = cache.run(controller.signal);
    await cache.waitFor(0);
    const replica = new Map<string, string>();
    const following = (async () => {
      for await (const { events } of cache.watch({ initialEvents: true, signal: controller.signal })) {
        for (const { type, key, object } of events) {
          if (type === 'deleted') replica.delete(key);
          else replica.set(key, object);
        }
      }
    })();
    for (let round = 0; round < 6; round++) {
      await putAll(direct, [`${root}always-${round}`, `${root}sometimes-${round}`]);
      await remove(direct, `${root}sometimes-${round}`);
      await put(direct, `${root}counter`, String(round));
      if (round === 1) proxy.cut();
      if (round === 2) {
        await etcd.kill();
        await etcd.start();
      }
      if (round === 3) proxy.link = 'down';
      if (round === 4) {
        await direct.compact(await direct.revision({}), {});
        proxy.link = 'open';
      }
    }
    await cache.waitForCurrent({ timeoutMs: 10_000 });
    const { items, revision } = await direct.list(root, {});
    const stored = new Map(items.map((entry) => [entry.key, entry.value.toString()]));
    const cached = await cache.list();
    expect(new Map(cached.items.map((item) => [item.key, item.object]))).toEqual(stored);
    expect(cached.revision).toBeGreaterThanOrEqual(revision);
    expect(replica).toEqual(stored);
    controller.abort();
    await running;
    await following.catch(() => {});
  });

  /** The revision of a key once it is newer than `than`, read past the proxy. */
  async function untilThere(key: string, than: Revision = 0): Promise<Revision> {
    for (;;) {
      const entry = await direct.get(key, {});
      if (entry !== undefined && entry.modRevision > than) return entry.modRevision;
    }
  }
});

async function nextChange(watch: AsyncIterable<WatchBatch>): Promise<Revision> {
  for (;;) {
    const result = await watch[Symbol.asyncIterator]().next();
    if (result.done === true) throw new Error('The watch ended');
    const [change] = result.value.changes;
    if (change !== undefined) return revisionOf(change);
  }
}

function revisionOf(change: Change): Revision {
  return change.kind === 'put' ? change.entry.modRevision : change.revision;
}
