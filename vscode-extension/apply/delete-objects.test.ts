import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StatusError } from '../../core/api/errors.ts';
import { configmaps } from '../../core/api/generated/resources.ts';
import { manifestsOf } from '../../core/client/manifests.ts';
import { createClient } from '../../core/client/typed-client.ts';
import type { Verbs } from '../../core/api/verbs.ts';
import { createTestApi, type TestApi } from '../../test/environment/api.ts';
import { openTestCluster } from '../../test/environment/open-cluster.ts';
import { deletePlaced, placedObject } from './delete-objects.ts';

const settings = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\n`;
const boat = 'apiVersion: example.com/v1\nkind: Boat\nmetadata: { name: mary }\n';

describe('deleting what manifests say', () => {
  let api: TestApi;
  let cluster: ReturnType<typeof openTestCluster>;
  let asked: string[];

  beforeEach(async () => {
    api = await createTestApi();
    cluster = openTestCluster(api);
    asked = [];
  });

  afterEach(async () => {
    await cluster[Symbol.asyncDispose]();
    await api.close();
  });

  const create = (name: string) =>
    api.client.create(configmaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'default', name },
    });

  /** Refuses to delete the object of that name. */
  const guarding = (name: string): Verbs => ({
    ...api.verbs,
    delete: (call, target, options) => {
      asked.push(target.name);
      return target.name === name
        ? Promise.reject(new StatusError('Forbidden', `configmaps "${name}" is forbidden`))
        : api.verbs.delete(call, target, options);
    },
  });

  const remove = async (verbs: Verbs, ...texts: readonly string[]) => {
    const index = await cluster.resources();
    const manifests = manifestsOf(texts.join('---\n'), 'test.yaml');
    const objects = manifests.map((manifest) => placedObject(manifest, index, 'default'));
    const results = await deletePlaced(createClient(verbs), objects, cluster.signal);
    return results.map(({ planned, outcome }) => [planned.name.name, outcome]);
  };

  test('begins with the last, and tells what was not there', async () => {
    await create('a');
    expect(await remove(guarding(''), settings('a'), settings('b'))).toEqual([
      ['b', 'absent'],
      ['a', 'deleted'],
    ]);
    expect(asked).toEqual(['b', 'a']);
  });

  test('goes on after what is refused, and after kinds that are not served', async () => {
    await Promise.all(['a', 'b', 'c'].map(create));
    expect(await remove(guarding('b'), settings('a'), settings('b'), boat, settings('c'))).toEqual([
      ['c', 'deleted'],
      ['mary', 'failed'],
      ['b', 'failed'],
      ['a', 'deleted'],
    ]);
    const left = await api.client.list(configmaps, { namespace: 'default' });
    expect(left.items.map(({ metadata }) => metadata.name)).toEqual(['b']);
  });
});
