import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StatusError } from '../../core/api/errors.ts';
import { configmaps } from '../../core/api/generated/resources.ts';
import { manifestsOf } from '../../core/client/manifests.ts';
import { createClient } from '../../core/client/typed-client.ts';
import type { Verbs } from '../../core/api/verbs.ts';
import { createTestApi, type TestApi } from '../../test/environment/api.ts';
import { openTestCluster } from '../../test/environment/open-cluster.ts';
import { settle } from '../../test/expectations/eventually.ts';
import { deletePlaced, liveObjects, placedObject } from './delete-objects.ts';

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

  const placed = async (...texts: readonly string[]) => {
    const index = await cluster.resources();
    const manifests = manifestsOf(texts.join('---\n'), 'test.yaml');
    return manifests.map((manifest) => placedObject(manifest, index, 'default'));
  };

  const remove = async (verbs: Verbs, ...texts: readonly string[]) => {
    const results = await deletePlaced(createClient(verbs), await placed(...texts), cluster.signal);
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

  test('ends with definitions and namespaces, wherever they stand', async () => {
    const fleet = 'apiVersion: v1\nkind: Namespace\nmetadata: { name: fleet }\n';
    const boats =
      'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: { name: boats.example.com }\n';
    await remove(guarding(''), settings('a'), boats, fleet, settings('b'));
    expect(asked).toEqual(['b', 'a', 'boats.example.com', 'fleet']);
  });

  test('leaves the rest when it is cancelled', async () => {
    await Promise.all(['a', 'b'].map(create));
    const objects = await placed(settings('a'), settings('b'));
    const stop = new AbortController();
    const verbs: Verbs = {
      ...api.verbs,
      delete: async (...given) => {
        stop.abort();
        return api.verbs.delete(...given);
      },
    };
    const results = await deletePlaced(createClient(verbs), objects, stop.signal);
    expect(results.at(-1)).toMatchObject({ outcome: 'left', planned: { name: { name: 'a' } } });
    const left = await api.client.list(configmaps, {
      namespace: 'default',
      fieldSelector: 'metadata.name=a',
    });
    expect(left.items).toHaveLength(1);
  });

  test('is preceded by a look at what is there, a few objects at a time', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `s${index}`);
    await Promise.all(names.slice(0, 9).map(create));
    let [open, most] = [0, 0];
    const verbs: Verbs = {
      ...api.verbs,
      get: async (...given) => {
        most = Math.max(most, ++open);
        await settle(1);
        open--;
        return api.verbs.get(...given);
      },
    };
    const objects = await placed(...names.map(settings), boat);
    const live = await liveObjects(createClient(verbs), objects, cluster.signal);
    expect(live.map(({ metadata }) => metadata.name)).toEqual(names.slice(0, 9));
    expect(most).toBe(4);
    await expect(liveObjects(api.client, objects, AbortSignal.abort(new Error('enough')))).rejects.toThrow(
      'enough',
    );
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
