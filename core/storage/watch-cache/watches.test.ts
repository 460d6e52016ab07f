import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { put, remove } from '../../../test/conformance/storage-helpers.ts';
import { CacheScene, forever, is, key, next, settled, told } from '../../../test/environment/watch-cache.ts';
import { StorageError } from '../storage.ts';
import type { Revision } from '../storage.ts';
import { WatchCache } from './cache.ts';
import { parseLabelSelector } from '../../machinery/label-selector.ts';

let scene: CacheScene;
beforeEach(() => {
  scene = new CacheScene();
});
afterEach(() => scene.stop());

describe('watches', () => {
  test('from a revision deliver everything after it, then live', async () => {
    const cache = await scene.started();
    const after = await put(scene.store, key('a', 'p'), 'n1/0');
    await put(scene.store, key('a', 'p'), 'n1/1');
    await cache.waitFor(await remove(scene.store, key('a', 'p')));
    const watch = cache.watch({ after, signal: forever });
    expect(told(await next(watch))).toEqual(['modified n1/1', 'deleted n1/1']);
    await put(scene.store, key('a', 'q'), 'n1/2');
    expect(told(await next(watch))).toEqual(['added n1/2']);
  });

  test('that end are not looked for any further', async () => {
    for (let index = 0; index < 1_200; index++)
      await put(scene.store, key('a', `p${1_000 + index}`), `n1/${index}`);
    const cache = await scene.started();
    const { revision: after } = cache;
    for (let index = 0; index < 300; index++)
      await cache.waitFor(await put(scene.store, key('a', 'p1000'), `n1/${index}`));
    for (const from of [{ initialEvents: true }, { after }]) {
      const ending = new AbortController();
      let looked = 0;
      const filter = () => {
        // Each takes its time; the reader goes while nothing was found for it yet.
        scene.clock.advance(1);
        if (++looked === 10) ending.abort();
        return false;
      };
      const watch = cache.watch({ ...from, filter, signal: ending.signal });
      expect(await watch.next()).toEqual({ done: true, value: undefined });
      expect(looked).toBeLessThan(200);
    }
  });

  test('initial events end with a mark and leave no gap before the live ones', async () => {
    for (let index = 0; index < 1_200; index++)
      await put(scene.store, key('a', `p${1_000 + index}`), `n1/${index}`);
    const cache = await scene.started();
    const { revision } = cache;
    const watch = cache.watch({ initialEvents: true, signal: forever });
    const first = await next(watch);
    await cache.waitFor(await put(scene.store, key('a', 'p1000'), 'n1/live'));
    const initial = [first];
    while (!initial.at(-1)!.initialEventsEnd) initial.push(await next(watch));
    expect(initial.flatMap((batch) => batch.events).length).toBe(1_200);
    expect(initial.map((batch) => batch.revision)).toEqual(initial.map(() => revision));
    expect(told(await next(watch))).toEqual(['modified n1/live']);
  });

  test('turn a change that starts or stops to match into added and deleted', async () => {
    const cache = await scene.started();
    const watch = cache.watch({ filter: (pod) => pod.text.endsWith('yes'), signal: forever });
    const revisions: Revision[] = [];
    for (const text of ['n1/no', 'n1/yes', 'n2/yes', 'n1/no', 'n2/no', 'n3/yes']) {
      revisions.push(await put(scene.store, key('a', 'p'), text));
    }
    await cache.waitFor(revisions.at(-1)!);
    const { events } = await next(watch);
    expect(
      events.map(({ type, object, revision }) => [type, object.text, revisions.indexOf(revision)]),
    ).toEqual([
      ['added', 'n1/yes', 1],
      ['modified', 'n2/yes', 2],
      ['deleted', 'n2/yes', 3],
      ['added', 'n3/yes', 5],
    ]);
  });

  test('by index follow an object from one value to the next', async () => {
    const cache = await scene.started();
    const on = (value: string) => cache.watch({ index: { name: 'node', value }, signal: forever });
    const [one, two] = [on('n1'), on('n2')];
    await put(scene.store, key('a', 'p'), 'n1/0');
    expect(told(await next(one))).toEqual(['added n1/0']);
    await put(scene.store, key('a', 'p'), 'n2/1');
    expect(told(await next(one))).toEqual(['deleted n1/0']);
    expect(told(await next(two))).toEqual(['added n2/1']);
  });

  test('by labels are told of what starts and stops to have them, whoever else watches', async () => {
    const cache = await scene.started();
    const yes = cache.watch({ labels: is('yes'), signal: forever });
    await put(scene.store, key('a', 'p'), 'n1/no');
    await cache.waitFor(await put(scene.store, key('a', 'p'), 'n1/yes'));
    expect(told(await next(yes))).toEqual(['added n1/yes']);
    const elsewhere = cache.watch({ labels: is('no'), prefix: '/registry/pods/b/', signal: forever });
    const no = cache.watch({ labels: is('no'), signal: forever });
    await put(scene.store, key('b', 'q'), 'n1/no');
    await cache.waitFor(await put(scene.store, key('a', 'p'), 'n2/no'));
    expect(told(await next(yes))).toEqual(['deleted n1/yes']);
    expect(told(await next(no))).toEqual(['added n1/no', 'added n2/no']);
    expect(told(await next(elsewhere))).toEqual(['added n1/no']);
    for (const watch of [yes, no, elsewhere]) await watch.return?.();
    expect(cache.watchers).toBe(0);
  });

  test('by several values of a label, or by its absence, are told of each change once', async () => {
    const cache = await scene.started();
    const watch = (selector: string) =>
      cache.watch({ labels: parseLabelSelector(selector), signal: forever });
    const watches = [watch('text in (a,b)'), watch('text notin (a,b)'), watch('text,text!=c')] as const;
    const [either, neither, notC] = watches;
    for (const text of ['a', 'b', 'c']) await put(scene.store, key('a', 'p'), `n1/${text}`);
    await cache.waitFor(await put(scene.store, key('a', 'q'), 'n1/d'));
    expect(told(await next(either))).toEqual(['added n1/a', 'modified n1/b', 'deleted n1/b']);
    expect(told(await next(neither))).toEqual(['added n1/c', 'added n1/d']);
    expect(told(await next(notC))).toEqual(['added n1/a', 'modified n1/b', 'deleted n1/b', 'added n1/d']);
    for (const each of watches) await each.return?.();
    expect(cache.watchers).toBe(0);
  });

  test('see only their namespace or their key, and share one event object', async () => {
    const cache = await scene.started();
    const space = cache.watch({ prefix: '/registry/pods/a/', signal: forever });
    const one = cache.watch({ key: key('a', 'web'), signal: forever });
    const all = cache.watch({ signal: forever });
    await put(scene.store, key('ab', 'web'), 'n1/elsewhere');
    await put(scene.store, key('a', 'web-1'), 'n1/neighbour');
    await cache.waitFor(await put(scene.store, key('a', 'web'), 'n1/web'));
    expect(told(await next(space))).toEqual(['added n1/neighbour', 'added n1/web']);
    const [batchOfOne, batchOfAll] = [await next(one), await next(all)];
    expect(told(batchOfOne)).toEqual(['added n1/web']);
    expect(batchOfAll.events.at(-1)).toBe(batchOfOne.events[0]);
  });

  test('of everything are handed the same batch where they read together, and each from its own place', async () => {
    const cache = await scene.started();
    const [one, two] = [cache.watch({ signal: forever }), cache.watch({ signal: forever })];
    await put(scene.store, key('a', 'p'), 'n1/0');
    expect(told(await next(one))).toEqual(['added n1/0']);
    const late = cache.watch({ signal: forever });
    await cache.waitFor(await put(scene.store, key('a', 'p'), 'n1/1'));
    const [ofOne, ofLate] = [await next(one), await next(late)];
    expect(told(ofOne)).toEqual(['modified n1/1']);
    expect(ofLate.events).toBe(ofOne.events);
    expect(told(await next(two))).toEqual(['added n1/0', 'modified n1/1']);
  });

  test('whose reader is too slow are cut, and nobody else is held up', async () => {
    const cache = await scene.started({ maxWatcherBytes: 1_000 });
    const slow = cache.watch({ signal: forever });
    const quick = cache.watch({ signal: forever });
    for (let index = 0; index < 10; index++) {
      const revision = await put(scene.store, key('a', 'p'), `n1/${'x'.repeat(300)}`);
      expect((await next(quick)).revision).toBe(revision);
    }
    await expect(slow.next()).rejects.toMatchObject({ reason: 'slow' });
    expect(cache.watchers).toBe(1);
  });

  test('in a crowd get what gathers in a few milliseconds at once, and the first after a quiet time directly', async () => {
    const cache = await scene.started();
    const crowd = Array.from({ length: 200 }, () => cache.watch({ signal: forever }));
    const batches: string[][] = [];
    const reading = Promise.all(
      crowd.map(async (watch) => {
        for (let total = 0; total < 4;) {
          const batch = await next(watch);
          total += batch.events.length;
          if (watch === crowd[0]) batches.push(told(batch));
        }
      }),
    );
    for (const text of ['n1/1', 'n1/2', 'n1/3'])
      await cache.waitFor(await put(scene.store, key('a', 'p'), text));
    await settled();
    expect(batches).toEqual([['added n1/1']]);
    scene.clock.advance(4);
    await settled();
    expect(batches).toEqual([['added n1/1'], ['modified n1/2', 'modified n1/3']]);
    scene.clock.advance(1_000);
    await put(scene.store, key('a', 'p'), 'n1/4');
    await reading;
    expect(batches.at(-1)).toEqual(['modified n1/4']);
  });

  test('in a crowd are told in several turns, all the same and no later than that', async () => {
    const cache = await scene.started();
    const crowd = Array.from({ length: 600 }, () => cache.watch({ signal: forever }));
    const batches: Awaited<ReturnType<typeof next>>[] = [];
    const reading = crowd.map(async (watch) => batches.push(await next(watch)));
    const first = await put(scene.store, key('a', 'p'), 'n1/1');
    await cache.waitFor(first);
    expect(batches.length).toBeLessThan(600);
    // Comes in the middle, and is left for the next time.
    const second = await put(scene.store, key('a', 'p'), 'n1/2');
    await cache.waitFor(second);
    await Promise.all(reading);
    expect(new Set(batches.map(({ events }) => events)).size).toBe(1);
    expect(batches.map(({ revision }) => revision)).toEqual(Array.from({ length: 600 }, () => first));
    scene.clock.advance(1_000);
    const again = await Promise.all(crowd.map(next));
    expect(again.map(told)).toEqual(Array.from({ length: 600 }, () => ['modified n1/2']));
    expect(new Set(again.map(({ revision }) => revision))).toEqual(new Set([second]));
  });

  test('get progress without events when they ask for it', async () => {
    const cache = await scene.started();
    const watch = cache.watch({ progressIntervalMs: 1_000, signal: forever });
    const reading = next(watch);
    await cache.waitFor(await put(scene.store, '/registry/nodes/n1', 'x'));
    scene.clock.advance(1_000);
    expect(await reading).toMatchObject({ events: [], revision: await scene.store.revision({}) });
    await watch.return?.();
    expect(scene.clock.pendingTimers).toBe(0);
  });

  test('get progress once more shortly before the end that they tell', async () => {
    const cache = await scene.started();
    const watch = cache.watch({ progressIntervalMs: 1_000, lastProgressMs: 2_500, signal: forever });
    for (const waitMs of [1_000, 1_000, 500, 1_000]) {
      const reading = next(watch);
      scene.clock.advance(waitMs);
      expect(await reading).toMatchObject({ events: [] });
    }
    await watch.return?.();
  });

  test('from before the history, of an unready cache, or with two beginnings are refused', async () => {
    const unready = new WatchCache(scene.options());
    expect(() => unready.watch({ signal: forever })).toThrow('not ready');
    const after = await put(scene.store, key('a', 'p'), 'n1/0');
    await put(scene.store, key('a', 'p'), 'n1/1');
    const cache = await scene.started();
    expect(() => cache.watch({ after, signal: forever })).toThrow(StorageError);
    expect(() => cache.watch({ after, initialEvents: true, signal: forever })).toThrow(TypeError);
  });

  test('from a revision ahead of the cache begin there', async () => {
    const cache = await scene.started();
    const after = cache.revision + 2;
    const watch = cache.watch({ after, signal: forever });
    for (let index = 1; index <= 3; index++) await put(scene.store, key('a', 'p'), `n1/${index}`);
    expect(told(await next(watch))).toEqual(['modified n1/3']);
  });

  test('end when their signal aborts or they are left, and with an error when the cache stops', async () => {
    const cache = await scene.started();
    const controller = new AbortController();
    const aborted = cache.watch({ signal: controller.signal });
    const reading = aborted.next();
    controller.abort();
    expect(await reading).toMatchObject({ done: true });
    const left = cache.watch({ signal: forever });
    await left.return?.();
    expect(cache.watchers).toBe(0);
    const last = cache.watch({ signal: forever }).next();
    const ended = expect(last).rejects.toMatchObject({ reason: 'closed' });
    await scene.stop();
    await ended;
  });
});
