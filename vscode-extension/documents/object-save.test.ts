import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConfigMap, Pod } from '../../core/api/generated/core-v1.ts';
import { configmaps, pods } from '../../core/api/generated/resources.ts';
import type { KubernetesObject } from '../../core/api/object.ts';
import type { ServedResource } from '../../core/client/resource-index.ts';
import { pod } from '../../test/builders/index.ts';
import { createTestApi, type TestApi } from '../../test/environment/api.ts';
import { openTestCluster } from '../../test/environment/open-cluster.ts';
import { saveObject } from './object-save.ts';

describe('saving an edited object', () => {
  const signal = AbortSignal.timeout(60_000);
  let api: TestApi;
  let cluster: ReturnType<typeof openTestCluster>;
  let found: (plural: string) => ServedResource;

  beforeEach(async () => {
    api = await createTestApi();
    cluster = openTestCluster(api);
    const index = await cluster.resources();
    found = (plural) => index.lookUp(plural) as ServedResource;
  });

  afterEach(async () => {
    await cluster[Symbol.asyncDispose]();
    await api.close();
  });

  const name = { namespace: 'default', name: 'settings' };
  const labelled = <T extends KubernetesObject>(object: T, labels: Record<string, string>): T => ({
    ...object,
    metadata: { ...object.metadata, labels },
  });
  const create = () =>
    api.client.create(configmaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: name,
      data: { color: 'red' },
    });
  const save = (edited: ConfigMap, base: ConfigMap) =>
    saveObject(api.client, found('configmaps'), name, edited, () => base, signal);

  test('writes what was changed', async () => {
    const base = await create();
    const saved = await save({ ...base, data: { color: 'blue' } }, base);
    expect(saved).toMatchObject({ kind: 'saved', object: { data: { color: 'blue' } } });
  });

  test('shows what somebody else wrote instead of overwriting it', async () => {
    const base = await create();
    await api.client.update(configmaps, { ...base, data: { color: 'green' } });
    const saved = await save({ ...base, data: { color: 'blue' } }, base);
    expect(saved).toMatchObject({ kind: 'conflict', live: { data: { color: 'green' } } });
    expect((await api.client.get(configmaps, name)).data).toEqual({ color: 'green' });
  });

  test('does not mind that a controller wrote the status meanwhile', async () => {
    const where = { namespace: 'default', name: 'web' };
    const base = await api.client.create(pods, pod().named('web').build());
    await api.client.updateStatus(pods, { ...base, status: { phase: 'Running' } });
    const edited: Pod = labelled(base, { app: 'web' });
    const saved = await saveObject(api.client, found('pods'), where, edited, () => base, signal);
    expect(saved).toMatchObject({
      kind: 'saved',
      object: { metadata: { labels: { app: 'web' } }, status: { phase: 'Running' } },
    });
  });

  test('takes an object made anew under the same name for another one', async () => {
    const base = await create();
    await api.client.delete(configmaps, name);
    await create();
    expect(await save({ ...base, data: { color: 'blue' } }, base)).toMatchObject({ kind: 'conflict' });
  });

  test('refuses a text that means another object, or no revision', async () => {
    const base = await create();
    const renamed = { ...base, metadata: { ...base.metadata, name: 'other' } };
    await expect(save(renamed, base)).rejects.toThrow('cannot be changed');
    const { resourceVersion: _revision, ...metadata } = base.metadata;
    await expect(save({ ...base, metadata }, base)).rejects.toThrow('resourceVersion was removed');
  });
});
