import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { configmaps, deployments, namespaces, pods, replicasets } from '../../api/generated/resources.ts';
import { configMap, deployment, namespace, pod, replicaSet } from '../../../test/builders/index.ts';
import { createTestApi, type TestApi } from '../../../test/environment/api.ts';
import { openTestCluster } from '../../../test/environment/open-cluster.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { dependentsOf } from './dependents.ts';

describe('what a deletion takes along', () => {
  let api: TestApi;
  let cluster: ReturnType<typeof openTestCluster>;

  beforeEach(async () => {
    api = await createTestApi();
    cluster = openTestCluster(api);
  });

  afterEach(async () => {
    await cluster[Symbol.asyncDispose]();
    await api.close();
  });

  const counts = async (...objects: KubernetesObject[]) => {
    const found = await dependentsOf(api.client, await cluster.resources(), objects, cluster.signal);
    return found.map(({ resource, count }) => `${count} ${resource.plural}`);
  };

  test('is what belongs to the object, and what belongs to that', async () => {
    const owner = await api.client.create(deployments, deployment().named('web').build());
    const set = await api.client.create(replicasets, replicaSet().named('web-1').ownedBy(owner).build());
    for (const name of ['a', 'b']) await api.client.create(pods, pod().named(name).ownedBy(set).build());
    await api.client.create(pods, pod().named('alone').build());
    expect(await counts(owner)).toEqual(['2 pods', '1 replicasets']);
    expect(await counts(set)).toEqual(['2 pods']);
    expect(await counts(owner, set)).toEqual(['2 pods']);
  });

  test('is not what somebody else owns as well', async () => {
    const one = await api.client.create(replicasets, replicaSet().named('one').build());
    const two = await api.client.create(replicasets, replicaSet().named('two').build());
    const shared = pod().named('shared').ownedBy(one).ownedBy(two, { controller: false });
    await api.client.create(pods, shared.build());
    expect(await counts(one)).toEqual([]);
  });

  test('is all that a namespace holds', async () => {
    const shop = await api.client.create(namespaces, namespace().named('shop').build());
    for (const name of ['a', 'b', 'c'])
      await api.client.create(configmaps, configMap().inNamespace('shop').named(name).build());
    await api.client.create(pods, pod().inNamespace('shop').named('web').build());
    expect(await counts(shop)).toEqual(['3 configmaps', '1 pods']);
  });
});
