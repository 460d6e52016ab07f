import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { put, remove } from '../../../test/conformance/storage-helpers.ts';
import { CacheScene, is, key, settled } from '../../../test/environment/watch-cache.ts';
import { deferred } from '../../machinery/deferred.ts';
import { parseLabelSelector } from '../../machinery/label-selector.ts';

let scene: CacheScene;
beforeEach(() => {
  scene = new CacheScene();
});
afterEach(() => scene.stop());

describe('reads', () => {
  test('get() and list() show what was stored before and after the cache began', async () => {
    await put(scene.store, key('a', 'one'), 'n1/1');
    const cache = await scene.started();
    expect(cache.get(key('a', 'one'))?.object.text).toBe('n1/1');
    const revision = await put(scene.store, key('b', 'two'), 'n1/2');
    await cache.waitFor(revision);
    const list = await cache.list();
    expect(list).toMatchObject({ revision, remaining: 0 });
    expect(list.items.map((item) => item.object.text)).toEqual(['n1/1', 'n1/2']);
    expect((await cache.list({ prefix: '/registry/pods/b/' })).items.length).toBe(1);
  });

  test('waitForCurrent() sees writes to other prefixes as progress', async () => {
    const cache = await scene.started();
    const revision = await put(scene.store, '/registry/nodes/n1', 'x');
    expect(await cache.waitForCurrent()).toBe(revision);
    expect((await cache.list()).revision).toBe(revision);
  });

  test('waitForCurrent() ends with its caller, whatever the store does', async () => {
    const cache = await scene.started();
    const answer = deferred<number>();
    vi.spyOn(scene.store, 'revision').mockReturnValue(answer.promise);
    const caller = new AbortController();
    let ended: unknown;
    const waiting = cache.waitForCurrent({ signal: caller.signal }).catch((error: unknown) => {
      ended = error;
    });
    caller.abort(new Error('enough'));
    await settled();
    expect(ended).toEqual(new Error('enough'));
    answer.resolve(cache.revision);
    await waiting;
  });

  test('waitFor() a revision that does not come is given up after three seconds', async () => {
    const cache = await scene.started();
    const waiting = cache.waitFor(1_000);
    const expected = expect(waiting).rejects.toMatchObject({ reason: 'unavailable' });
    scene.clock.advance(3_000);
    await expected;
    expect(scene.clock.pendingTimers).toBe(0);
  });

  test('pages of one list stay at its revision while the cache moves on', async () => {
    for (let index = 0; index < 5; index++) await put(scene.store, key('a', `p${index}`), `n1/${index}`);
    const cache = await scene.started();
    const first = await cache.list({ limit: 2 });
    expect(first.remaining).toBe(3);
    await remove(scene.store, key('a', 'p2'));
    await cache.waitFor(await put(scene.store, key('a', 'p3'), 'n1/changed'));
    scene.store.refuseLists = true;
    const { revision } = first;
    const second = await cache.list({ limit: 2, startAfter: first.items.at(-1)!.key, revision });
    expect(second).toMatchObject({ revision, remaining: 1 });
    expect(second.items.map((item) => item.object.text)).toEqual(['n1/2', 'n1/3']);
  });

  test('a page whose snapshot is gone comes from the store', async () => {
    for (let index = 0; index < 5; index++) await put(scene.store, key('a', `p${index}`), `n1/${index}`);
    const cache = await scene.started({ maxSnapshotAgeMs: 60_000 });
    const { revision } = await cache.list({ limit: 2 });
    await cache.waitFor(await remove(scene.store, key('a', 'p3')));
    scene.clock.advance(60_000);
    const rest = await cache.list({
      startAfter: key('a', 'p1'),
      revision,
      filter: (pod) => pod.text !== 'n1/2',
    });
    expect(rest.items.map((item) => item.object.text)).toEqual(['n1/3', 'n1/4']);
    await scene.store.compact(await scene.store.revision({}));
    await expect(cache.list({ revision })).rejects.toMatchObject({ reason: 'compacted' });
  });

  test('a filter that takes nothing costs the store no more calls for a small page than for a large one', async () => {
    for (let index = 0; index < 50; index++)
      await put(scene.store, key('a', `p${10 + index}`), `n1/${index}`);
    const cache = await scene.started();
    const { revision } = cache;
    await cache.waitFor(await remove(scene.store, key('a', 'p30')));
    const list = vi.spyOn(scene.store, 'list');
    expect((await cache.list({ revision, limit: 1, filter: () => false })).items).toEqual([]);
    expect(list).toHaveBeenCalledTimes(1);
    const index = { name: 'node', value: 'n1' };
    expect(await cache.list({ revision, limit: 2, index })).toMatchObject({ remaining: 48 });
    expect(await cache.list({ revision, limit: 3 })).toMatchObject({ remaining: 47 });
  });

  test('an index finds its items, at an older revision too', async () => {
    await put(scene.store, key('a', 'p0'), 'n1/0');
    await put(scene.store, key('a', 'p1'), 'n2/1');
    await put(scene.store, key('b', 'p2'), 'n1/2');
    const cache = await scene.started();
    const index = { name: 'node', value: 'n1' };
    const before = await cache.list({ index, limit: 1 });
    expect(before).toMatchObject({ remaining: 1, items: [{ object: { text: 'n1/0' } }] });
    await put(scene.store, key('a', 'p0'), 'n2/moved');
    await cache.waitFor(await remove(scene.store, key('a', 'p1')));
    const now = await cache.list({ index: { name: 'node', value: 'n2' } });
    expect(now.items.map((item) => item.object.text)).toEqual(['n2/moved']);
    const then = await cache.list({ index, revision: before.revision, startAfter: before.items[0]!.key });
    expect(then.items.map((item) => item.object.text)).toEqual(['n1/2']);
    await expect(cache.list({ index: { name: 'colour', value: 'red' } })).rejects.toThrow('"colour"');
  });

  test('labels find their items in pages, in key order, whether few or many have them', async () => {
    for (let index = 0; index < 40; index++)
      await put(scene.store, key('a', `p${10 + index}`), `n1/${index % 20 === 0 ? 'rare' : 'often'}`);
    const cache = await scene.started();
    const names = (list: { items: readonly { key: string }[] }) => list.items.map((item) => item.key);
    const rare = await cache.list({ labels: is('rare') });
    expect(names(rare)).toEqual([key('a', 'p10'), key('a', 'p30')]);
    const first = await cache.list({ labels: is('rare'), limit: 1 });
    expect({ names: names(first), remaining: first.remaining }).toEqual({
      names: [key('a', 'p10')],
      remaining: 1,
    });
    await cache.waitFor(await remove(scene.store, key('a', 'p30')));
    const { revision } = first;
    expect(names(await cache.list({ labels: is('rare'), revision, startAfter: key('a', 'p10') }))).toEqual([
      key('a', 'p30'),
    ]);
    expect(names(await cache.list({ labels: is('rare') }))).toEqual([key('a', 'p10')]);
    expect((await cache.list({ labels: is('often') })).items.length).toBe(38);
    expect((await cache.list({ labels: is('rare'), prefix: '/registry/pods/b/' })).items).toEqual([]);
    expect((await cache.list({ labels: is('rare'), filter: () => false })).items).toEqual([]);
  });

  test('of those that labels find, a filter sees no more than a page, and others have their turn meanwhile', async () => {
    for (let index = 0; index < 800; index++)
      await put(scene.store, key('a', `p${1_000 + index}`), `n1/${index % 10 === 0 ? 'rare' : 'often'}`);
    const cache = await scene.started();
    let seen = 0;
    const filter = () => {
      seen++;
      scene.clock.advance(1);
      return true;
    };
    const first = await cache.list({ labels: is('rare'), limit: 2, filter });
    expect(first.items.map((item) => item.key)).toEqual([key('a', 'p1000'), key('a', 'p1010')]);
    expect(first.remaining).toBeGreaterThan(0);
    expect(seen).toBeLessThanOrEqual(3);

    const order: string[] = [];
    const listing = cache
      .list({ labels: is('rare'), filter })
      .then(({ items }) => order.push(`${items.length}`));
    const other = settled().then(() => order.push('other'));
    await Promise.all([listing, other]);
    expect(order).toEqual(['other', '80']);
  });

  test('a page of those that labels find is followed by what there was at its revision', async () => {
    for (let index = 0; index < 800; index++)
      await put(scene.store, key('a', `p${1_000 + index}`), `n1/${index % 10 === 0 ? 'rare' : 'often'}`);
    const cache = await scene.started();
    // The cache goes on while the page is looked through.
    let changed: Promise<unknown> | undefined;
    const filter = () => {
      scene.clock.advance(1);
      changed ??= remove(scene.store, key('a', 'p1790'));
      return true;
    };
    const first = await cache.list({ labels: is('rare'), limit: 70, filter });
    await changed;
    await cache.waitFor(first.revision + 1);
    scene.store.refuseLists = true;
    const startAfter = first.items.at(-1)!.key;
    const rest = await cache.list({ labels: is('rare'), revision: first.revision, startAfter });
    expect(rest.items.at(-1)?.key).toBe(key('a', 'p1790'));
  });

  test('labels find their items where each item has its own, too', async () => {
    for (let index = 0; index < 20; index++)
      await put(scene.store, key('a', `p${10 + index}`), `n1/${index}`);
    const cache = await scene.started();
    const { items } = await cache.list({ labels: parseLabelSelector('text in (3,7)') });
    expect(items.map((item) => item.object.text)).toEqual(['n1/3', 'n1/7']);
  });

  test('a value that cannot be decoded is reported and left out', async () => {
    const errors: unknown[] = [];
    const cache = await scene.started({ onError: (error) => errors.push(error) });
    await put(scene.store, key('a', 'good'), 'n1/good');
    await cache.waitFor(await put(scene.store, key('a', 'bad'), 'broken'));
    expect((await cache.list()).items.length).toBe(1);
    expect(String(errors[0])).toContain(key('a', 'bad'));
  });
});
