import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serviceAccountIssuer } from '../../core/apiserver/authn/service-account-tokens.ts';
import { configmaps, pods, serviceaccounts } from '../../core/api/generated/resources.ts';
import { pod } from '../builders/index.ts';
import type { TestApi } from '../environment/api.ts';
import { createTestApi } from '../environment/api.ts';

const at = (name: string) => ({ namespace: 'default', name });

let api: TestApi;
beforeAll(async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  api = await createTestApi({ serviceAccountKeys: { signing: privateKey, verifying: [] } });
  await api.client.create(pods, pod().named('web').build());
  await api.client.create(serviceaccounts, { metadata: at('bot') });
});
afterAll(() => api.close());

/** Creates something at an object, as a client that leaves out whatever it is not told to say. */
async function createAt(resource: string, name: string, subresource: string, body: object) {
  const target = { group: '', version: 'v1', resource, subresource, ...at(name) };
  const bytes = Buffer.from(JSON.stringify(body));
  return (await api.verbs.create({}, target, { kind: 'bytes', contentType: 'application/json', bytes }))
    .object;
}

const badRequest = (message: string) => ({ code: 400, reason: 'BadRequest', message });
const elsewhere = badRequest(
  'the namespace of the provided object does not match the namespace sent on the request',
);

describe('what is created at an object names that object', () => {
  test.each([
    ['binding', 'Binding', { target: { kind: 'Node', name: 'n' } }],
    ['eviction', 'Eviction', {}],
  ])('%s', async (subresource, kind, body) => {
    const write = (metadata?: object) => createAt('pods', 'web', subresource, { ...body, metadata });
    const other = badRequest(`name in URL does not match name in ${kind} object`);
    await expect(write({ name: 'other' })).rejects.toMatchObject(other);
    await expect(write()).rejects.toMatchObject(other);
    await expect(write({ name: 'web', namespace: 'kube-system' })).rejects.toMatchObject(elsewhere);
    expect((await api.client.get(pods, at('web'))).spec.nodeName).toBeUndefined();
  });

  test('token, where it names any', async () => {
    const ask = (metadata: object) => createAt('serviceaccounts', 'bot', 'token', { metadata, spec: {} });
    await expect(ask({ name: 'other' })).rejects.toMatchObject({
      code: 422,
      message:
        'TokenRequest.authentication.k8s.io "bot" is invalid: metadata.name: Invalid value: "other": must match the service account name if specified',
    });
    await expect(ask({ namespace: 'kube-system' })).rejects.toMatchObject(elsewhere);
    await expect(ask({ uid: 'other' })).rejects.toMatchObject({ code: 409 });
  });
});

test('a token that is asked for comes with all that the server decided', async () => {
  expect(await createAt('serviceaccounts', 'bot', 'token', { spec: { audiences: [] } })).toMatchObject({
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata: at('bot'),
    spec: { audiences: [serviceAccountIssuer], expirationSeconds: 3600 },
    status: { token: expect.any(String) as string, expirationTimestamp: '2030-01-01T01:00:00Z' },
  });
});

test('a replacement says the name of what it replaces', async () => {
  const target = { group: '', version: 'v1', resource: 'configmaps', ...at('kept') };
  await api.client.create(configmaps, { metadata: at('kept') });
  const replace = (metadata: object) => {
    const bytes = Buffer.from(JSON.stringify({ metadata }));
    return api.verbs.update({}, target, { kind: 'bytes', contentType: 'application/json', bytes });
  };
  await expect(replace({})).rejects.toMatchObject(
    badRequest('the name of the object (kept based on URL) was undeterminable: name must be provided'),
  );
  await expect(replace({ name: 'other' })).rejects.toMatchObject({ code: 400 });
  await replace({ name: 'kept' });
});

test('an owner that is named twice is kept once, with a warning', async () => {
  const owner = (uid: string) => ({ apiVersion: 'v1', kind: 'Pod', name: 'web', uid });
  const ownerReferences = [owner('a'), owner('b'), owner('a'), { ...owner('a'), controller: true }];
  const warnings: string[] = [];
  const { object } = await api.verbs.create(
    { warn: (text) => warnings.push(text) },
    { group: '', version: 'v1', resource: 'configmaps', namespace: 'default' },
    { kind: 'object', object: { metadata: { name: 'owned', ownerReferences } } },
  );
  expect(object.metadata.ownerReferences).toEqual([
    owner('a'),
    owner('b'),
    { ...owner('a'), controller: true },
  ]);
  expect(warnings).toEqual([
    '.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: a',
  ]);
});
