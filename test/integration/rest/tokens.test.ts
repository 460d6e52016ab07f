import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TokenSigner } from '../../../core/apiserver/authn/jwt.ts';
import type { SigningKeys } from '../../../core/apiserver/authn/jwt.ts';
import { serviceAccountIssuer } from '../../../core/apiserver/authn/service-account-tokens.ts';
import { pods } from '../../../core/api/generated/resources.ts';
import { makePair } from '../../../core/machinery/pki/make-certificate.ts';
import { systemClock } from '../../../core/machinery/clock.ts';
import type { RestApi } from '../../environment/rest.ts';
import { clientPair, createRestApi } from '../../environment/rest.ts';

function makeKeys(...older: SigningKeys[]): SigningKeys {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    signing: privateKey,
    verifying: older.flatMap(({ verifying, signing }) => [...verifying, createPublicKey(signing)]),
  };
}

const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const old: SigningKeys = { signing: rsa, verifying: [] };
const keys = makeKeys(old);
const account = '/api/v1/namespaces/default/serviceaccounts/bot';
let rest: RestApi;

beforeAll(async () => {
  rest = await createRestApi({ rbac: true, serviceAccountKeys: keys });
  await send('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'bot' } });
});
afterAll(() => rest[Symbol.asyncDispose]());

async function send(method: string, path: string, body?: object) {
  const answer = await rest.send(method, path, {
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return { code: answer.code, ...answer.json() };
}

async function issue(spec: object = {}): Promise<string> {
  const answer = await send('POST', `${account}/token`, { spec: { audiences: [], ...spec } });
  expect(answer).toMatchObject({ code: 201, kind: 'TokenRequest' });
  return (answer['status'] as unknown as { token: string }).token;
}

async function whoIs(authorization: string, path = '/apis/authentication.k8s.io/v1/selfsubjectreviews') {
  const answer = await rest.send('POST', path, { body: '{}', as: null, headers: { authorization } });
  return { code: answer.code, ...answer.json() };
}

function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >;
}

describe('the token of a ServiceAccount', () => {
  test('opens the API as the account', async () => {
    expect(await whoIs(`Bearer ${await issue()}`)).toMatchObject({
      code: 201,
      status: {
        userInfo: {
          username: 'system:serviceaccount:default:bot',
          groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
        },
      },
    });
  });

  test('is bound to its Pod, and ends with it', async () => {
    const pod = await rest.api.client.create(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', namespace: 'default' },
      spec: { serviceAccountName: 'bot', containers: [{ name: 'web', image: 'web' }] },
    });
    const { uid } = pod.metadata;
    const token = await issue({ boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'web', uid } });
    expect(await whoIs(`Bearer ${token}`)).toMatchObject({
      status: { userInfo: { extra: { 'authentication.kubernetes.io/pod-uid': [uid] } } },
    });
    await rest.api.client.delete(pods, { namespace: 'default', name: 'web' }, { gracePeriodSeconds: 0 });
    await rest.api.clock.advanceAsync(2_001);
    expect(await whoIs(`Bearer ${token}`)).toMatchObject({ code: 401 });
    const again = await send('POST', `${account}/token`, {
      spec: { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'web', uid } },
    });
    expect(again).toMatchObject({ code: 404 });
  });

  test('is only for whom it was made', async () => {
    const token = await issue({ audiences: ['vault'] });
    expect(await whoIs(`Bearer ${token}`)).toMatchObject({ code: 401, reason: 'Unauthorized' });
    const review = (audiences: string[]) =>
      send('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token, audiences } });
    expect(await review(['vault', 'other'])).toMatchObject({
      status: {
        authenticated: true,
        audiences: ['vault'],
        user: { username: 'system:serviceaccount:default:bot' },
      },
    });
    expect(await review(['other'])).toMatchObject({ status: { authenticated: false } });
  });

  test('does not outlive its time', async () => {
    const token = await issue({ expirationSeconds: 600 });
    await rest.api.clock.advanceAsync(599_000);
    expect(await whoIs(`Bearer ${token}`)).toMatchObject({ code: 201 });
    await rest.api.clock.advanceAsync(1_500);
    expect(await whoIs(`Bearer ${token}`)).toMatchObject({ code: 401 });
  });

  test('of an older key still holds while that key is kept', async () => {
    const claims = claimsOf(await issue());
    expect(await whoIs(`Bearer ${new TokenSigner(old).sign(claims)}`)).toMatchObject({ code: 201 });
    expect(await whoIs(`Bearer ${new TokenSigner(makeKeys()).sign(claims)}`)).toMatchObject({ code: 401 });
  });

  test('is of other keys once those are used, and of forgotten ones no more', async () => {
    const token = await issue();
    const next = makeKeys(keys);
    rest.api.api.tokens?.useKeys(next);
    expect(await whoIs(`Bearer ${token}`)).toMatchObject({ code: 201 });
    const newer = await issue();
    expect(new TokenSigner(next).verify(newer)).toBeDefined();
    expect(new TokenSigner(keys).verify(newer)).toBeUndefined();
    rest.api.api.tokens?.useKeys(keys);
    expect(await whoIs(`Bearer ${newer}`)).toMatchObject({ code: 401 });
  });

  test('that was tampered with is nobody', async () => {
    const token = await issue();
    const [head = '', body = '', signature = ''] = token.split('.');
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as object;
    const admin = encode({ ...claimsOf(token), sub: 'system:serviceaccount:kube-system:admin' });
    const forged = [
      `${encode({ ...header, alg: 'none' })}.${body}.`,
      `${encode({ ...header, alg: 'none' })}.${body}.${signature}`,
      `${encode({ ...header, alg: 'HS256' })}.${body}.${signature}`,
      `${encode({ ...header, crit: ['exp'] })}.${body}.${signature}`,
      `${head}.${admin}.${signature}`,
      `${head}.${body}.${signature.slice(0, -4)}AAAA`,
      `${head}.${body}`,
      `${token}.more`,
      'not-a-token',
      'x'.repeat(10_000),
    ];
    for (const wrong of forged) expect(await whoIs(`Bearer ${wrong}`)).toMatchObject({ code: 401 });
    expect(await whoIs(`Basic ${token}`)).toMatchObject({ code: 401 });
    const signer = new TokenSigner(keys);
    const claims = claimsOf(token);
    const namespaced = { namespace: 'kube-system', serviceaccount: { name: 'bot', uid: 'made-up' } };
    const wrongClaims = [
      { ...claims, iss: 'https://elsewhere' },
      { ...claims, sub: 'system:serviceaccount:default:other' },
      { ...claims, sub: 'system:serviceaccount:kube-system:bot', 'kubernetes.io': namespaced },
      { ...claims, 'kubernetes.io': undefined },
      { ...claims, exp: undefined },
      { ...claims, nbf: Number(claims['nbf']) + 3_600 },
      { ...claims, aud: 'https://kubernetes.default.svc.cluster.local' },
    ];
    for (const wrong of wrongClaims)
      expect(await whoIs(`Bearer ${signer.sign(wrong)}`)).toMatchObject({ code: 401 });
  });

  test.for([
    [{ expirationSeconds: 599 }, 422, 'may not specify a duration less than 10 minutes'],
    [
      { boundObjectRef: { kind: 'ConfigMap', apiVersion: 'v1', name: 'a' } },
      400,
      'cannot bind token to object of type',
    ],
    [
      { boundObjectRef: { kind: 'Secret', apiVersion: 'v1', name: 'absent' } },
      404,
      'secrets "absent" not found',
    ],
  ] as const)('is not issued for %j', async ([spec, code, message]) => {
    expect(await send('POST', `${account}/token`, { spec })).toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    });
  });
});

