import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StatusError } from '../../../core/api/errors.ts';
import { configmaps } from '../../../core/api/generated/resources.ts';
import { ResourceIndex } from '../../../core/client/resource-index.ts';
import { deferred } from '../../../core/machinery/deferred.ts';
import { createTestApi, type TestApi } from '../../../test/environment/api.ts';
import { openTestCluster } from '../../../test/environment/open-cluster.ts';
import { expectEventually, settle } from '../../../test/expectations/eventually.ts';
import type { OpenCluster } from '../../session/cluster-session.ts';
import { ClusterObjects } from './live-objects.ts';

const kind = { group: '', kind: 'ConfigMap', namespace: 'default' };

describe('the objects of the cluster', () => {
  let api: TestApi;
  let open: ReturnType<typeof openTestCluster>;
  let objects: ClusterObjects;
  /** What a list of objects waits for, or fails with. */
  let before: () => Promise<void>;
  let lists: number;
  let changes: number;
  let errors: string[];

  beforeEach(async () => {
    api = await createTestApi();
    open = openTestCluster(api);
    [before, lists, changes, errors] = [() => Promise.resolve(), 0, 0, []];
    const client: typeof api.client = {
      ...api.client,
      async list(resource, options) {
        lists++;
        await before();
        return api.client.list(resource, options);
      },
    };
    const current: OpenCluster = { ...open, cluster: { ...open.cluster, client } };
    const version = await open.cluster.version(open.signal);
    objects = new ClusterObjects({
      session: { current, state: { kind: 'connected', context: current.context, version } },
      clock: api.clock,
      onChange: () => changes++,
      onError: (error) => errors.push(String(error)),
    });
    await create('settings');
    objects.namesOf(kind);
    await settle();
  });

  afterEach(async () => {
    objects.reset();
    await open[Symbol.asyncDispose]();
    await api.close();
  });

  async function create(name: string): Promise<void> {
    const metadata = { namespace: 'default', name };
    await api.client.create(configmaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata,
      data: { color: 'red' },
    });
  }

  test('are known once somebody has asked for their kind, and followed from then on', async () => {
    expect(objects.namesOf(kind)).toBeUndefined();
    await expectEventually(api.clock, () => expect(objects.namesOf(kind)).toEqual(new Set(['settings'])));
    expect(objects.keysOf({ ...kind, name: 'settings' })).toEqual(['color']);
    const told = changes;
    await create('more');
    await expectEventually(api.clock, () => expect(changes).toBeGreaterThan(told));
    expect(objects.namesOf(kind)).toEqual(new Set(['settings', 'more']));
  });

  test('whose first list fails are asked for again a while later, not by every question', async () => {
    before = () => Promise.reject(new StatusError('ServiceUnavailable', 'nobody answers'));
    for (let question = 0; question < 3; question++) {
      expect(objects.namesOf(kind)).toBeUndefined();
      await settle();
    }
    expect([lists, errors]).toEqual([1, [expect.stringContaining('nobody answers')]]);
    before = () => Promise.resolve();
    const told = changes;
    await api.clock.advanceAsync(10_000);
    // Whoever shows what depends on it is told to ask.
    expect(changes).toBe(told + 1);
    await expectEventually(api.clock, () => expect(objects.namesOf(kind)).toEqual(new Set(['settings'])));
  });

  test('that may not be listed are not asked for again', async () => {
    before = () => Promise.reject(new StatusError('Forbidden', 'not yours'));
    objects.namesOf(kind);
    await settle();
    await api.clock.advanceAsync(60_000);
    expect(objects.namesOf(kind)).toBeUndefined();
    expect([lists, errors]).toEqual([1, []]);
  });

  test('are not followed for a question from before everything was forgotten', async () => {
    const gate = deferred();
    before = () => gate.promise;
    objects.namesOf(kind);
    await settle();
    objects.reset();
    const told = changes;
    gate.resolve();
    await settle();
    await open.informers.informer(configmaps, { namespace: 'default' }).synced(open.signal);
    await create('more');
    await settle();
    expect([changes, errors]).toEqual([told, []]);
  });

  test('of kinds that are served only now can be asked for', async () => {
    objects.kindsChanged(new ResourceIndex({ items: [] }));
    objects.namesOf(kind);
    await settle();
    expect(lists).toBe(0);
    objects.kindsChanged(await open.resources());
    await expectEventually(api.clock, () => expect(objects.namesOf(kind)).toEqual(new Set(['settings'])));
  });
});
