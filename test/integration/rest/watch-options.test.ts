import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { clusterroles, configmaps, rolebindings } from '../../../core/api/generated/resources.ts';
import type { RestApi } from '../../environment/rest.ts';
import { clientPair, createRestApi } from '../../environment/rest.ts';

const path = '/api/v1/namespaces/default/configmaps';
const oneOf = (name: string) => `/api/v1/watch/namespaces/default/configmaps/${name}`;

let rest: RestApi;
beforeAll(async () => {
  rest = await createRestApi({ rbac: true });
  for (const name of ['one', 'two'])
    await rest.api.client.create(configmaps, { metadata: { name, namespace: 'default' } });
});
afterAll(() => rest[Symbol.asyncDispose]());

const opened: IncomingMessage[] = [];
afterEach(() => {
  for (const message of opened.splice(0)) message.destroy();
});

async function eventsOf(from: string, accept?: string) {
  const message = await rest.open('GET', from, { accept });
  opened.push(message);
  expect(message.statusCode).toBe(200);
  const lines = createInterface({ input: message })[Symbol.asyncIterator]();
  return async () =>
    JSON.parse((await lines.next()).value as string) as {
      readonly type: string;
      readonly object: { readonly kind: string; readonly metadata: { readonly name: string } };
    };
}

const notOlderThan =
  'resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan';

test.for([
  ['watch=1&sendInitialEvents=true', [notOlderThan]],
  ['watch=1&sendInitialEvents=false', [notOlderThan]],
  [
    'watch=1&sendInitialEvents=true&resourceVersionMatch=Exact',
    [notOlderThan, 'resourceVersionMatch: Unsupported value: "Exact": supported values: "NotOlderThan"'],
  ],
  [
    'watch=1&resourceVersionMatch=NotOlderThan&resourceVersion=1',
    [
      'resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    ],
  ],
  [
    'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&continue=x',
    ['resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided'],
  ],
  ['sendInitialEvents=true', ['sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list']],
  ['sendInitialEvents=false', ['sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list']],
] as const)('%s does not fit together', async ([query, mistakes]) => {
  const answer = await rest.send('GET', `${path}?${query}`);
  const said = mistakes.length === 1 ? mistakes[0] : `[${mistakes.join(', ')}]`;
  expect(answer.json()).toMatchObject({
    code: 422,
    reason: 'Invalid',
    message: `ListOptions.meta.k8s.io "" is invalid: ${said}`,
  });
});

test('a watch that ends is told where to go on from two seconds before', async () => {
  const next = await eventsOf(`${path}?watch=1&allowWatchBookmarks=true&timeoutSeconds=6&labelSelector=none`);
  await rest.api.clock.advanceAsync(4_000);
  expect(await next()).toMatchObject({ type: 'BOOKMARK', object: { kind: 'ConfigMap' } });
});

test('a watch of Tables that begins with a list marks its end in a row', async () => {
  const options = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const next = await eventsOf(`${path}?watch=1&${options}&fieldSelector=metadata.name%3Done`, accept);
  expect(await next()).toMatchObject({
    type: 'ADDED',
    object: { kind: 'Table', rows: [{ object: { metadata: { name: 'one' } } }] },
  });
  expect(await next()).toMatchObject({
    type: 'BOOKMARK',
    object: {
      kind: 'Table',
      columnDefinitions: null,
      rows: [{ object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } } }],
    },
  });
});

test('a limit below nothing is none', async () => {
  const limited = await rest.send('GET', `${path}?limit=1`);
  const unlimited = await rest.send('GET', `${path}?limit=-1`);
  expect(limited.json()).toMatchObject({ items: [expect.anything()] });
  expect(unlimited.json()['items']).toHaveProperty(
    'length',
    expect.toSatisfy((items: number) => items > 1),
  );
});

test('a watch that begins with a list marks its end to nobody who takes no bookmarks', async () => {
  const next = await eventsOf(
    `${path}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&fieldSelector=metadata.name%3Done`,
  );
  expect(await next()).toMatchObject({ type: 'ADDED' });
  const data = { data: { changed: 'yes' } };
  await rest.api.client.patch(configmaps, { namespace: 'default', name: 'one' }, 'merge', data);
  expect(await next()).toMatchObject({ type: 'MODIFIED', object: data });
});

test('the "/watch/" form of one object is a watch of that object', async () => {
  const next = await eventsOf(oneOf('two'));
  expect(await next()).toMatchObject({
    type: 'ADDED',
    object: { kind: 'ConfigMap', metadata: { name: 'two' } },
  });
  for (const name of ['one', 'two'])
    await rest.api.client.patch(configmaps, { name, namespace: 'default' }, 'merge', { data: { a: name } });
  expect(await next()).toMatchObject({ type: 'MODIFIED', object: { metadata: { name: 'two' } } });
});

test('the "/watch/" form of an object of the cluster is a watch as well', async () => {
  const next = await eventsOf('/api/v1/watch/namespaces/default');
  expect(await next()).toMatchObject({
    type: 'ADDED',
    object: { kind: 'Namespace', metadata: { name: 'default' } },
  });
});

test.for([
  ['a selector beside the name', 'GET', `${oneOf('two')}?fieldSelector=metadata.name%3Done`, 400],
  ['another method', 'DELETE', oneOf('two'), 405],
  ['another method on the collection', 'POST', '/api/v1/watch/namespaces/default/configmaps', 405],
  ['a part of an object', 'GET', '/api/v1/watch/namespaces/default/pods/a/status', 404],
  ['a stream', 'GET', '/api/v1/watch/namespaces/default/pods/a/log', 404],
  ['a proxy', 'GET', '/api/v1/watch/nodes/a/proxy/', 404],
] as const)('the "/watch/" form has no place for %s', async ([, method, from, code]) => {
  expect((await rest.send(method, from)).code).toBe(code);
  expect((await rest.send('GET', `${path}/two`)).code).toBe(200);
});

test('who may only get one object may not watch it by the "/watch/" form, and who may watch one watches that one', async () => {
  const { client } = rest.api;
  for (const verb of ['get', 'watch']) {
    await client.create(clusterroles, {
      metadata: { name: verb },
      rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: [verb], resourceNames: ['two'] }],
    });
    await client.create(rolebindings, {
      metadata: { name: verb, namespace: 'default' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: verb },
      subjects: [{ kind: 'User', name: verb, apiGroup: 'rbac.authorization.k8s.io' }],
    });
  }
  const signer = rest.pki.clientCa;
  const [getter, watcher] = await Promise.all([clientPair(signer, 'CN=get'), clientPair(signer, 'CN=watch')]);
  const codeOf = async (name: string, as: typeof getter) => {
    const message = await rest.open('GET', oneOf(name), { as });
    opened.push(message);
    return message.statusCode;
  };
  expect(await codeOf('two', getter)).toBe(403);
  expect(await codeOf('two', watcher)).toBe(200);
  expect(await codeOf('one', watcher)).toBe(403);
  expect(await codeOf('two,metadata.name!=three', watcher)).toBe(403);
});
