import { createInterface } from 'node:readline';
import type { IncomingMessage } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { configmaps } from '../../../core/api/generated/resources.ts';
import { MemoryStore } from '../../../core/storage/memory/store.ts';
import type { RestApi } from '../../environment/rest.ts';
import { createRestApi } from '../../environment/rest.ts';

const path = '/api/v1/namespaces/default/configmaps';

const opened: IncomingMessage[] = [];
afterEach(() => {
  for (const message of opened.splice(0)) message.destroy();
});

/** The events of a watch, one after the other; undefined at its end. */
async function watch(rest: RestApi, query: string, accept?: string) {
  const message = await rest.open('GET', `${path}?watch=true&${query}`, { accept });
  opened.push(message);
  const lines = createInterface({ input: message })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    return done === true ? undefined : (JSON.parse(value) as Readonly<Record<string, unknown>>);
  };
  return { code: message.statusCode, next };
}

test('a watch from a revision that is forgotten is one event that says so', async () => {
  const store = new MemoryStore();
  for (const key of ['/a', '/b', '/c'])
    await store.transact([], [{ kind: 'put', key, value: Buffer.from('x') }], {});
  await using rest = await createRestApi({ store });
  const { code, next } = await watch(rest, 'resourceVersion=1');
  expect(code).toBe(200);
  expect(await next()).toMatchObject({
    type: 'ERROR',
    object: { kind: 'Status', status: 'Failure', reason: 'Expired', code: 410 },
  });
  expect(await next()).toBeUndefined();
});

test('what is not asked well is refused before the watch begins', async () => {
  await using rest = await createRestApi();
  const { code } = await watch(rest, 'labelSelector=%3D%3D');
  expect(code).toBe(400);
});

test.for([
  ['objects', undefined],
  ['their metadata', 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1'],
])('a watch that begins with a list of %s marks where the list ends', async ([, accept]) => {
  await using rest = await createRestApi();
  for (const name of ['one', 'two'])
    await rest.api.client.create(configmaps, { metadata: { name, namespace: 'default' } });
  const { next } = await watch(
    rest,
    'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true',
    accept,
  );
  for (const name of ['one', 'two'])
    expect(await next()).toMatchObject({ type: 'ADDED', object: { metadata: { name } } });
  expect(await next()).toMatchObject({
    type: 'BOOKMARK',
    object: {
      metadata: {
        resourceVersion: expect.stringMatching(/^\d+$/) as string,
        annotations: { 'k8s.io/initial-events-end': 'true' },
      },
    },
  });
  await rest.api.client.delete(configmaps, { name: 'one', namespace: 'default' });
  expect(await next()).toMatchObject({ type: 'DELETED', object: { metadata: { name: 'one' } } });
});
