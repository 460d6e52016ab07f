import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clusterrolebindings, clusterroles } from '../../../core/api/generated/resources.ts';
import type { KeyPair } from '../../../core/machinery/pki/key-pair.ts';
import type { RestApi } from '../../environment/rest.ts';
import { clientPair, createRestApi } from '../../environment/rest.ts';

let rest: RestApi;
beforeAll(async () => {
  rest = await createRestApi({ rbac: true });
});
afterAll(() => rest[Symbol.asyncDispose]());

async function put(path: string, body: object, as?: KeyPair) {
  const answer = await rest.send('PUT', path, {
    body: JSON.stringify(body),
    ...(as === undefined ? {} : { as }),
  });
  return { code: answer.code, ...answer.json() };
}

const inDefault = (group: string, plural: string) =>
  `/${group === 'v1' ? 'api' : 'apis'}/${group}/namespaces/default/${plural}/made`;
const rbac = 'rbac.authorization.k8s.io/v1';
const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' };
const metadata = { name: 'made' };

describe('a replacement of what is not there creates it', () => {
  test.each<[string, object]>([
    [inDefault('coordination.k8s.io/v1', 'leases'), { spec: { holderIdentity: 'a' } }],
    [inDefault('v1', 'services'), { spec: { ports: [{ port: 80 }] } }],
    [inDefault('v1', 'endpoints'), {}],
    [inDefault('v1', 'limitranges'), { spec: { limits: [] } }],
    [inDefault('v1', 'events'), { involvedObject: { namespace: 'default' }, reason: 'Made' }],
    [inDefault(rbac, 'roles'), { rules: [] }],
    [inDefault(rbac, 'rolebindings'), { roleRef }],
    [`/apis/${rbac}/clusterroles/made`, { rules: [] }],
    [`/apis/${rbac}/clusterrolebindings/made`, { roleRef }],
    ['/apis/node.k8s.io/v1/runtimeclasses/made', { handler: 'made' }],
  ])('%s', async (path, body) => {
    const stale = { ...metadata, resourceVersion: '1' };
    const created = await put(path, { ...body, metadata: stale });
    expect(created).toMatchObject({
      code: 201,
      metadata: { ...metadata, uid: expect.any(String) as string },
    });
    expect((await put(path, { ...body, metadata })).code).toBe(200);
  });

  test('but not where it is said which one, nor of other kinds, nor a part of one', async () => {
    const lease = '/apis/coordination.k8s.io/v1/namespaces/default/leases/other';
    expect(await put(lease, { metadata: { name: 'other', uid: 'gone' }, spec: {} })).toMatchObject({
      code: 409,
    });
    expect((await put('/api/v1/namespaces/default/configmaps/made', { metadata })).code).toBe(404);
    const status = '/api/v1/namespaces/default/services/other/status';
    expect((await put(status, { metadata: { name: 'other' }, spec: {} })).code).toBe(404);
  });

  test('for who may create', async () => {
    const name = 'updates-leases';
    const rule = { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['update'] };
    await rest.api.client.create(clusterroles, { metadata: { name }, rules: [rule] });
    await rest.api.client.create(clusterrolebindings, {
      metadata: { name },
      roleRef: { ...roleRef, name },
      subjects: [{ kind: 'User', name: 'ann', apiGroup: 'rbac.authorization.k8s.io' }],
    });
    const ann = await clientPair(rest.pki.clientCa, 'CN=ann');
    const lease = '/apis/coordination.k8s.io/v1/namespaces/default/leases/of-ann';
    const body = { metadata: { name: 'of-ann' }, spec: {} };
    expect(await put(lease, body, ann)).toMatchObject({ code: 403 });
    expect((await put(lease, body)).code).toBe(201);
    expect((await put(lease, body, ann)).code).toBe(200);
  });
});
