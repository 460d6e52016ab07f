import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { put, remove } from '../../../test/conformance/storage-helpers.ts';
import { CacheScene, forever, key, next, settled, told } from '../../../test/environment/watch-cache.ts';
import { MemoryStore } from '../memory/store.ts';
import { StorageError } from '../storage.ts';

let scene: CacheScene;
beforeEach(() => {
  scene = new CacheScene();
});
afterEach(() => scene.stop());

describe('a broken upstream', () => {
  test('is resumed by a new list whose difference reaches the watchers as events', async () => {
    await put(scene.store, key('a', 'stays'), 'n1/stays');
    await put(scene.store, key('a', 'changes'), 'n1/before');
    await put(scene.store, key('a', 'goes'), 'n1/goes');
    const errors: unknown[] = [];
    const cache = await scene.started({ onError: (error) => errors.push(error) });
    const before = cache.revision;
    const unchanged = cache.get(key('a', 'stays'));
    const watch = cache.watch({ signal: forever });
    scene.store.interrupt(new StorageError('compacted', 'Cannot watch: compacted'));
    await put(scene.store, key('a', 'new'), 'n1/new');
    await put(scene.store, key('a', 'changes'), 'n1/after');
    await remove(scene.store, key('a', 'goes'));
    scene.store.restore();
    const batch = await next(watch);
    expect(told(batch)).toEqual(['added n1/new', 'modified n1/after', 'deleted n1/goes']);
    expect(batch.revision).toBe(await scene.store.revision({}));
    expect(cache.get(key('a', 'stays'))).toBe(unchanged);
    expect(errors.length).toBe(1);
    expect(() => cache.watch({ after: before, signal: forever })).toThrow(StorageError);
    await put(scene.store, key('a', 'live'), 'n1/live');
    expect(told(await next(watch))).toEqual(['added n1/live']);
  });

  test('is tried again with growing delays while the store is away, and reads go on from memory', async () => {
    const revision = await put(scene.store, key('a', 'p'), 'n1/0');
    const cache = await scene.started({ backoff: { initialMs: 100, maxMs: 1_000 } });
    scene.store.refuseLists = true;
    scene.store.interrupt(new StorageError('unavailable', 'Cannot reach the store'));
    scene.store.restore();
    await settled();
    for (const delayMs of [100, 200, 400]) {
      expect(scene.clock.nextTimerMs).toBe(delayMs);
      await scene.clock.advanceAsync(delayMs);
    }
    expect(cache.get(key('a', 'p'))?.modRevision).toBe(revision);
    expect((await cache.list()).items.length).toBe(1);
    scene.store.refuseLists = false;
    const later = await put(scene.store, key('a', 'p'), 'n1/1');
    await scene.clock.advanceAsync(800);
    await cache.waitFor(later);
  });

  test('leaves nothing behind of a first list that failed half-way', async () => {
    for (const name of ['goes', 'stays']) await put(scene.store, key('a', name), `n1/${name}`);
    const list = scene.store.list.bind(scene.store);
    let calls = 0;
    scene.store.list = async (prefix, options) => {
      if (++calls !== 2) return list(prefix, { ...options, limit: 1 });
      await remove(scene.store, key('a', 'goes'));
      throw new StorageError('unavailable', 'Cannot reach the store');
    };
    const starting = scene.started({ backoff: { initialMs: 100, maxMs: 100 } });
    await vi.waitFor(() => expect(calls).toBe(2));
    await settled();
    await scene.clock.advanceAsync(100);
    const cache = await starting;
    expect((await cache.list()).items.map(({ object }) => object.text)).toEqual(['n1/stays']);
    expect(cache.get(key('a', 'goes'))).toBeUndefined();
  });

  test('that comes back with an older revision is not believed', async () => {
    const revision = await put(scene.store, key('a', 'p'), 'n1/0');
    const errors: unknown[] = [];
    const cache = await scene.started({ onError: (error) => errors.push(error) });
    scene.store.replaceWith(new MemoryStore());
    await scene.clock.advanceAsync(60_000);
    expect(String(errors.at(-1))).toContain(`behind ${revision}`);
    expect(cache.get(key('a', 'p'))?.object.text).toBe('n1/0');
  });
});
