import { setMaxListeners } from 'node:events';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { put, remove } from '../../../test/conformance/storage-helpers.ts';
import { parseLabelSelector } from '../../machinery/label-selector.ts';
import { SteppedClock } from '../../machinery/stepped-clock.ts';
import { MemoryStore } from '../memory/store.ts';
import type { KeyValueStore, Revision, WatchBatch, WatchOptions } from '../storage.ts';
import { StorageError } from '../storage.ts';
import type { WatchCacheOptions } from './cache.ts';
import { WatchCache } from './cache.ts';
import type { LabelTest } from './label-groups.ts';
import type { CacheBatch } from './watcher.ts';

/** Values are "node-name/anything". */
interface Pod {
  readonly node: string;
  readonly text: string;
}

let store: InterruptibleStore;
let clock: SteppedClock;
let running: { readonly controller: AbortController; readonly done: Promise<void> }[];

beforeEach(() => {
  store = new InterruptibleStore();
  clock = new SteppedClock();
  running = [];
});

afterEach(async () => {
  for (const { controller } of running) controller.abort();
  await Promise.all(running.map(({ done }) => done));
});

describe('reads', () => {
  test('get() and list() show what was stored before and after the cache began', async () => {
    await put(store, key('a', 'one'), 'n1/1');
    const cache = await started();
    expect(cache.get(key('a', 'one'))?.object.text).toBe('n1/1');
    const revision = await put(store, key('b', 'two'), 'n1/2');
    await cache.waitFor(revision);
    const list = await cache.list();
    expect(list).toMatchObject({ revision, remaining: 0 });
    expect(list.items.map((item) => item.object.text)).toEqual(['n1/1', 'n1/2']);
    expect((await cache.list({ prefix: '/registry/pods/b/' })).items.length).toBe(1);
  });

  test('waitForCurrent() sees writes to other prefixes as progress', async () => {
    const cache = await started();
    const revision = await put(store, '/registry/nodes/n1', 'x');
    expect(await cache.waitForCurrent()).toBe(revision);
    expect((await cache.list()).revision).toBe(revision);
  });

  test('waitFor() a revision that does not come is given up after three seconds', async () => {
    const cache = await started();
    const waiting = cache.waitFor(1_000);
    const expected = expect(waiting).rejects.toMatchObject({ reason: 'unavailable' });
    clock.advance(3_000);
    await expected;
    expect(clock.pendingTimers).toBe(0);
  });

  test('pages of one list stay at its revision while the cache moves on', async () => {
    for (let index = 0; index < 5; index++) await put(store, key('a', `p${index}`), `n1/${index}`);
    const cache = await started();
    const first = await cache.list({ limit: 2 });
    expect(first.remaining).toBe(3);
    await remove(store, key('a', 'p2'));
    await cache.waitFor(await put(store, key('a', 'p3'), 'n1/changed'));
    store.refuseLists = true;
    const { revision } = first;
    const second = await cache.list({ limit: 2, startAfter: first.items.at(-1)!.key, revision });
    expect(second).toMatchObject({ revision, remaining: 1 });
    expect(second.items.map((item) => item.object.text)).toEqual(['n1/2', 'n1/3']);
  });

  test('a page whose snapshot is gone comes from the store', async () => {
    for (let index = 0; index < 5; index++) await put(store, key('a', `p${index}`), `n1/${index}`);
    const cache = await started({ maxSnapshotAgeMs: 60_000 });
    const { revision } = await cache.list({ limit: 2 });
    await cache.waitFor(await remove(store, key('a', 'p3')));
    clock.advance(60_000);
    const rest = await cache.list({
      startAfter: key('a', 'p1'),
      revision,
      filter: (pod) => pod.text !== 'n1/2',
    });
    expect(rest.items.map((item) => item.object.text)).toEqual(['n1/3', 'n1/4']);
    await store.compact(await store.revision({}));
    await expect(cache.list({ revision })).rejects.toMatchObject({ reason: 'compacted' });
  });

  test('an index finds its items, at an older revision too', async () => {
    await put(store, key('a', 'p0'), 'n1/0');
    await put(store, key('a', 'p1'), 'n2/1');
    await put(store, key('b', 'p2'), 'n1/2');
    const cache = await started();
    const index = { name: 'node', value: 'n1' };
    const before = await cache.list({ index, limit: 1 });
    expect(before).toMatchObject({ remaining: 1, items: [{ object: { text: 'n1/0' } }] });
    await put(store, key('a', 'p0'), 'n2/moved');
    await cache.waitFor(await remove(store, key('a', 'p1')));
    const now = await cache.list({ index: { name: 'node', value: 'n2' } });
    expect(now.items.map((item) => item.object.text)).toEqual(['n2/moved']);
    const then = await cache.list({ index, revision: before.revision, startAfter: before.items[0]!.key });
    expect(then.items.map((item) => item.object.text)).toEqual(['n1/2']);
    await expect(cache.list({ index: { name: 'colour', value: 'red' } })).rejects.toThrow('"colour"');
  });

  test('labels find their items in pages, in key order, whether few or many have them', async () => {
    for (let index = 0; index < 40; index++)
      await put(store, key('a', `p${10 + index}`), `n1/${index % 20 === 0 ? 'rare' : 'often'}`);
    const cache = await started();
    const names = (list: { items: readonly { key: string }[] }) => list.items.map((item) => item.key);
    const rare = await cache.list({ labels: is('rare') });
    expect(names(rare)).toEqual([key('a', 'p10'), key('a', 'p30')]);
    const first = await cache.list({ labels: is('rare'), limit: 1 });
    expect({ names: names(first), remaining: first.remaining }).toEqual({
      names: [key('a', 'p10')],
      remaining: 1,
    });
    await cache.waitFor(await remove(store, key('a', 'p30')));
    const { revision } = first;
    expect(names(await cache.list({ labels: is('rare'), revision, startAfter: key('a', 'p10') }))).toEqual([
      key('a', 'p30'),
    ]);
    expect(names(await cache.list({ labels: is('rare') }))).toEqual([key('a', 'p10')]);
    expect((await cache.list({ labels: is('often') })).items.length).toBe(38);
    expect((await cache.list({ labels: is('rare'), prefix: '/registry/pods/b/' })).items).toEqual([]);
    expect((await cache.list({ labels: is('rare'), filter: () => false })).items).toEqual([]);
  });

  test('labels find their items where each item has its own, too', async () => {
    for (let index = 0; index < 20; index++) await put(store, key('a', `p${10 + index}`), `n1/${index}`);
    const cache = await started();
    const { items } = await cache.list({ labels: parseLabelSelector('text in (3,7)') });
    expect(items.map((item) => item.object.text)).toEqual(['n1/3', 'n1/7']);
  });

  test('a value that cannot be decoded is reported and left out', async () => {
    const errors: unknown[] = [];
    const cache = await started({ onError: (error) => errors.push(error) });
    await put(store, key('a', 'good'), 'n1/good');
    await cache.waitFor(await put(store, key('a', 'bad'), 'broken'));
    expect((await cache.list()).items.length).toBe(1);
    expect(String(errors[0])).toContain(key('a', 'bad'));
  });
});

