import { describe, expect, test } from 'vitest';
import { configmaps } from '../../../core/api/generated/resources.ts';
import { createTestApi } from '../../../test/environment/api.ts';
import { openTestCluster } from '../../../test/environment/open-cluster.ts';
import { objectsOf, type ManifestObject } from '../checks/manifest-objects.ts';
import { builtInModel } from '../schema/built-in.ts';
import { parseDocument } from '../syntax/parse-document.ts';
import { liveObject } from './live-object.ts';

const settings = { model: builtInModel(), namespace: 'default' };
const written = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' } };
const [manifest] = objectsOf(parseDocument(JSON.stringify(written)).root) as [ManifestObject];

describe('what the cluster has of a manifest', () => {
  test('is what stands in the namespace where it would go', async () => {
    await using api = await createTestApi();
    await using open = openTestCluster(api);
    expect(await liveObject(open, manifest, settings, open.signal)).toBeUndefined();
    const metadata = { name: 'settings', namespace: 'default' };
    await api.client.create(configmaps, { ...written, metadata, data: { color: 'red' } });
    expect(await liveObject(open, manifest, settings, open.signal)).toMatchObject({
      data: { color: 'red' },
    });
  });

  test('is not waited for when the cluster does not say in time what it serves', async () => {
    await using api = await createTestApi();
    await using open = openTestCluster(api);
    const slow = { ...open, resources: () => new Promise<never>(() => {}) };
    const patience = new AbortController();
    const found = liveObject(slow, manifest, settings, patience.signal);
    patience.abort();
    expect(await found).toBeUndefined();
  });
});
