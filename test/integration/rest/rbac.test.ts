import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KeyPair } from '../../../core/machinery/pki/make-certificate.ts';
import type { RestApi } from '../../environment/rest.ts';
import { clientPair, createRestApi } from '../../environment/rest.ts';
import { expectEventually } from '../../expectations/eventually.ts';

let rest: RestApi;
let ann: KeyPair;
beforeAll(async () => {
  rest = await createRestApi({ rbac: true });
  ann = await clientPair(rest.pki.clientCa, 'O=testers, CN=ann');
});
afterAll(() => rest[Symbol.asyncDispose]());

const eventually = (assertion: () => Promise<void>) => expectEventually(rest.api.clock, assertion);

const rbac = '/apis/rbac.authorization.k8s.io/v1';

async function post(path: string, body: object, as?: KeyPair) {
  const answer = await rest.send('POST', path, { body: JSON.stringify(body), as });
  return { code: answer.code, ...answer.json() };
}

async function code(method: string, path: string, as: KeyPair = ann): Promise<number> {
  return (await rest.send(method, path, { as })).code;
}

function role(name: string, ...rules: object[]) {
  return { metadata: { name }, rules };
}

function binding(name: string, kind: 'Role' | 'ClusterRole', roleName: string, ...subjects: object[]) {
  return {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: roleName },
    subjects,
  };
}

const toAnn = { kind: 'User', name: 'ann' };
const get = (resource: string, more: object = {}) => ({
  apiGroups: [''],
  resources: [resource],
  verbs: ['get', 'list'],
  ...more,
});

describe('RBAC', () => {
  test('lets everybody who is known discover the API and ask about themselves, and nothing else', async () => {
    expect(await code('GET', '/apis')).toBe(200);
    expect(await code('GET', '/version')).toBe(200);
    const review = { spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } };
    expect(await post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', review, ann)).toMatchObject({
      code: 201,
      status: { allowed: false },
    });
    const refused = await rest.send('GET', '/api/v1/namespaces/default/pods', { as: ann });
    expect(refused.json()).toMatchObject({
      code: 403,
      reason: 'Forbidden',
      message:
        'pods is forbidden: User "ann" cannot list resource "pods" in API group "" in the namespace "default"',
    });
    expect((await rest.send('GET', '/metrics', { as: ann })).json()).toMatchObject({
      code: 403,
      message: 'forbidden: User "ann" cannot get path "/metrics"',
    });
  });

  test('grants by name, in one namespace, until the binding goes', async () => {
    const there = `${rbac}/namespaces/default`;
    await post(`${there}/roles`, role('one', get('configmaps', { resourceNames: ['mine'] })));
    await post(`${there}/rolebindings`, binding('one', 'Role', 'one', toAnn));
    const maps = '/api/v1/namespaces/default/configmaps';
    await eventually(async () => expect(await code('GET', `${maps}/mine`)).toBe(404));
    expect(await code('GET', `${maps}?fieldSelector=metadata.name=mine`)).toBe(200);
    expect(await code('GET', `${maps}/other`)).toBe(403);
    expect(await code('GET', maps)).toBe(403);
    expect(await code('GET', '/api/v1/namespaces/kube-system/configmaps/mine')).toBe(403);
    // The name is inside another field's value here: nothing is narrowed by it.
    expect(await code('GET', `${maps}?fieldSelector=metadata.namespace!=x%5C,metadata.name=mine`)).toBe(403);
    await rest.send('DELETE', `${there}/rolebindings/one`);
    await eventually(async () => expect(await code('GET', `${maps}/mine`)).toBe(403));
  });

  test('keeps subresources apart from what they belong to', async () => {
    await post(
      `${rbac}/clusterroles`,
      role('scaler', { apiGroups: ['apps'], resources: ['*/scale'], verbs: ['get'] }),
    );
    await post(
      `${rbac}/clusterrolebindings`,
      binding('scaler', 'ClusterRole', 'scaler', { kind: 'Group', name: 'testers' }),
    );
    const deployment = '/apis/apps/v1/namespaces/default/deployments/web';
    await eventually(async () => expect(await code('GET', `${deployment}/scale`)).toBe(404));
    expect(await code('GET', deployment)).toBe(403);
    expect(await code('PUT', `${deployment}/scale`)).toBe(403);
  });

  test('a role in a namespace reaches the namespace itself', async () => {
    await post(`${rbac}/namespaces/kube-public/roles`, role('self', get('namespaces')));
    await post(`${rbac}/namespaces/kube-public/rolebindings`, binding('self', 'Role', 'self', toAnn));
    await eventually(async () => expect(await code('GET', '/api/v1/namespaces/kube-public')).toBe(200));
    expect(await code('GET', '/api/v1/namespaces/default')).toBe(403);
  });

  test('says which role is missing', async () => {
    await post(
      `${rbac}/namespaces/default/rolebindings`,
      binding('lost', 'Role', 'nowhere', { kind: 'User', name: 'lost' }),
    );
    const review = {
      spec: { user: 'lost', resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'default' } },
    };
    await eventually(async () =>
      expect(await post('/apis/authorization.k8s.io/v1/subjectaccessreviews', review)).toMatchObject({
        status: { allowed: false, reason: 'RBAC: role.rbac.authorization.k8s.io "nowhere" not found' },
      }),
    );
  });

  test('nobody grants what they do not have', async () => {
    const eve = await clientPair(rest.pki.clientCa, 'CN=eve');
    const writes = {
      apiGroups: ['rbac.authorization.k8s.io'],
      resources: ['*'],
      verbs: ['create', 'update'],
    };
    await post(`${rbac}/clusterroles`, role('granter', writes, get('pods')));
    await post(
      `${rbac}/clusterrolebindings`,
      binding('granter', 'ClusterRole', 'granter', { kind: 'User', name: 'eve' }),
    );
    const there = `${rbac}/namespaces/default`;
    await eventually(async () =>
      expect(await post(`${there}/roles`, role('pods', get('pods')), eve)).toMatchObject({ code: 201 }),
    );
    expect(await post(`${there}/roles`, role('more', get('secrets')), eve)).toMatchObject({
      code: 403,
      message:
        'roles.rbac.authorization.k8s.io "more" is forbidden: user "eve" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}',
    });
    const admin = binding('admin', 'ClusterRole', 'cluster-admin', { kind: 'User', name: 'eve' });
    expect(await post(`${rbac}/clusterrolebindings`, admin, eve)).toMatchObject({ code: 403 });
    const aggregating = {
      ...role('all'),
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] },
    };
    expect(await post(`${rbac}/clusterroles`, aggregating, eve)).toMatchObject({
      code: 403,
      message: expect.stringContaining(
        'must have cluster-admin privileges to use the aggregationRule',
      ) as string,
    });
    const missing = binding('missing', 'ClusterRole', 'not-there', { kind: 'User', name: 'eve' });
    expect(await post(`${rbac}/clusterrolebindings`, missing, eve)).toMatchObject({ code: 404 });
  });

  test('what is narrowed in a default role is put back, what was added stays', async () => {
    const name = 'system:basic-user';
    const path = `${rbac}/clusterroles/${name}`;
    const { metadata } = (await rest.send('GET', path)).json();
    const changed = { metadata, rules: [get('nodes')] };
    await rest.send('PUT', path, { body: JSON.stringify(changed) });
    await rest.api.api.ready();
    const { rules } = (await rest.send('GET', path)).json();
    expect(rules).toHaveLength(4);
    expect(rules).toContainEqual(get('nodes'));
  });
});
