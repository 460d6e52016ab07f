import { expect, test } from 'vitest';
import { createScheme } from '../api/kinds/scheme.ts';
import { deferred } from '../machinery/deferred.ts';
import { seededRandom } from '../machinery/random.ts';
import { SteppedClock } from '../machinery/stepped-clock.ts';
import { MemoryStore } from '../storage/memory/store.ts';
import type { ListOptions, Page } from '../storage/storage.ts';
import { Registry } from './registry.ts';

/** Lists nothing before it is let. */
class LargeStore extends MemoryStore {
  readonly read = deferred();

  override async list(prefix: string, options: ListOptions): Promise<Page> {
    await this.read.promise;
    return super.list(prefix, options);
  }
}

test('a start waits for a store that takes longer to read than a request may wait', async () => {
  const clock = new SteppedClock();
  const store = new LargeStore();
  const random = seededRandom(1);
  const registry = new Registry({ scheme: createScheme(), store, clock, random, strategies: new Map() });
  const stop = new AbortController();
  const running = registry.run(stop.signal);
  let isReady = false;
  const ready = registry.ready().then(() => (isReady = true));
  await clock.advanceAsync(60_000);
  expect(isReady).toBe(false);
  store.read.resolve();
  await ready;
  stop.abort();
  await running;
});

test('what is known of few is told without waiting, as new as the last write and no older', async () => {
  const scheme = createScheme();
  const store = new MemoryStore();
  const make = (soleWriter: boolean) =>
    new Registry({
      scheme,
      store,
      clock: new SteppedClock(),
      random: seededRandom(1),
      strategies: new Map(),
      soleWriter,
    });
  const registry = make(true);
  const stop = new AbortController();
  const running = registry.run(stop.signal);
  await registry.ready();
  const declaration = scheme.byResource('', 'v1', 'configmaps');
  const maps = declaration && registry.storeOf(declaration);
  if (maps === undefined) throw new Error('There are no ConfigMaps');
  const create = (namespace: string, name: string) =>
    maps.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name } });
  const namesIn = (namespace?: string) =>
    maps.listNow(namespace)?.items.map(({ object }) => object.metadata.name);
  const upToDate = () => maps.list('a');

  expect(namesIn()).toEqual([]);
  for (const name of ['two', 'one']) await create('a', name);
  await create('ab', 'three');
  // Not before the watch has told of it, but one of them by its name.
  expect(maps.getNow('ab', 'three')?.object.metadata.name).toBe('three');
  await upToDate();
  expect(namesIn('a')).toEqual(['one', 'two']);
  expect(namesIn()).toEqual(['one', 'two', 'three']);
  expect(maps.listNow('a')?.resourceVersion).toBe((await maps.list('a')).resourceVersion);
  expect(maps.getNow('a', 'none')).toBeUndefined();
  const last = create('a', 'last');
  await last;
  expect(namesIn('a') ?? 'waits').toSatisfy(
    (names: unknown) => names === 'waits' || (names as string[]).includes('last'),
  );
  for (let index = 0; index < 200; index++) await create('many', `map-${index}`);
  await upToDate();
  expect(maps.listNow('many')).toBeUndefined();

  // Others may have written since.
  const shared = make(false);
  const alsoRunning = shared.run(stop.signal);
  await shared.ready();
  const theirs = declaration && shared.storeOf(declaration);
  expect((await theirs?.list('a'))?.items).toHaveLength(3);
  expect(theirs?.listNow('none')).toBeUndefined();
  expect(theirs?.getNow('a', 'one')).toBeUndefined();
  stop.abort();
  await Promise.all([running, alsoRunning]);
});
