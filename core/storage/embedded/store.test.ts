import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { collectUntil, put, putAll, remove, text } from '../../../test/conformance/storage-helpers.ts';
import { EmbeddedStore } from './store.ts';

let path: string;

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'wheelhouse-embedded-'));
});

afterEach(async () => {
  await rm(path, { recursive: true, force: true });
});

describe('EmbeddedStore', () => {
  test('keeps values, revisions and history over a restart', async () => {
    const before = EmbeddedStore.open({ path });
    const first = await put(before, '/a', 'one');
    await put(before, '/a', 'two');
    const last = await remove(before, '/a');
    await before.close();

    const after = EmbeddedStore.open({ path });
    expect(await after.revision({})).toBe(last);
    expect((await after.list('/', { revision: first })).items.map(text)).toEqual(['one']);
    const batches = await collectUntil(
      after,
      '/',
      { after: first, withPrevious: true },
      (seen) => seen.length > 1,
    );
    expect(batches.flatMap(({ changes }) => changes).map((change) => text(change.previous))).toEqual([
      'one',
      'two',
    ]);
    expect(await put(after, '/b', 'x')).toBe(last + 1);
    await after.close();
  });

  test('a compaction holds over a restart and leaves current values alone', async () => {
    const before = EmbeddedStore.open({ path });
    const first = await put(before, '/a', 'one');
    for (let round = 0; round < 700; round++) await put(before, '/b', String(round));
    const newest = await before.revision({});
    await before.compact(newest, {});
    await before.close();

    const after = EmbeddedStore.open({ path });
    await expect(after.list('/', { revision: first })).rejects.toMatchObject({ reason: 'compacted' });
    expect((await after.list('/', { revision: newest })).items.map(text)).toEqual(['one', '699']);
    await after.close();
  });

  test('counts what follows a page of the past only where that is asked for', async () => {
    const store = EmbeddedStore.open({ path });
    for (let index = 0; index < 10; index++) await put(store, `/a/${index}`, 'one');
    const revision = await store.revision({});
    await put(store, '/a/5', 'two');
    expect((await store.list('/a/', { revision, limit: 2 })).remaining).toBe(8);
    const page = await store.list('/a/', { revision, limit: 2, counted: false });
    expect(page).toMatchObject({ revision, remaining: 1, items: [{ key: '/a/0' }, { key: '/a/1' }] });
    // What was left in the middle holds nothing up.
    expect((await store.list('/a/', { revision, startAfter: '/a/4', limit: 1 })).items.map(text)).toEqual([
      'one',
    ]);
    expect((await store.list('/a/', { revision, startAfter: '/a/7', counted: false })).remaining).toBe(0);
    await store.close();
  });

  test('counts what follows a page of the past a slice at a time, and once for all its pages', async () => {
    const store = EmbeddedStore.open({ path });
    const keys = Array.from({ length: 1_300 }, (_, index) => `/a/${1_000 + index}`);
    for (let index = 0; index < keys.length; index += 100)
      await putAll(store, keys.slice(index, index + 100));
    const revision = await store.revision({});
    await remove(store, keys[700]!);
    const order: string[] = [];
    const other = new Promise((resolve) => {
      setImmediate(resolve);
    }).then(() => order.push('other'));
    const first = await store.list('/a/', { revision, limit: 100 });
    order.push('list');
    await other;
    expect(first.remaining).toBe(1_200);
    expect(order).toEqual(['other', 'list']);

    let startAfter = first.items.at(-1)!.key;
    for (let left = 1_000; left >= 0; left -= 200) {
      const page = await store.list('/a/', { revision, limit: 200, startAfter });
      expect(page.remaining).toBe(left);
      startAfter = page.items.at(-1)!.key;
    }
    expect((await store.list('/a/', { revision, limit: 1, startAfter: keys[1_000]! })).remaining).toBe(298);
    expect((await store.list('/', { revision, limit: 1, startAfter: keys[1_000]! })).remaining).toBe(298);
    await store.close();
  });

  test('wakes a watch for what is its own, and for the progress it is asked for', async () => {
    const store = EmbeddedStore.open({ path });
    const stop = new AbortController();
    const watch = store.watch('/quiet/', { after: await store.revision({}), signal: stop.signal });
    const first = watch.next();
    for (let index = 0; index < 20; index++) await put(store, '/busy/a', String(index));
    const revision = await put(store, '/quiet/a', 'x');
    expect(await first).toMatchObject({ value: { revision, changes: [{ kind: 'put' }] } });

    const progress = watch.next();
    const newest = await put(store, '/busy/a', 'last');
    store.requestProgress('/quiet/', newest);
    expect(await progress).toEqual({ done: false, value: { revision: newest, changes: [] } });
    const last = watch.next();
    stop.abort();
    expect((await last).done).toBe(true);
    await store.close();
  });

  test('refuses a folder that holds something else', async () => {
    expect(() => EmbeddedStore.open({ path: '/dev/null/nowhere' })).toThrow('Cannot open the embedded store');
  });
});
