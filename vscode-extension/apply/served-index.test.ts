import { expect, test } from 'vitest';
import { manifestsOf } from '../../core/client/manifests.ts';
import { ResourceIndex } from '../../core/client/resource-index.ts';
import { deferred } from '../../core/machinery/deferred.ts';
import { servedIndex } from './served-index.ts';

const boat = manifestsOf('apiVersion: example.com/v1\nkind: Boat\nmetadata: { name: mary }\n', 'boat.yaml');
const nothing = new ResourceIndex({ items: [] });
const boats = new ResourceIndex({
  items: [
    {
      metadata: { name: 'example.com' },
      versions: [
        { version: 'v1', resources: [{ resource: 'boats', responseKind: { kind: 'Boat' }, verbs: [] }] },
      ],
    },
  ],
});
const never = new AbortController().signal;

test('the cluster is asked anew only where a kind is missing', async () => {
  let now = nothing;
  const asked: boolean[] = [];
  const cluster = {
    resources: ({ fresh = false } = {}) => {
      asked.push(fresh);
      if (fresh) now = boats;
      return Promise.resolve(now);
    },
  };
  expect(await servedIndex(cluster, boat, never)).toBe(boats);
  expect(await servedIndex(cluster, boat, never)).toBe(boats);
  expect(asked).toEqual([false, true, false]);
});

test('nobody has to wait for a cluster that does not say what it serves', async () => {
  const silent = deferred<ResourceIndex>();
  const stop = new AbortController();
  const waiting = servedIndex({ resources: () => silent.promise }, boat, stop.signal);
  stop.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
});
