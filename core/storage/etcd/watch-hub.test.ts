import { getEventListeners } from 'node:events';
import { Duplex } from 'node:stream';
import { afterEach, expect, test, vi } from 'vitest';
import { nextTurn } from '../../machinery/next-turn.ts';
import { SteppedClock } from '../../machinery/stepped-clock.ts';
import { keyOf, revisionOf } from '../recent-changes.ts';
import type { WatchBatch } from '../storage.ts';
import { StorageError } from '../storage.ts';
import type { EtcdConnection } from './connection.ts';
import { endOf, etcdRevisionOf } from './revisions.ts';
import { WatchHub } from './watch-hub.ts';

const root = '/registry/';
const created = { created: true, canceled: false, fragment: false, compactRevision: 0, events: [] };

function putOf(key: string, modRevision: number) {
  const kv = { key: Buffer.from(key), value: Buffer.from('{}'), createRevision: modRevision, modRevision };
  return { ...created, created: false, events: [{ type: 0, kv, prevKv: null }] };
}

/** Each stream says what the next of `streams` holds (null ends it) and then nothing; without one, etcd is away. */
function scripted(...streams: (readonly unknown[])[]) {
  const clock = new SteppedClock();
  const errors: unknown[] = [];
  const connection = {
    ready: async () => {
      if (streams.length === 0) throw new StorageError('unavailable', 'Cannot reach etcd');
    },
    unary: async () => ({ header: { revision: 1 }, kvs: [], count: 0 }),
    stream: (_method: unknown, signal: AbortSignal) => {
      const call = new Duplex({
        objectMode: true,
        read: () => {},
        write: (_chunk, _encoding, done) => done(),
      });
      for (const message of streams.shift() ?? []) call.push(message);
      signal.addEventListener('abort', () => call.destroy(), { once: true });
      return { call, giveUp: () => call.destroy() };
    },
  } as unknown as EtcdConnection;
  const hub = new WatchHub(connection, clock, root, 5_000, (error) => errors.push(error));
  return { clock, errors, hub, streams };
}

/** What has come so far of a watch, and how it ended. */
function follow(hub: WatchHub, signal: AbortSignal) {
  const seen: { batches: WatchBatch[]; failure: unknown } = { batches: [], failure: undefined };
  const reading = async () => {
    for await (const batch of hub.watch(`${root}pods/`, 1, signal)) seen.batches.push(batch);
  };
  const ended = reading().catch((error: unknown) => {
    seen.failure = error;
  });
  return { seen, ended };
}

afterEach(() => {
  vi.restoreAllMocks();
});

test('a watch leaves nothing behind in the signals it is given, which may live as long as the process', async () => {
  const any = vi.spyOn(AbortSignal, 'any');
  const { clock, hub } = scripted([created, null], [created, null]);
  const stop = new AbortController();
  const { ended } = follow(hub, stop.signal);
  await clock.advanceAsync(1_000);
  expect(any).not.toHaveBeenCalled();
  expect(getEventListeners(stop.signal, 'abort').length).toBeGreaterThan(0);
  stop.abort();
  await ended;
  expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
});

test('a fault of our own ends the watch and is told to its reader, instead of being tried again for ever', async () => {
  const { clock, hub } = scripted([
    created,
    { ...created, created: false, events: [{ type: 0, kv: undefined }] },
  ]);
  const stop = new AbortController();
  const { seen, ended } = follow(hub, stop.signal);
  await clock.advanceAsync(10_000);
  expect(seen.failure).toBeInstanceOf(TypeError);
  stop.abort();
  await ended;
});

test('a hub that cannot connect again says so once, and goes on where it was when it can', async () => {
  const { clock, errors, hub, streams } = scripted([created, putOf(`${root}pods/a`, 2), null]);
  const stop = new AbortController();
  const { seen, ended } = follow(hub, stop.signal);
  await clock.advanceAsync(60_000);
  expect(seen.batches.map(({ revision }) => revision)).toEqual([endOf(2)]);
  expect(errors.map(String)).toEqual([
    `Error: Cannot watch "/registry/" in etcd after revision ${endOf(2)}: it is tried again until it works`,
  ]);
  streams.push([created, putOf(`${root}pods/b`, 3)]);
  await clock.advanceAsync(2_000);
  expect(seen.batches.map(({ revision }) => revision)).toEqual([endOf(2), endOf(3)]);
  stop.abort();
  await ended;
  expect(seen.failure).toBeUndefined();
});

test('what comes all at once is handed on a little at a time, each after what the one before set off', async () => {
  const revisions = Array.from({ length: 500 }, (_, index) => (index < 60 ? 2 : index));
  const events = revisions.flatMap((revision, index) => putOf(`${root}pods/p${index}`, revision).events);
  const { hub } = scripted([created, { ...created, created: false, events }]);
  const stop = new AbortController();
  const { seen, ended } = follow(hub, stop.signal);
  const told = () => seen.batches.flatMap(({ changes }) => changes);
  while (told().length < events.length) await nextTurn();
  expect(told().map(revisionOf).map(etcdRevisionOf)).toEqual(revisions);
  expect(new Set(told().map(keyOf)).size).toBe(events.length);
  expect(Math.max(...seen.batches.map(({ changes }) => changes.length))).toBe(10);
  expect(seen.batches.map(({ revision }) => etcdRevisionOf(revision))).toEqual(
    seen.batches.map((batch) => etcdRevisionOf(revisionOf(batch.changes.at(-1)!))),
  );
  stop.abort();
  await ended;
});
