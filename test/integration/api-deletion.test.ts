import { describe, expect, test } from 'vitest';
import { isConflict, isNotFound } from '../../core/api/errors.ts';
import { configmaps, events, pods } from '../../core/api/generated/resources.ts';
import { mutable } from '../../core/api/object.ts';
import type { TestApi } from '../environment/api.ts';
import { createTestApi } from '../environment/api.ts';

const web = { namespace: 'default', name: 'web' };

async function createPod(
  { client, verbs }: TestApi,
  { node, finalizers }: { node?: string; finalizers?: string[] } = {},
) {
  await client.create(pods, {
    metadata: { ...web, ...(finalizers === undefined ? {} : { finalizers }) },
    spec: { containers: [{ name: 'main', image: 'web:1' }] },
  });
  if (node !== undefined) {
    const target = { group: '', version: 'v1', resource: 'pods', subresource: 'binding', ...web };
    const binding = { metadata: web, target: { kind: 'Node', name: node } };
    await verbs.create({}, target, { kind: 'object', object: binding });
  }
  return client.get(pods, web);
}

describe('deleting a Pod', () => {
  test('that no node runs removes it at once', async () => {
    await using api = await createTestApi();
    await createPod(api);
    expect(await api.client.delete(pods, web)).toBeUndefined();
  });

  test('that a node runs gives it its grace, and the confirmation removes it', async () => {
    await using api = await createTestApi();
    const pod = await createPod(api, { node: 'a' });
    expect(pod.status.conditions).toEqual([
      { type: 'PodScheduled', status: 'True', lastTransitionTime: '2030-01-01T00:00:00Z' },
    ]);
    const ending = await api.client.delete(pods, web);
    expect(ending?.metadata).toMatchObject({
      deletionTimestamp: '2030-01-01T00:00:30Z',
      deletionGracePeriodSeconds: 30,
      generation: 2,
    });
    // Asking again changes nothing; asking for less does.
    const again = await api.client.delete(pods, web);
    expect(again?.metadata.resourceVersion).toBe(ending?.metadata.resourceVersion);
    const hurried = await api.client.delete(pods, web, { gracePeriodSeconds: 5 });
    expect(hurried?.metadata).toMatchObject({
      deletionTimestamp: '2030-01-01T00:00:05Z',
      deletionGracePeriodSeconds: 5,
      generation: 2,
    });
    const slowed = await api.client.delete(pods, web, { gracePeriodSeconds: 60 });
    expect(slowed?.metadata.deletionGracePeriodSeconds).toBe(5);
    expect(await api.client.delete(pods, web, { gracePeriodSeconds: 0 })).toBeUndefined();
    await expect(api.client.get(pods, web)).rejects.toSatisfy(isNotFound);
  });

  test('only when it is the one that is meant', async () => {
    await using api = await createTestApi();
    const pod = await createPod(api);
    const other = { preconditions: { uid: 'someone-else' } };
    await expect(api.client.delete(pods, web, other)).rejects.toThrow(
      `Precondition failed: UID in precondition: someone-else, UID in object meta: ${pod.metadata.uid}`,
    );
    const stale = { preconditions: { resourceVersion: '1' } };
    await expect(api.client.delete(pods, web, stale)).rejects.toSatisfy(isConflict);
  });

  test('for a trial leaves it there', async () => {
    await using api = await createTestApi();
    await createPod(api);
    await api.client.delete(pods, web, { dryRun: true });
    expect((await api.client.get(pods, web)).metadata.deletionTimestamp).toBeUndefined();
  });
});

describe('finalizers', () => {
  test('keep an object until the last is gone', async () => {
    await using api = await createTestApi();
    await createPod(api, { finalizers: ['example.com/a', 'example.com/b'] });
    const ending = await api.client.delete(pods, web);
    expect(ending?.metadata).toMatchObject({
      deletionGracePeriodSeconds: 0,
      finalizers: ['example.com/a', 'example.com/b'],
    });
    const left = mutable(ending ?? (await api.client.get(pods, web)));
    left.metadata.finalizers = ['example.com/b'];
    expect((await api.client.update(pods, left)).metadata.finalizers).toEqual(['example.com/b']);
    await api.client.patch(pods, web, 'merge', { metadata: { finalizers: null } });
    await expect(api.client.get(pods, web)).rejects.toSatisfy(isNotFound);
  });

  test('cannot be added once deletion has begun', async () => {
    await using api = await createTestApi();
    await createPod(api, { finalizers: ['example.com/a'] });
    await api.client.delete(pods, web);
    const patch = { metadata: { finalizers: ['example.com/a', 'example.com/late'] } };
    await expect(api.client.patch(pods, web, 'merge', patch)).rejects.toThrow(
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers ["example.com/late"]',
    );
  });
});

