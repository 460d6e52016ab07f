import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clusterroles, configmaps, pods } from '../../../core/api/generated/resources.ts';
import type { RestRequest } from '../../environment/rest.ts';
import { createFrontEnds } from './front-ends.ts';
import type { FrontEnds, Person } from './front-ends.ts';

let ends: FrontEnds;
/** May do everything, in one namespace. */
let ruler: Person;
beforeAll(async () => {
  ends = await createFrontEnds();
  ruler = await ends.person('ruler', { role: 'cluster-admin', namespace: 'team' });
});
afterAll(() => ends[Symbol.asyncDispose]());

async function code(method: string, path: string, { pair }: Person, more: RestRequest = {}): Promise<number> {
  return (await ends.rest.send(method, path, { ...more, as: pair })).code;
}

/** A user of a namespace with one role of these rules. */
async function personWith(name: string, verbs: readonly string[], resourceNames?: readonly string[]) {
  const rule = { apiGroups: [''], resources: ['configmaps', 'pods', 'pods/proxy'], verbs };
  const rules = [resourceNames === undefined ? rule : { ...rule, resourceNames }];
  await ends.rest.api.client.create(clusterroles, { metadata: { name }, rules });
  return ends.person(name, { role: name, namespace: 'team' });
}

describe('who rules a namespace', () => {
  const clusterWide = [
    ['', 'v1', 'nodes', 'Node'],
    ['', 'v1', 'persistentvolumes', 'PersistentVolume'],
    ['apiextensions.k8s.io', 'v1', 'customresourcedefinitions', 'CustomResourceDefinition'],
    ['apiregistration.k8s.io', 'v1', 'apiservices', 'APIService'],
    ['admissionregistration.k8s.io', 'v1', 'mutatingwebhookconfigurations', 'MutatingWebhookConfiguration'],
    ['authorization.k8s.io', 'v1', 'subjectaccessreviews', 'SubjectAccessReview'],
  ] as const;

  test.each(clusterWide)('makes nothing in it that is of the cluster: %s %s %s', async (...kind) => {
    const [group, version, resource, name] = kind;
    const root = group === '' ? '/api/v1' : `/apis/${group}/${version}`;
    const path = `${root}/namespaces/team/${resource}`;
    const apiVersion = group === '' ? version : `${group}/${version}`;
    const body = JSON.stringify({ apiVersion, kind: name, metadata: { name: 'mine' }, spec: {} });
    expect(await code('POST', path, ruler, { body })).toBe(404);
    expect(await code('PUT', `${path}/mine`, ruler, { body })).toBe(404);
    const contentType = 'application/apply-patch+yaml';
    const applied = `${path}/mine?fieldManager=me`;
    expect(await code('PATCH', applied, ruler, { body, headers: { 'content-type': contentType } })).toBe(404);
    expect(await code('GET', path, ruler)).toBe(404);
    const target = { group, version, resource, namespace: 'team' };
    const { verbs } = ruler.connection;
    await expect(
      verbs.create({}, target, { kind: 'bytes', contentType: 'application/json', bytes: Buffer.from(body) }),
    ).rejects.toMatchObject({ code: 404 });
    await expect(verbs.list({}, target)).rejects.toMatchObject({ code: 404 });
    expect((await ends.rest.send('GET', `${root}/${resource}/mine`)).code).not.toBe(200);
  });
});

test('an apply that makes an object needs the right to create', async () => {
  const patcher = await personWith('patcher', ['get', 'patch']);
  const apply = (name: string) => {
    const body = JSON.stringify({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name },
      data: { a: '1' },
    });
    const path = `/api/v1/namespaces/team/configmaps/${name}?fieldManager=me`;
    return code('PATCH', path, patcher, {
      body,
      headers: { 'content-type': 'application/apply-patch+yaml' },
    });
  };
  expect(await apply('new')).toBe(403);
  await ends.rest.api.client.create(configmaps, { metadata: { namespace: 'team', name: 'there' } });
  expect(await apply('there')).toBe(200);
  expect((await ends.rest.send('GET', '/api/v1/namespaces/team/configmaps/new')).code).toBe(404);
});

test('a rule that names objects lets nobody create under another name', async () => {
  const namer = await personWith('namer', ['create'], ['a']);
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b' } };
  const body = JSON.stringify(object);
  expect(await code('POST', '/api/v1/namespaces/team/configmaps/a', namer, { body })).toBe(405);
  const target = { group: '', version: 'v1', resource: 'configmaps', namespace: 'team', name: 'a' };
  await expect(
    namer.connection.verbs.create({}, target, {
      kind: 'bytes',
      contentType: 'application/json',
      bytes: Buffer.from(body),
    }),
  ).rejects.toMatchObject({ code: 405 });
  expect((await ends.rest.send('GET', '/api/v1/namespaces/team/configmaps/b')).code).toBe(404);
});

test('a method in small letters, which only HTTP/2 lets pass, is none', async () => {
  const { address, pki } = ends.rest;
  const session = connectHttp2(`https://${address}`, { ...ruler.pair, ca: pki.serverCa.cert });
  try {
    for (const method of ['get', 'delete', 'Delete']) {
      const stream = session.request({
        ':method': method,
        ':path': '/api/v1/namespaces/team/pods/web/proxy/x',
      });
      const [headers] = (await once(stream, 'response')) as [{ ':status': number }];
      expect(headers[':status']).toBe(405);
      stream.close();
    }
  } finally {
    session.destroy();
  }
});

test('the proxy asks for the verb of the method, of an upgrade and of unknown methods too', async () => {
  const reader = await personWith('proxy-reader', ['get']);
  const metadata = { namespace: 'team', name: 'proxied' };
  await ends.rest.api.client.create(pods, { metadata, spec: { containers: [{ name: 'a', image: 'a:1' }] } });
  const path = '/api/v1/namespaces/team/pods/proxied/proxy/x';
  expect(await code('GET', path, reader)).toBe(400);
  for (const method of ['POST', 'DELETE', 'PURGE', 'MOVE'])
    expect(await code(method, path, reader)).toBe(403);
  const [host = '', port = ''] = ends.rest.address.split(':');
  const upgrade = async (method: string) => {
    const headers = { connection: 'Upgrade', upgrade: 'x' };
    const asked = httpsRequest({
      ...reader.pair,
      ca: ends.rest.pki.serverCa.cert,
      host,
      port,
      path,
      method,
      headers,
    });
    asked.end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    answer.resume();
    return answer.statusCode;
  };
  expect(await upgrade('POST')).toBe(403);
  expect(await upgrade('GET')).toBe(400);
});
