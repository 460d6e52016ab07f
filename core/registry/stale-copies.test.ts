import { once } from 'node:events';
import { expect, test } from 'vitest';
import { createScheme } from '../api/kinds/scheme.ts';
import type { KubernetesObject, Mutable } from '../api/object.ts';
import { seededRandom } from '../machinery/random.ts';
import { SteppedClock } from '../machinery/stepped-clock.ts';
import { MemoryStore } from '../storage/memory/store.ts';
import type { KeyValueStore } from '../storage/storage.ts';
import { Registry } from './registry.ts';
import type { ResourceStore } from './resource-store.ts';

const settings = { namespace: 'default', name: 'settings' };

/** Two servers on one store, of which one hears nothing of what the other writes after it has started. */
async function twoServers(prepare: (maps: ResourceStore) => Promise<unknown>) {
  const store = new MemoryStore();
  const clock = new SteppedClock();
  const ending = new AbortController();
  const running: Promise<void>[] = [];
  const serve = async (on: KeyValueStore) => {
    const random = seededRandom(1);
    const options = { scheme: createScheme(), store: on, clock, random, strategies: new Map() };
    const registry = new Registry({ ...options, soleWriter: false });
    running.push(registry.run(ending.signal));
    await registry.ready();
    return registry.storeFor({ group: '', plural: 'configmaps' });
  };
  const current = await serve(store);
  await prepare(current);
  const late = await serve(deaf(store));
  return {
    current,
    late,
    async [Symbol.asyncDispose]() {
      ending.abort();
      await Promise.all(running);
      await store.close();
    },
  };
}

function deaf(store: KeyValueStore): KeyValueStore {
  return new Proxy(store, {
    get(target, name) {
      if (name === 'watch') return hearNothing;
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

const hearNothing: KeyValueStore['watch'] = (_prefix, { signal }) => ({
  [Symbol.asyncIterator]: () => ({
    next: () => once(signal, 'abort').then(() => ({ done: true, value: undefined })),
  }),
});

function create(maps: ResourceStore, data: Record<string, string>, finalizers: readonly string[] = []) {
  const metadata = { ...settings, finalizers: [...finalizers] };
  return maps.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data } as never);
}

function write(maps: ResourceStore, members: object) {
  return maps.update(settings.namespace, settings.name, {
    change: async ({ object }) => {
      const changed = { ...structuredClone(object), ...members } as Mutable<KubernetesObject>;
      delete changed.metadata.resourceVersion;
      return changed;
    },
  });
}

test('what is wished is stored, though an old copy is just so', async () => {
  await using servers = await twoServers((maps) => create(maps, { a: '1' }));
  await write(servers.current, { data: { a: '2' } });
  await write(servers.late, { data: { a: '1' } });
  const { object } = await servers.current.get(settings.namespace, settings.name);
  expect(object).toMatchObject({ data: { a: '1' } });
});

test('what is stored already is not written once more', async () => {
  await using servers = await twoServers((maps) => create(maps, { a: '1' }));
  const { revision } = await servers.current.get(settings.namespace, settings.name);
  expect((await write(servers.late, { data: { a: '1' } })).revision).toBe(revision);
});

test('a deletion is of what is there, though an old copy goes already', async () => {
  await using servers = await twoServers(async (maps) => {
    await create(maps, { a: 'old' }, ['example.com/wait']);
    await maps.delete(settings.namespace, settings.name);
  });
  await servers.current.update(settings.namespace, settings.name, {
    change: async ({ object }) => {
      const freed = structuredClone(object) as Mutable<KubernetesObject>;
      delete freed.metadata.finalizers;
      return freed;
    },
  });
  await create(servers.current, { a: 'new' });
  expect((await servers.late.delete(settings.namespace, settings.name)).gone).toBe(true);
  await expect(servers.current.get(settings.namespace, settings.name)).rejects.toThrow('not found');
});

test('a write of what somebody else has deleted is told that it is not there', async () => {
  await using servers = await twoServers((maps) => create(maps, { a: '1' }));
  await servers.current.delete(settings.namespace, settings.name);
  await expect(write(servers.late, { data: { a: '2' } })).rejects.toThrow('not found');
});