describe('whoever shows', () => {
  test('nothing sees whether the server is well, and its version', async () => {
    for (const path of ['/healthz', '/livez', '/readyz', '/version'])
      expect((await rest.send('GET', path, { as: null })).code).toBe(200);
    for (const path of ['/', '/api', '/apis', '/metrics', '/openapi/v3', '/api/v1/nodes', '/readyz/ping'])
      expect((await rest.send('GET', path, { as: null })).code).toBe(401);
  });

  test('a certificate of another authority is nobody', async () => {
    const other = await makePair({ name: 'ca', subject: 'CN=other', use: 'ca' }, systemClock);
    const as = await clientPair(other, 'O=system:masters, CN=admin');
    expect((await rest.send('GET', '/version', { as })).code).toBe(401);
  });

  test('names of users in headers is who they are all the same', async () => {
    const headers = { 'x-remote-user': 'admin', 'x-remote-group': 'system:masters' };
    expect((await rest.send('GET', '/api/v1/nodes', { as: null, headers })).code).toBe(401);
  });
});

test('others can verify tokens with what the issuer publishes', async () => {
  expect(await send('GET', '/.well-known/openid-configuration')).toMatchObject({
    code: 200,
    issuer: serviceAccountIssuer,
    jwks_uri: `${serviceAccountIssuer}/openid/v1/jwks`,
    id_token_signing_alg_values_supported: ['ES256', 'RS256'],
  });
  const answer = await rest.send('GET', '/openid/v1/jwks');
  expect(answer.headers['content-type']).toBe('application/jwk-set+json');
  const published = answer.json()['keys'] as Record<string, unknown>[];
  expect(published.map(({ alg }) => alg)).toEqual(['ES256', 'RS256']);
  for (const key of published) expect(Object.keys(key)).not.toContain('d');
});
