import { expect, test } from 'vitest';
import { pod, replicaSet } from '../../../test/builders/index.ts';
import { createTestApi } from '../../../test/environment/api.ts';
import { alreadyExists, StatusError } from '../../api/errors.ts';
import { pods } from '../../api/generated/resources.ts';
import type { New } from '../../api/object.ts';
import type { Pod } from '../../api/generated/core-v1.ts';
import type { Client } from '../../client/client.ts';
import { seededRandom } from '../../machinery/random.ts';
import { createChild } from './create-child.ts';

const { signal } = new AbortController();

function child(generateName: string): New<Pod> {
  const { name: _, ...metadata } = pod().ownedBy(replicaSet().build()).build().metadata;
  return { ...pod().build(), metadata: { ...metadata, generateName } };
}

/** A client whose creates go wrong in some way before or after they are done. */
function clientThat(client: Client, create: (object: New<Pod>) => Promise<Pod>): Client {
  const get = client.get.bind(client);
  return { get, create: (_: unknown, object: New<Pod>) => create(object) } as unknown as Client;
}

test('a long prefix leaves room for the suffix', async () => {
  await using api = await createTestApi();
  const { metadata } = await createChild(api.client, pods, child('x'.repeat(80)), seededRandom(1), signal);
  expect(metadata.name).toMatch(/^x{58}[a-z0-9]{5}$/);
});

test('a name that is taken is tried again with another suffix', async () => {
  await using api = await createTestApi();
  const tried: string[] = [];
  const client = clientThat(api.client, (object) => {
    const { name = '' } = (object as Pod).metadata;
    tried.push(name);
    return tried.length < 3 ? Promise.reject(alreadyExists(pods, name)) : api.client.create(pods, object);
  });
  const { metadata } = await createChild(client, pods, child('web-'), seededRandom(1), signal);
  expect(new Set(tried).size).toBe(3);
  expect(metadata.name).toBe(tried[2]);
});

test('a create whose reply is lost has happened once', async () => {
  await using api = await createTestApi();
  const client = clientThat(api.client, async (object) => {
    await api.client.create(pods, object);
    throw new StatusError('Timeout', 'The reply was lost');
  });
  const { metadata } = await createChild(client, pods, child('web-'), seededRandom(1), signal);
  const { items } = await api.client.list(pods);
  expect(items.map(({ metadata: { uid } }) => uid)).toEqual([metadata.uid]);
});

test('a create that was lost, or refused, has failed', async () => {
  await using api = await createTestApi();
  for (const reason of ['ServiceUnavailable', 'Forbidden'] as const) {
    const client = clientThat(api.client, () => Promise.reject(new StatusError(reason, 'no')));
    const created = createChild(client, pods, child('web-'), seededRandom(1), signal);
    await expect(created).rejects.toMatchObject({ reason });
  }
});