describe('propagation', () => {
  test('in the foreground and orphaning leave the object to the garbage collector', async () => {
    await using api = await createTestApi();
    const { client } = api;
    await client.create(configmaps, { metadata: web });
    const foreground = await client.delete(configmaps, web, { propagationPolicy: 'Foreground' });
    expect(foreground?.metadata.finalizers).toEqual(['foregroundDeletion']);
    expect(foreground?.metadata.deletionTimestamp).toBe('2030-01-01T00:00:00Z');
    const orphaning = await client.delete(configmaps, web, { propagationPolicy: 'Orphan' });
    expect(orphaning?.metadata.finalizers).toEqual(['orphan']);
    expect(await client.delete(configmaps, web, { propagationPolicy: 'Background' })).toBeUndefined();
  });

  test('means nothing to events', async () => {
    await using api = await createTestApi();
    await api.client.create(events, { metadata: web, involvedObject: { namespace: 'default', name: 'x' } });
    expect(await api.client.delete(events, web, { propagationPolicy: 'Foreground' })).toBeUndefined();
  });
});

test('deleting a collection takes what the selector selects', async () => {
  await using api = await createTestApi();
  for (const [name, colour] of [
    ['a', 'red'],
    ['b', 'blue'],
    ['c', 'red'],
  ] as const)
    await api.client.create(configmaps, { metadata: { name, namespace: 'default', labels: { colour } } });
  const target = { group: '', version: 'v1', resource: 'configmaps', namespace: 'default' };
  const deleted = await api.verbs.deleteCollection({}, target, { labelSelector: 'colour=red' });
  expect(deleted.items.map(({ object }) => object.metadata.name)).toEqual(['a', 'c']);
  const left = await api.client.list(configmaps, { namespace: 'default' });
  expect(left.items.map(({ metadata }) => metadata.name)).toEqual(['b']);
});

test('an eviction of a Pod as it was seen is refused where it has changed, and only there', async () => {
  await using api = await createTestApi();
  const { client } = api;
  const where = { namespace: 'default', name: 'web' };
  const seen = await client.create(pods, {
    metadata: where,
    spec: { containers: [{ name: 'web', image: 'web:1' }] },
  });
  const evictAt = (resourceVersion: string | undefined) =>
    client.createSubresource(pods, where, 'eviction', {
      metadata: where,
      deleteOptions: { preconditions: { resourceVersion } },
    });
  await expect(evictAt('1')).rejects.toThrow('ResourceVersion in precondition: 1');
  const { metadata } = await client.get(pods, where);
  expect(metadata.resourceVersion).toBe(seen.metadata.resourceVersion);
  await evictAt(metadata.resourceVersion);
  await expect(client.get(pods, where)).rejects.toThrow('not found');
});

test('whoever lets go of a deleted object last is answered with what it wrote', async () => {
  await using api = await createTestApi();
  const where = { namespace: 'default', name: 'held' };
  await api.client.create(configmaps, { metadata: { ...where, finalizers: ['example.com/hold'] } });
  await api.client.delete(configmaps, where);
  const release = { metadata: { finalizers: null, annotations: { by: 'us' } } };
  for (const dryRun of [true, false]) {
    const { metadata } = await api.client.patch(configmaps, where, 'merge', release, { dryRun });
    expect(metadata).toMatchObject({ name: 'held', annotations: { by: 'us' } });
    expect(metadata.finalizers).toBeUndefined();
    expect(metadata.deletionTimestamp).toBeDefined();
  }
  await expect(api.client.get(configmaps, where)).rejects.toMatchObject({ reason: 'NotFound' });
});
