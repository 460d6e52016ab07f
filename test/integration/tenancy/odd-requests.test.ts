import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clusterrolebindings, clusterroles, pods } from '../../../core/api/generated/resources.ts';
import { AggregationScene, base, fortunes } from '../../environment/aggregation-scene.ts';
import { fortunesGroup } from '../../environment/extension-server.ts';
import { serveGrpc } from '../../environment/grpc.ts';
import type { GrpcApi } from '../../environment/grpc.ts';
import { clientPair } from '../../environment/rest.ts';
import type { RestApi } from '../../environment/rest.ts';
import { settle } from '../../expectations/eventually.ts';

let scene: AggregationScene;
let grpc: GrpcApi;
beforeAll(async () => {
  scene = await AggregationScene.create();
  grpc = await serveGrpc(scene.rest);
  const spec = { containers: [{ name: 'web', image: 'web:1' }] };
  await scene.rest.api.client.create(pods, { metadata: { namespace: 'default', name: 'web' }, spec });
});
afterAll(async () => {
  await grpc[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
});

const send: RestApi['send'] = (...asked) => scene.rest.send(...asked);

/** Somebody of a name with these rules, everywhere. */
async function personWith(name: string, verbs: readonly string[], resources: readonly string[]) {
  const { client } = scene.rest.api;
  const metadata = { name };
  const apiGroup = 'rbac.authorization.k8s.io';
  await client.create(clusterroles, { metadata, rules: [{ apiGroups: ['*'], resources, verbs }] });
  await client.create(clusterrolebindings, {
    metadata,
    roleRef: { apiGroup, kind: 'ClusterRole', name },
    subjects: [{ apiGroup, kind: 'User', name }],
  });
  await settle(30);
  return clientPair(scene.rest.pki.clientCa, `CN=${name}`);
}

/** The code of what a request is answered with whose first line is this. */
async function codeOfLine(line: string): Promise<number> {
  const { address, pki } = scene.rest;
  const [host = '', port = ''] = address.split(':');
  const socket = connectTls({ host, port: Number(port), ca: pki.serverCa.cert, servername: 'localhost' });
  socket.write(`${line}\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer.toString())?.[1]);
}

describe('an address that is none', () => {
  test.each(['//', '///', '//:80', '//a:99999', '//[', '//core/api/v1/secrets'])(
    'is a path like others where it begins with a slash: %s',
    async (path) => {
      // Nobody is known yet, so nobody learns more than that.
      expect(await codeOfLine(`GET ${path} HTTP/1.1`)).toBe(401);
    },
  );

  test('is refused otherwise', async () => {
    for (const address of ['http://', 'https://[', 'http://a:99999/api'])
      expect(await codeOfLine(`GET ${address} HTTP/1.1`)).toBe(400);
  });
});

describe('words that every object of the language knows', () => {
  const words = ['constructor', '__proto__', 'toString', 'hasOwnProperty'];

  test.each(words)('name no part of an object: %s', async (word) => {
    const path = `/api/v1/namespaces/default/pods/web/${word}`;
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
      const more = method === 'GET' ? {} : { contentType, body: '{}' };
      expect((await send(method, path, more)).code).toBe(404);
    }
    const target = { group: '', version: 'v1', resource: 'pods', namespace: 'default', name: 'web' };
    await expect(grpc.connect().verbs.get({}, { ...target, subresource: word })).rejects.toMatchObject({
      code: 404,
    });
  });

  test.each(words)('are no form, field or verb either: %s', async (word) => {
    const configmaps = '/api/v1/namespaces/default/configmaps';
    const codes = [
      await send('GET', `/api/v1/${word}`),
      await send('GET', `/apis/${word}/v1/pods`),
      await send('GET', `/openapi/v3/${word}`),
      await send('PATCH', `${configmaps}/a`, { body: '{}', contentType: word }),
      await send('GET', `/api/v1/pods?fieldSelector=${word}%3Da`),
      await send('DELETE', `${configmaps}/a?propagationPolicy=${word}`),
      await send('PATCH', `${configmaps}/a`, {
        body: JSON.stringify([{ op: word, path: `/data/${word}`, value: 'a' }]),
        contentType: 'application/json-patch+json',
      }),
    ].map(({ code }) => code);
    for (const code of codes) expect([400, 404, 415, 422]).toContain(code);
  });
});

test('what follows a part of an object names nothing, save behind a proxy', async () => {
  for (const path of [
    '/api/v1/namespaces/default/status/more',
    '/api/v1/namespaces/default/pods/web/status/more',
    '/api/v1/namespaces/default/pods/web/log/more',
  ]) {
    expect(await send('GET', path)).toMatchObject({ code: 404 });
    expect(await send('PUT', path, { body: '{}' })).toMatchObject({ code: 404 });
  }
});

test("one object of a user's server is read by whom may read it, whatever the query says", async () => {
  const watcher = await personWith('watcher', ['watch'], ['fortunes']);
  expect((await send('GET', `${fortunes}/good?watch=true`, { as: watcher })).code).toBe(403);
  const reader = await personWith('reader', ['get'], ['fortunes']);
  expect((await send('GET', `${fortunes}/good?watch=true`, { as: reader })).code).toBe(200);
  const watched = await scene.rest.open('GET', `${fortunes}?watch=true`, { as: watcher });
  watched.destroy();
  expect(watched.statusCode).toBe(200);
});

describe("a schema of a user's server", () => {
  test.each([
    `${base}/../../../../apis/${fortunesGroup}/v1alpha1/namespaces/default/fortunes/good`,
    `${base}/../../../..${fortunes}`,
    `${base}/%2e%2e/%2e%2e/%2e%2e/%2e%2e${fortunes}`,
    `${base}/`,
  ])('is no way to anything else of it: %s', async (path) => {
    const { discovery } = grpc.connect(scene.ann);
    const before = scene.extension.asked.length;
    await expect(discovery.openApi({}, path.slice(1))).rejects.toMatchObject({ code: 404 });
    expect(scene.extension.asked.slice(before)).toEqual([]);
  });
});

test('what is served is told over gRPC to whom it is told over REST', async () => {
  const { client } = scene.rest.api;
  const { discovery } = grpc.connect(scene.ann);
  await expect(discovery.version({})).resolves.toMatchObject({ gitVersion: 'v1.36.0' });
  const binding = await client.get(clusterrolebindings, { name: 'system:discovery' });
  const viewer = await client.get(clusterrolebindings, { name: 'system:public-info-viewer' });
  await client.delete(clusterrolebindings, { name: 'system:discovery' });
  await client.delete(clusterrolebindings, { name: 'system:public-info-viewer' });
  try {
    await settle(30);
    for (const path of ['/version', '/apis', '/openapi/v3/api/v1'])
      expect((await send('GET', path, { as: scene.ann })).code).toBe(403);
    const refused = { code: 403 };
    await expect(discovery.version({})).rejects.toMatchObject(refused);
    await expect(discovery.resources({})).rejects.toMatchObject(refused);
    await expect(discovery.openApi({}, 'api/v1')).rejects.toMatchObject(refused);
  } finally {
    for (const { roleRef, subjects, metadata } of [binding, viewer])
      await client.create(clusterrolebindings, {
        metadata: { name: metadata.name },
        roleRef,
        ...(subjects === undefined ? {} : { subjects }),
      });
  }
});

describe('who may act as the accounts of a namespace', () => {
  const reviews = '/apis/authentication.k8s.io/v1/selfsubjectreviews';

  test('acts as nobody else who has such a name, and takes along nothing that was not asked about', async () => {
    const apiGroup = 'rbac.authorization.k8s.io';
    const { api } = scene.rest;
    await api.client.create(clusterroles, {
      metadata: { name: 'impersonator' },
      rules: [{ apiGroups: [''], resources: ['serviceaccounts'], verbs: ['impersonate'] }],
    });
    await api.client.create(clusterrolebindings, {
      metadata: { name: 'impersonator' },
      roleRef: { apiGroup, kind: 'ClusterRole', name: 'impersonator' },
      subjects: [{ apiGroup, kind: 'User', name: 'impersonator' }],
    });
    await settle(30);
    const as = await clientPair(scene.rest.pki.clientCa, 'CN=impersonator');
    const ask = (headers: Record<string, string>) => send('POST', reviews, { as, headers, body: '{}' });
    const account = 'system:serviceaccount:default:bot';
    for (const name of [
      'system:serviceaccount:default:',
      'system:serviceaccount::bot',
      'system:serviceaccount:default:bot:x',
      'system:serviceaccount:Default:bot',
      'system:serviceaccount:default:../bot',
    ])
      expect(await ask({ 'impersonate-user': name })).toMatchObject({ code: 403 });
    for (const more of [
      { 'impersonate-uid': '1' },
      { 'impersonate-group': 'system:masters' },
      { 'impersonate-group': 'system:serviceaccounts, system:masters' },
      { 'impersonate-extra-scopes': 'all' },
      { 'Impersonate-Extra-%53copes': 'all' },
    ])
      expect(await ask({ 'impersonate-user': account, ...more })).toMatchObject({ code: 403 });
    const answer = await ask({ 'impersonate-user': account, 'impersonate-extra-scopes': '' });
    expect(answer.code).toBe(201);
    expect(answer.json()['status']).toEqual({
      userInfo: {
        username: account,
        groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
      },
    });
  });
});
