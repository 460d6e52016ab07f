import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RestApi, RestRequest } from '../../environment/rest.ts';
import { clientPair, createRestApi } from '../../environment/rest.ts';

let rest: RestApi;
beforeAll(async () => {
  rest = await createRestApi();
});
afterAll(() => rest[Symbol.asyncDispose]());

async function ask(path: string, body: object, request: RestRequest = {}) {
  const answer = await rest.send('POST', `/apis/${path}`, { body: JSON.stringify(body), ...request });
  return { code: answer.code, ...answer.json() };
}

const authentication = 'authentication.k8s.io/v1';
const authorization = 'authorization.k8s.io/v1';
const pods = { verb: 'list', resource: 'pods', namespace: 'default' };

describe('a review', () => {
  test('tells callers who they are', async () => {
    expect(await ask(`${authentication}/selfsubjectreviews`, {})).toMatchObject({
      code: 201,
      kind: 'SelfSubjectReview',
      status: { userInfo: { username: 'admin', groups: ['system:masters', 'system:authenticated'] } },
    });
  });

  test('tells what the caller, or somebody else, may do', async () => {
    const self = `${authorization}/selfsubjectaccessreviews`;
    expect(await ask(self, { spec: { resourceAttributes: pods } })).toMatchObject({
      status: { allowed: true },
    });
    const metrics = { path: '/metrics', verb: 'get' };
    expect(await ask(self, { spec: { nonResourceAttributes: metrics } })).toMatchObject({
      status: { allowed: true },
    });
    const other = `${authorization}/subjectaccessreviews`;
    expect(await ask(other, { spec: { user: 'eve', resourceAttributes: pods } })).toMatchObject({
      status: { allowed: false },
    });
    const local = `${authorization}/namespaces/default/localsubjectaccessreviews`;
    const masters = { groups: ['system:masters'], resourceAttributes: pods };
    expect(await ask(local, { spec: masters })).toMatchObject({ status: { allowed: true } });
  });

  test('lists the rules in a namespace', async () => {
    const rules = `${authorization}/selfsubjectrulesreviews`;
    expect(await ask(rules, { spec: { namespace: 'default' } })).toMatchObject({
      status: { resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }], incomplete: false },
    });
    expect(await ask(rules, { spec: {} })).toMatchObject({ code: 400, message: 'no namespace on request' });
  });

  test('of a token that nobody vouches for says so, and does not give it back', async () => {
    const answer = await ask(`${authentication}/tokenreviews`, { spec: { token: 'made-up' } });
    expect(answer).toMatchObject({ code: 201, status: { authenticated: false } });
    expect(JSON.stringify(answer)).not.toContain('made-up');
  });

  test.for([
    [`${authorization}/selfsubjectaccessreviews`, { spec: {} }, 422, 'exactly one of nonResourceAttributes'],
    [
      `${authorization}/subjectaccessreviews`,
      { spec: { resourceAttributes: pods } },
      422,
      'at least one of user or group',
    ],
    [
      `${authorization}/namespaces/other/localsubjectaccessreviews`,
      { spec: { user: 'eve', resourceAttributes: pods } },
      400,
      'must be the namespace of the review',
    ],
    [`${authentication}/tokenreviews`, { spec: {} }, 422, 'spec.token: Required value'],
  ] as const)('at %s refuses %j', async ([path, body, code, message]) => {
    expect(await ask(path, body)).toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    });
  });

  test('cannot be read, listed or deleted: it is not kept', async () => {
    for (const method of ['GET', 'DELETE']) {
      const answer = await rest.send(method, `/apis/${authorization}/subjectaccessreviews`);
      expect(answer.code).toBe(405);
    }
  });
});

describe('impersonation', () => {
  const who = `${authentication}/selfsubjectreviews`;

  test('lets those who may act as somebody else', async () => {
    const headers = { 'impersonate-user': 'eve', 'impersonate-group': ['developers', 'testers'] };
    expect(await ask(who, {}, { headers, as: rest.pki.admin })).toMatchObject({
      code: 403,
      message: expect.stringContaining('User "eve" cannot create resource "selfsubjectreviews"') as string,
    });
    const account = {
      'impersonate-user': 'system:serviceaccount:default:bot',
      'impersonate-group': 'system:masters',
    };
    expect(await ask(who, {}, { headers: account })).toMatchObject({
      status: {
        userInfo: {
          username: 'system:serviceaccount:default:bot',
          groups: ['system:masters', 'system:authenticated'],
        },
      },
    });
  });

  test('is refused to others, and groups need a user', async () => {
    const eve = await clientPair(rest.pki.clientCa, 'CN=eve');
    const headers = { 'impersonate-user': 'admin', 'impersonate-group': 'system:masters' };
    expect(await ask(who, {}, { headers, as: eve })).toMatchObject({
      code: 403,
      message:
        'users "admin" is forbidden: User "eve" cannot impersonate resource "users" in API group "" at the cluster scope',
    });
    const groups = { 'impersonate-group': 'system:masters' };
    expect(await ask(who, {}, { headers: groups, as: eve })).toMatchObject({ code: 400 });
  });
});
