import { expect, test } from 'vitest';
import { createScheme } from '../api/kinds/scheme.ts';
import { nameSuffix, seededRandom } from '../machinery/random.ts';
import type { Random } from '../machinery/random.ts';
import { SteppedClock } from '../machinery/stepped-clock.ts';
import { MemoryStore } from '../storage/memory/store.ts';
import { Registry } from './registry.ts';
import type { ResourceStore } from './resource-store.ts';
import type { CreateCall } from './write-calls.ts';

const namespace = 'default';
/** Upstream's, without vowels and what looks like another (apimachinery/pkg/util/rand). */
const suffix = /^[bcdfghjklmnpqrstvwxz2456789]{5}$/;

/** Draws the same over and over: each name it makes is the same. */
class Stuck implements Random {
  drawn = 0;

  uint32(): number {
    this.drawn++;
    return 3;
  }
}

/** ConfigMaps of a registry that runs until the returned function is called. */
async function mapsWith(random: Random): Promise<{ maps: ResourceStore; stop: () => Promise<void> }> {
  const store = new MemoryStore();
  const clock = new SteppedClock();
  const registry = new Registry({ scheme: createScheme(), store, clock, random, strategies: new Map() });
  const ending = new AbortController();
  const running = registry.run(ending.signal);
  await registry.ready();
  return {
    maps: registry.storeFor({ group: '', plural: 'configmaps' }),
    async stop() {
      ending.abort();
      await running;
      await store.close();
    },
  };
}

function create(
  maps: ResourceStore,
  metadata: { readonly name?: string; readonly generateName?: string },
  call?: CreateCall,
) {
  return maps.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, ...metadata } }, call);
}

/** The names that a seed leads to, one attempt after the other: a uid is drawn before the first. */
function namesFrom(random: Random, base: string, count: number): readonly string[] {
  for (let draw = 0; draw < 4; draw++) random.uint32();
  return Array.from({ length: count }, () => base + nameSuffix(random));
}

test('a generated name is its prefix and five safe characters', async () => {
  const { maps, stop } = await mapsWith(seededRandom(7));
  const names = new Set<string>();
  for (let round = 0; round < 50; round++) {
    const { object } = await create(maps, { generateName: 'web-' });
    const { name = '', generateName } = object.metadata;
    expect(generateName).toBe('web-');
    expect(name.slice(0, 4)).toBe('web-');
    expect(name.slice(4)).toMatch(suffix);
    names.add(name);
  }
  expect(names.size).toBe(50);
  await stop();
});

test('a prefix is cut so that the name stays a label', async () => {
  const { maps, stop } = await mapsWith(seededRandom(7));
  const { object } = await create(maps, { generateName: 'a'.repeat(100) });
  expect(object.metadata.name).toMatch(/^a{58}[^a]{5}$/);
  await stop();
});

test('a name that is given counts, whatever prefix stands beside it', async () => {
  const { maps, stop } = await mapsWith(seededRandom(7));
  const { object } = await create(maps, { name: 'web', generateName: 'other-' });
  expect(object.metadata.name).toBe('web');
  await stop();
});

test('a generated name that is taken is drawn anew', async () => {
  const seed = 11;
  const [first, second, third = ''] = namesFrom(seededRandom(seed), 'web-', 3);
  // What takes the first two is made with another seed, in the same store.
  let drawing: Random = seededRandom(1);
  const { maps, stop } = await mapsWith({ uint32: () => drawing.uint32() });
  for (const name of [first, second]) await create(maps, name === undefined ? {} : { name });
  drawing = seededRandom(seed);
  const { object } = await create(maps, { generateName: 'web-' });
  expect(object.metadata.name).toBe(third);
  expect((await maps.list(namespace)).items).toHaveLength(3);
  await stop();
});

test('whoever may refuse is asked under each name, whoever may change it once', async () => {
  const seed = 11;
  const [taken = '', free = ''] = namesFrom(seededRandom(seed), 'web-', 2);
  let drawing: Random = seededRandom(1);
  const { maps, stop } = await mapsWith({ uint32: () => drawing.uint32() });
  await create(maps, { name: taken });
  const asked: string[] = [];
  const call: CreateCall = {
    admit(object) {
      asked.push(`change ${object.metadata.name}`);
      object.metadata.labels = { admitted: 'once' };
      return Promise.resolve();
    },
    check(object) {
      asked.push(`check ${object.metadata.name}`);
      // As a custom kind that is stored in another version.
      return Promise.resolve({ ...object, metadata: { ...object.metadata } });
    },
  };
  drawing = seededRandom(seed);
  const { object } = await create(maps, { generateName: 'web-' }, call);
  expect(asked).toEqual([`change ${taken}`, `check ${taken}`, `check ${free}`]);
  expect(object.metadata).toMatchObject({ name: free, labels: { admitted: 'once' } });
  drawing = seededRandom(seed);
  const refusing: CreateCall = {
    check: ({ metadata: { name } }) => (name === taken ? Promise.resolve() : Promise.reject(new Error('no'))),
  };
  await expect(create(maps, { generateName: 'web-' }, refusing)).rejects.toThrow('no');
  await stop();
});

test('after eight names that are taken the object is refused as one that exists', async () => {
  const random = new Stuck();
  const { maps, stop } = await mapsWith(random);
  const { object } = await create(maps, { generateName: 'web-' });
  random.drawn = 0;
  await expect(create(maps, { generateName: 'web-' })).rejects.toMatchObject({
    reason: 'AlreadyExists',
    message: `configmaps "${object.metadata.name}" already exists, the server was not able to generate a unique name for the object`,
    status: { details: { retryAfterSeconds: 1 } },
  });
  // Four for the uid, five for each name.
  expect(random.drawn).toBe(4 + 8 * 5);
  await stop();
});