describe('watches', () => {
  test('from a revision deliver everything after it, then live', async () => {
    const cache = await started();
    const after = await put(store, key('a', 'p'), 'n1/0');
    await put(store, key('a', 'p'), 'n1/1');
    await cache.waitFor(await remove(store, key('a', 'p')));
    const watch = cache.watch({ after, signal: forever });
    expect(told(await next(watch))).toEqual(['modified n1/1', 'deleted n1/1']);
    await put(store, key('a', 'q'), 'n1/2');
    expect(told(await next(watch))).toEqual(['added n1/2']);
  });

  test('initial events end with a mark and leave no gap before the live ones', async () => {
    for (let index = 0; index < 1_200; index++)
      await put(store, key('a', `p${1_000 + index}`), `n1/${index}`);
    const cache = await started();
    const { revision } = cache;
    const watch = cache.watch({ initialEvents: true, signal: forever });
    const first = await next(watch);
    await cache.waitFor(await put(store, key('a', 'p1000'), 'n1/live'));
    const initial = [first];
    while (!initial.at(-1)!.initialEventsEnd) initial.push(await next(watch));
    expect(initial.flatMap((batch) => batch.events).length).toBe(1_200);
    expect(initial.map((batch) => batch.revision)).toEqual(initial.map(() => revision));
    expect(told(await next(watch))).toEqual(['modified n1/live']);
  });

  test('turn a change that starts or stops to match into added and deleted', async () => {
    const cache = await started();
    const watch = cache.watch({ filter: (pod) => pod.text.endsWith('yes'), signal: forever });
    const revisions: Revision[] = [];
    for (const text of ['n1/no', 'n1/yes', 'n2/yes', 'n1/no', 'n2/no', 'n3/yes']) {
      revisions.push(await put(store, key('a', 'p'), text));
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
    const cache = await started();
    const on = (value: string) => cache.watch({ index: { name: 'node', value }, signal: forever });
    const [one, two] = [on('n1'), on('n2')];
    await put(store, key('a', 'p'), 'n1/0');
    expect(told(await next(one))).toEqual(['added n1/0']);
    await put(store, key('a', 'p'), 'n2/1');
    expect(told(await next(one))).toEqual(['deleted n1/0']);
    expect(told(await next(two))).toEqual(['added n2/1']);
  });

  test('by labels are told of what starts and stops to have them, whoever else watches', async () => {
    const cache = await started();
    const yes = cache.watch({ labels: is('yes'), signal: forever });
    await put(store, key('a', 'p'), 'n1/no');
    await cache.waitFor(await put(store, key('a', 'p'), 'n1/yes'));
    expect(told(await next(yes))).toEqual(['added n1/yes']);
    const elsewhere = cache.watch({ labels: is('no'), prefix: '/registry/pods/b/', signal: forever });
    const no = cache.watch({ labels: is('no'), signal: forever });
    await put(store, key('b', 'q'), 'n1/no');
    await cache.waitFor(await put(store, key('a', 'p'), 'n2/no'));
    expect(told(await next(yes))).toEqual(['deleted n1/yes']);
    expect(told(await next(no))).toEqual(['added n1/no', 'added n2/no']);
    expect(told(await next(elsewhere))).toEqual(['added n1/no']);
    for (const watch of [yes, no, elsewhere]) await watch.return?.();
    expect(cache.watchers).toBe(0);
  });

  test('by several values of a label, or by its absence, are told of each change once', async () => {
    const cache = await started();
    const watch = (selector: string) =>
      cache.watch({ labels: parseLabelSelector(selector), signal: forever });
    const watches = [watch('text in (a,b)'), watch('text notin (a,b)'), watch('text,text!=c')] as const;
    const [either, neither, notC] = watches;
    for (const text of ['a', 'b', 'c']) await put(store, key('a', 'p'), `n1/${text}`);
    await cache.waitFor(await put(store, key('a', 'q'), 'n1/d'));
    expect(told(await next(either))).toEqual(['added n1/a', 'modified n1/b', 'deleted n1/b']);
    expect(told(await next(neither))).toEqual(['added n1/c', 'added n1/d']);
    expect(told(await next(notC))).toEqual(['added n1/a', 'modified n1/b', 'deleted n1/b', 'added n1/d']);
    for (const each of watches) await each.return?.();
    expect(cache.watchers).toBe(0);
  });

  test('see only their namespace or their key, and share one event object', async () => {
    const cache = await started();
    const space = cache.watch({ prefix: '/registry/pods/a/', signal: forever });
    const one = cache.watch({ key: key('a', 'web'), signal: forever });
    const all = cache.watch({ signal: forever });
    await put(store, key('ab', 'web'), 'n1/elsewhere');
    await put(store, key('a', 'web-1'), 'n1/neighbour');
    await cache.waitFor(await put(store, key('a', 'web'), 'n1/web'));
    expect(told(await next(space))).toEqual(['added n1/neighbour', 'added n1/web']);
    const [batchOfOne, batchOfAll] = [await next(one), await next(all)];
    expect(told(batchOfOne)).toEqual(['added n1/web']);
    expect(batchOfAll.events.at(-1)).toBe(batchOfOne.events[0]);
  });

  test('of everything are handed the same batch where they read together, and each from its own place', async () => {
    const cache = await started();
    const [one, two] = [cache.watch({ signal: forever }), cache.watch({ signal: forever })];
    await put(store, key('a', 'p'), 'n1/0');
    expect(told(await next(one))).toEqual(['added n1/0']);
    const late = cache.watch({ signal: forever });
    await cache.waitFor(await put(store, key('a', 'p'), 'n1/1'));
    const [ofOne, ofLate] = [await next(one), await next(late)];
    expect(told(ofOne)).toEqual(['modified n1/1']);
    expect(ofLate.events).toBe(ofOne.events);
    expect(told(await next(two))).toEqual(['added n1/0', 'modified n1/1']);
  });

  test('whose reader is too slow are cut, and nobody else is held up', async () => {
    const cache = await started({ maxWatcherBytes: 1_000 });
    const slow = cache.watch({ signal: forever });
    const quick = cache.watch({ signal: forever });
    for (let index = 0; index < 10; index++) {
      const revision = await put(store, key('a', 'p'), `n1/${'x'.repeat(300)}`);
      expect((await next(quick)).revision).toBe(revision);
    }
    await expect(slow.next()).rejects.toMatchObject({ reason: 'slow' });
    expect(cache.watchers).toBe(1);
  });

  test('in a crowd get what gathers in a few milliseconds at once, and the first after a quiet time directly', async () => {
    const cache = await started();
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
    for (const text of ['n1/1', 'n1/2', 'n1/3']) await cache.waitFor(await put(store, key('a', 'p'), text));
    await settled();
    expect(batches).toEqual([['added n1/1']]);
    clock.advance(4);
    await settled();
    expect(batches).toEqual([['added n1/1'], ['modified n1/2', 'modified n1/3']]);
    clock.advance(1_000);
    await put(store, key('a', 'p'), 'n1/4');
    await reading;
    expect(batches.at(-1)).toEqual(['modified n1/4']);
  });

  test('get progress without events when they ask for it', async () => {
    const cache = await started();
    const watch = cache.watch({ progressIntervalMs: 1_000, signal: forever });
    const reading = next(watch);
    await cache.waitFor(await put(store, '/registry/nodes/n1', 'x'));
    clock.advance(1_000);
    expect(await reading).toMatchObject({ events: [], revision: await store.revision({}) });
    await watch.return?.();
    expect(clock.pendingTimers).toBe(0);
  });

  test('from before the history, of an unready cache, or with two beginnings are refused', async () => {
    const unready = new WatchCache(options());
    expect(() => unready.watch({ signal: forever })).toThrow('not ready');
    const after = await put(store, key('a', 'p'), 'n1/0');
    await put(store, key('a', 'p'), 'n1/1');
    const cache = await started();
    expect(() => cache.watch({ after, signal: forever })).toThrow(StorageError);
    expect(() => cache.watch({ after, initialEvents: true, signal: forever })).toThrow(TypeError);
  });

  test('from a revision ahead of the cache begin there', async () => {
    const cache = await started();
    const after = cache.revision + 2;
    const watch = cache.watch({ after, signal: forever });
    for (let index = 1; index <= 3; index++) await put(store, key('a', 'p'), `n1/${index}`);
    expect(told(await next(watch))).toEqual(['modified n1/3']);
  });

  test('end when their signal aborts or they are left, and with an error when the cache stops', async () => {
    const cache = await started();
    const controller = new AbortController();
    const aborted = cache.watch({ signal: controller.signal });
    const reading = aborted.next();
    controller.abort();
    expect(await reading).toMatchObject({ done: true });
    const left = cache.watch({ signal: forever });
    await left.return?.();
    expect(cache.watchers).toBe(0);
    const last = cache.watch({ signal: forever }).next();
    running[0]!.controller.abort();
    await expect(last).rejects.toMatchObject({ reason: 'closed' });
  });
});

describe('any watcher', () => {
  test('that replays what it is told holds what a list with its filter shows, whenever it began', async () => {
    const step = fc.record({
      name: fc.constantFrom('p', 'q', 'r'),
      value: fc.constantFrom('n1/yes', 'n2/yes', 'n1/no', undefined),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.nat(40), async (steps, beginning) => {
        store = new InterruptibleStore();
        const cache = await started();
        const filter = (pod: Pod) => pod.text.endsWith('yes');
        const scopes = [
          {},
          { prefix: '/registry/pods/a/' },
          { filter },
          { filter, index: { name: 'node', value: 'n1' } },
          { key: key('a', 'q') },
          { labels: is('yes') },
          { labels: is('yes'), index: { name: 'node', value: 'n2' } },
        ];
        let held: { replica: Map<string, string>; watch: AsyncIterator<CacheBatch<Pod>> }[] = [];
        for (const [index, { name, value }] of steps.entries()) {
          if (index === beginning % steps.length) {
            held = scopes.map((scope) => ({
              replica: new Map(),
              watch: cache.watch({
                ...scope,
                initialEvents: true,
                progressIntervalMs: 1_000,
                signal: forever,
              }),
            }));
          }
          const at = key('a', name);
          await cache.waitFor(value === undefined ? await remove(store, at) : await put(store, at, value));
        }
        for (const [index, { replica, watch }] of held.entries()) {
          clock.advance(1_000);
          for (;;) {
            const batch = await next(watch);
            for (const event of batch.events) {
              expect(event.type === 'added').toBe(!replica.has(event.key));
              if (event.type === 'deleted') replica.delete(event.key);
              else replica.set(event.key, event.object.text);
            }
            if (!batch.initialEventsEnd && batch.revision === cache.revision) break;
            clock.advance(1_000);
          }
          const { items } = await cache.list(scopes[index]);
          const expected = items.filter((item) => index !== 4 || item.key === key('a', 'q'));
          expect(replica).toEqual(new Map(expected.map((item) => [item.key, item.object.text])));
        }
      }),
      { numRuns: 60, seed: 11 },
    );
  });
});

describe('a broken upstream', () => {
  test('is resumed by a new list whose difference reaches the watchers as events', async () => {
    await put(store, key('a', 'stays'), 'n1/stays');
    await put(store, key('a', 'changes'), 'n1/before');
    await put(store, key('a', 'goes'), 'n1/goes');
    const errors: unknown[] = [];
    const cache = await started({ onError: (error) => errors.push(error) });
    const before = cache.revision;
    const unchanged = cache.get(key('a', 'stays'));
    const watch = cache.watch({ signal: forever });
    store.interrupt(new StorageError('compacted', 'Cannot watch: compacted'));
    await put(store, key('a', 'new'), 'n1/new');
    await put(store, key('a', 'changes'), 'n1/after');
    await remove(store, key('a', 'goes'));
    store.restore();
    const batch = await next(watch);
    expect(told(batch)).toEqual(['added n1/new', 'modified n1/after', 'deleted n1/goes']);
    expect(batch.revision).toBe(await store.revision({}));
    expect(cache.get(key('a', 'stays'))).toBe(unchanged);
    expect(errors.length).toBe(1);
    expect(() => cache.watch({ after: before, signal: forever })).toThrow(StorageError);
    await put(store, key('a', 'live'), 'n1/live');
    expect(told(await next(watch))).toEqual(['added n1/live']);
  });

  test('is tried again with growing delays while the store is away, and reads go on from memory', async () => {
    const revision = await put(store, key('a', 'p'), 'n1/0');
    const cache = await started({ backoff: { initialMs: 100, maxMs: 1_000 } });
    store.refuseLists = true;
    store.interrupt(new StorageError('unavailable', 'Cannot reach the store'));
    store.restore();
    await settled();
    for (const delayMs of [100, 200, 400]) {
      expect(clock.nextTimerMs).toBe(delayMs);
      await clock.advanceAsync(delayMs);
    }
    expect(cache.get(key('a', 'p'))?.modRevision).toBe(revision);
    expect((await cache.list()).items.length).toBe(1);
    store.refuseLists = false;
    const later = await put(store, key('a', 'p'), 'n1/1');
    await clock.advanceAsync(800);
    await cache.waitFor(later);
  });

  test('that comes back with an older revision is not believed', async () => {
    const revision = await put(store, key('a', 'p'), 'n1/0');
    const errors: unknown[] = [];
    const cache = await started({ onError: (error) => errors.push(error) });
    store.replaceWith(new MemoryStore());
    await clock.advanceAsync(60_000);
    expect(String(errors.at(-1))).toContain(`behind ${revision}`);
    expect(cache.get(key('a', 'p'))?.object.text).toBe('n1/0');
  });
});

const forever = new AbortController().signal;
setMaxListeners(Infinity, forever);

function key(namespace: string, name: string): string {
  return `/registry/pods/${namespace}/${name}`;
}

function options(more: Partial<WatchCacheOptions<Pod>> = {}): WatchCacheOptions<Pod> {
  return {
    store,
    prefix: '/registry/pods/',
    clock,
    decode: ({ value }) => {
      const text = value.toString();
      const [node, rest] = text.split('/');
      if (node === undefined || rest === undefined) throw new Error(`Cannot parse "${text}"`);
      return { node, text };
    },
    indexes: { node: (pod) => [pod.node] },
    labelsOf: ({ text }) => labelled(text.slice(text.indexOf('/') + 1)),
    ...more,
  };
}

const labelSets = new Map<string, { readonly text: string }>();

/** Equal labels are one object, as the registry makes them. */
function labelled(text: string): { readonly text: string } {
  const labels = labelSets.get(text) ?? { text };
  labelSets.set(text, labels);
  return labels;
}

function is(wanted: string): LabelTest {
  return parseLabelSelector(`text=${wanted}`);
}

async function started(more: Partial<WatchCacheOptions<Pod>> = {}): Promise<WatchCache<Pod>> {
  const cache = new WatchCache(options(more));
  const controller = new AbortController();
  running.push({ controller, done: cache.run(controller.signal) });
  await cache.waitFor(0);
  return cache;
}

async function next(watch: AsyncIterator<CacheBatch<Pod>>): Promise<CacheBatch<Pod>> {
  const result = await watch.next();
  if (result.done === true) throw new Error('The watch ended');
  return result.value;
}

function told(batch: CacheBatch<Pod>): string[] {
  return batch.events.map(({ type, object }) => `${type} ${object.text}`);
}

/** A turn of the event loop. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** A memory store whose watches can be broken and whose lists can be refused. */
class InterruptibleStore implements KeyValueStore {
  readonly name = 'interruptible';
  refuseLists = false;
  #inner: KeyValueStore = new MemoryStore();
  #breaking = new AbortController();
  #restored = Promise.resolve();
  restore: () => void = () => {};

  /** Ends running watches with `error`; new lists and watches wait until `restore`. */
  interrupt(error: Error): void {
    this.#restored = new Promise((resolve) => {
      this.restore = resolve;
    });
    this.#breaking.abort(error);
    this.#breaking = new AbortController();
  }

  replaceWith(other: KeyValueStore): void {
    this.#inner = other;
    this.interrupt(new StorageError('unavailable', 'Cannot reach the store'));
    this.restore();
  }

  get: KeyValueStore['get'] = (key, options) => this.#inner.get(key, options);
  transact: KeyValueStore['transact'] = (conditions, writes, options) =>
    this.#inner.transact(conditions, writes, options);
  revision: KeyValueStore['revision'] = (options) => this.#inner.revision(options);
  compact = (revision: Revision) => this.#inner.compact(revision, {});
  health: KeyValueStore['health'] = (options) => this.#inner.health(options);
  close = () => this.#inner.close();

  list: KeyValueStore['list'] = async (prefix, options) => {
    await this.#restored;
    if (this.refuseLists) throw new StorageError('unavailable', 'Cannot reach the store');
    return this.#inner.list(prefix, options);
  };

  async *watch(prefix: string, { after, signal }: WatchOptions): AsyncGenerator<WatchBatch, void, undefined> {
    const breaking = this.#breaking.signal;
    const either = AbortSignal.any([signal, breaking]);
    yield* this.#inner.watch(prefix, { after, signal: either });
    if (!signal.aborted) throw breaking.reason as Error;
  }
}
