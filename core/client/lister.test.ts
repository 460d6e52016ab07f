import { beforeEach, describe, expect, test } from 'vitest';
import { createTestApi, type TestApi } from '../../test/environment/api.ts';
import { settle } from '../../test/expectations/eventually.ts';
import { pod } from '../../test/builders/index.ts';
import type { Pod } from '../api/generated/core-v1.ts';
import { pods } from '../api/generated/resources.ts';
import { keyOf } from '../api/object.ts';
import type { Handle } from './client.ts';
import { createInformerFactory } from './informer-factory.ts';
import type { Informer } from './informer.ts';
import { ObjectCache } from './lister.ts';

/** Says how often it was read: what an object that is not there parsed would cost. */
class CountingHandle implements Handle<Pod> {
  readonly labels: Readonly<Record<string, string>>;
  readonly resourceVersion = '1';
  readonly #object: Pod;
  reads = 0;

  constructor(name: string, labels: Readonly<Record<string, string>>) {
    this.labels = labels;
    this.#object = pod().named(name).labelled(labels).build();
  }

  get object(): Pod {
    this.reads++;
    return this.#object;
  }
}

const blue = Object.freeze({ colour: 'blue' });
const red = Object.freeze({ colour: 'red' });

describe('a cache of handles', () => {
  let cache: ObjectCache<Pod>;
  let handles: CountingHandle[];

  const readNames = () =>
    handles.filter(({ reads }) => reads > 0).map((handle) => handle.object.metadata.name);

  beforeEach(() => {
    cache = new ObjectCache();
    handles = [
      new CountingHandle('a', blue),
      new CountingHandle('b', red),
      new CountingHandle('c', blue),
      new CountingHandle('d', red),
    ];
    for (const handle of handles) cache.set(handle, handle.object, undefined);
    cache.index('first', ({ metadata }) => [metadata.name === 'a' ? 'yes' : 'no']);
    for (const handle of handles) handle.reads = 0;
  });

  test('reads nothing to say what is there, where, and how many', () => {
    const index = cache.index('first', () => []);
    expect(cache.size).toBe(4);
    expect(cache.has('default/a')).toBe(true);
    expect(cache.handle('default/b')).toBe(handles[1]);
    expect([...index.keys('no')]).toEqual(['default/b', 'default/c', 'default/d']);
    expect([...index.keys('nobody')]).toEqual([]);
    expect(index.count('no')).toBe(3);
    expect(readNames()).toEqual([]);
  });

  test('looks into its own indexes at no cost when they were asked for in time', () => {
    const early = new ObjectCache<Pod>();
    for (const name of ['namespace', 'owner'] as const) early.ownIndex(name);
    for (const handle of handles) early.set(handle, handle.object, undefined);
    for (const handle of handles) handle.reads = 0;
    expect(early.byOwner('nobody')).toEqual([]);
    expect(early.list('elsewhere')).toEqual([]);
    expect(readNames()).toEqual([]);
    expect(early.list('default')).toHaveLength(4);
  });

  test('reads those with the labels asked for, and asks of each set of labels once', () => {
    const asked: unknown[] = [];
    const matches = (labels: Readonly<Record<string, string>> | undefined) => {
      asked.push(labels);
      return labels === blue;
    };
    expect(cache.list(undefined, { matches }).map(keyOf)).toEqual(['default/a', 'default/c']);
    expect(asked).toEqual([blue, red]);
    expect(
      cache
        .index('first', () => [])
        .get('no', { matches })
        .map(keyOf),
    ).toEqual(['default/c']);
    expect(readNames()).toEqual(['a', 'c']);
  });

  test('moves what changes from value to value, and reads only that', () => {
    const { object: previous } = handles[0] as CountingHandle;
    const changed = new CountingHandle('a', red);
    const index = cache.index('phase', ({ metadata }) => [metadata.labels?.['colour'] ?? '']);
    for (const handle of handles) handle.reads = 0;
    cache.set(changed, changed.object, previous);
    expect([...index.keys('blue')]).toEqual(['default/c']);
    expect([...index.keys('red')]).toEqual(['default/b', 'default/d', 'default/a']);
    cache.delete('default/a', changed.object);
    expect([...index.keys('red')]).toEqual(['default/b', 'default/d']);
    expect(cache.get({ namespace: 'default', name: 'a' })).toBeUndefined();
    expect(readNames()).toEqual([]);
  });
});

describe('an informer in the process of the API', () => {
  test('keeps what the API keeps, and no object of its own', async () => {
    await using api = await createTestApi();
    await api.client.create(pods, pod().named('early').build());
    const { informer, stop } = await informed(api);
    const late = await api.client.create(pods, pod().named('late').build());
    await settle();
    for (const name of ['early', 'late']) {
      const [stored] = (await api.client.listHandles(pods)).items.filter(
        ({ object }) => object.metadata.name === name,
      );
      expect(informer.lister.handle(`default/${name}`)).toBe(stored);
    }
    expect(informer.lister.get({ namespace: 'default', name: 'late' })).toEqual(late);
    await stop();
  });

  test('tells of an update with both states, and what was kept of the first stays as it was', async () => {
    await using api = await createTestApi();
    const created = await api.client.create(pods, pod().named('web').build());
    const { informer, stop } = await informed(api);
    const kept = informer.lister.handle('default/web');
    const told: (readonly [Pod, Pod])[] = [];
    informer.addHandler({ onUpdate: (object, previous) => void told.push([object, previous]) });
    const patched = await api.client.patch(pods, { namespace: 'default', name: 'web' }, 'merge', {
      metadata: { labels: blue },
    });
    await settle();
    expect(told).toEqual([[patched, created]]);
    expect(kept?.object).toEqual(created);
    expect(informer.lister.list('default', { matches: (labels) => labels?.['colour'] === 'blue' })).toEqual([
      patched,
    ]);
    await stop();
  });
});

async function informed(
  api: TestApi,
): Promise<{ readonly informer: Informer<Pod>; readonly stop: () => Promise<void> }> {
  const stopping = new AbortController();
  const factory = createInformerFactory({ client: api.client, clock: api.clock, random: api.random });
  const informer = factory.informer(pods);
  const running = factory.run(stopping.signal);
  await informer.synced(stopping.signal);
  return {
    informer,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
