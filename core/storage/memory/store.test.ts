import { describe, expect, test } from 'vitest';
import { put } from '../../../test/conformance/storage-helpers.ts';
import { MemoryStore } from './store.ts';

describe('MemoryStore', () => {
  test('compacts its oldest revisions beyond its bounds in number and bytes', async () => {
    const byNumber = new MemoryStore({ maxHistoryRevisions: 10 });
    const byBytes = new MemoryStore({ maxHistoryBytes: 5_000 });
    for (const store of [byNumber, byBytes]) {
      const first = await put(store, '/a', 'x'.repeat(1_000));
      for (let round = 0; round < 20; round++) await put(store, '/a', 'x'.repeat(1_000));
      await expect(store.list('/', { revision: first })).rejects.toMatchObject({ reason: 'compacted' });
      const newest = await store.revision({});
      await expect(store.list('/', { revision: newest })).resolves.toMatchObject({ revision: newest });
      await expect(store.list('/', { revision: newest - 2 })).resolves.toMatchObject({ remaining: 0 });
    }
  });

  test('a watch that falls out of the kept history throws "compacted" instead of skipping', async () => {
    const store = new MemoryStore({ maxHistoryRevisions: 10 });
    const after = await put(store, '/a', '0');
    await put(store, '/a', '1');
    const watching = store.watch('/', { after, signal: new AbortController().signal });
    expect((await watching.next()).value).toMatchObject({ changes: [{ kind: 'put' }] });
    for (let round = 0; round < 30; round++) await put(store, '/a', 'x');
    await expect(watching.next()).rejects.toMatchObject({ reason: 'compacted' });
  });

  test('a watch of a quiet prefix hears of others when it is asked, and now and then', async () => {
    const store = new MemoryStore();
    const stop = new AbortController();
    const told: number[] = [];
    const watching = (async () => {
      for await (const { revision, changes } of store.watch('quiet/', { after: 1, signal: stop.signal })) {
        expect(changes).toEqual([]);
        told.push(revision);
      }
    })();
    const write = async (times: number) => {
      for (let index = 0; index < times; index++) {
        const put = { kind: 'put', key: 'busy/a', value: Buffer.from('x') } as const;
        await store.transact([], [put], {});
      }
      // A call settles within the microtask queue, and so does what a watch tells of it.
      await new Promise((resolve) => setImmediate(resolve));
    };
    await write(50);
    expect(told).toEqual([]);
    store.requestProgress('busy/', 51);
    await write(0);
    expect(told).toEqual([]);
    store.requestProgress('quiet/', 51);
    await write(0);
    expect(told).toEqual([51]);
    // What was asked for before it is there is told when it is.
    store.requestProgress('quiet/', 53);
    await write(3);
    expect(told).toEqual([51, 53]);
    await write(200);
    expect(told).toEqual([51, 53, 153, 253]);
    stop.abort();
    await watching;
  });
});
