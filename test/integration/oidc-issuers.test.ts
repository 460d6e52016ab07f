import { createHmac, createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { clusterrolebindings, selfsubjectreviews } from '../../core/api/generated/resources.ts';
import { readAuthenticationConfiguration } from '../../core/apiserver/authn/oidc/authentication-configuration.ts';
import { createClient } from '../../core/client/typed-client.ts';
import { AuthenticationFile } from '../../core/cmd/authentication-file.ts';
import { systemClock } from '../../core/machinery/clock.ts';
import type { KeyPair } from '../../core/machinery/pki/key-pair.ts';
import { SteppedClock } from '../../core/machinery/stepped-clock.ts';
import { serveGrpc } from '../environment/grpc.ts';
import type { GrpcApi } from '../environment/grpc.ts';
import { ecKey, issuerPairs, makeToken, OidcIssuer, rsaKey } from '../environment/oidc-issuer.ts';
import type { IssuerKey } from '../environment/oidc-issuer.ts';
import { createRestApi } from '../environment/rest.ts';
import type { RestApi } from '../environment/rest.ts';
import { whoIs } from '../environment/who-is.ts';

/** Of the same name: whoever mixes the issuers up takes one's for the other's. */
const [staffKey, guestKey] = [rsaKey('k'), ecKey('k')];
let ca: KeyPair;
let tls: KeyPair;
let staff: OidcIssuer;
let guests: OidcIssuer;
let rest: RestApi;
let grpc: GrpcApi;
let errors: unknown[];

beforeAll(async () => {
  ({ ca, tls } = await issuerPairs());
});
beforeEach(async () => {
  errors = [];
  [staff, guests] = await Promise.all([OidcIssuer.start(tls, [staffKey]), OidcIssuer.start(tls, [guestKey])]);
  const onIssuerError = (error: unknown) => errors.push(error);
  rest = await createRestApi({ rbac: true, clock: new SteppedClock(Date.now()), onIssuerError });
  rest.api.api.useIssuers(readAuthenticationConfiguration(configuration(), []));
  grpc = await serveGrpc(rest);
});
afterEach(async () => {
  await grpc[Symbol.asyncDispose]();
  await rest[Symbol.asyncDispose]();
  await Promise.all([staff[Symbol.asyncDispose](), guests[Symbol.asyncDispose]()]);
});

function staffRules(): object {
  return {
    issuer: {
      url: staff.url,
      audiences: ['wheelhouse', 'tools'],
      audienceMatchPolicy: 'MatchAny',
      certificateAuthority: ca.cert.toString(),
    },
    claimMappings: {
      username: { claim: 'sub', prefix: 'staff:' },
      groups: { claim: 'roles', prefix: 'staff:' },
    },
  };
}

function guestRules(): object {
  return {
    issuer: { url: guests.url, audiences: ['guests'], certificateAuthority: ca.cert.toString() },
    claimMappings: {
      username: { expression: '"guest:" + claims.email' },
      uid: { claim: 'sub' },
      extra: [{ key: 'example.com/from', valueExpression: 'claims.from' }],
    },
    claimValidationRules: [{ expression: 'claims.email_verified == true', message: 'unchecked' }],
    userValidationRules: [{ expression: 'user.username.endsWith("@example.com")', message: 'a stranger' }],
  };
}

const configuration = (...jwt: readonly object[]) => ({
  apiVersion: 'apiserver.config.k8s.io/v1',
  kind: 'AuthenticationConfiguration',
  jwt: jwt.length > 0 ? jwt : [staffRules(), guestRules()],
});

const expiry = () => Math.floor(rest.api.clock.now() / 1000) + 3_600;
const byStaff = (more: object = {}, key: IssuerKey = staffKey, algorithm = 'RS256') =>
  makeToken(
    { iss: staff.url, aud: 'tools', sub: 'ann', roles: ['a'], exp: expiry(), ...more },
    { alg: algorithm, kid: 'k' },
    key.privateKey,
  );
const byGuests = (more: object = {}, key: IssuerKey = guestKey, algorithm = 'ES256') =>
  makeToken(
    {
      iss: guests.url,
      aud: 'guests',
      sub: '7',
      email: 'bob@example.com',
      email_verified: true,
      from: 'x',
      exp: expiry(),
      ...more,
    },
    { alg: algorithm, kid: 'k' },
    key.privateKey,
  );

/** Whom both front ends take somebody for; the same of both, or it is no answer. */
async function who(token: string): Promise<unknown> {
  const { user, reason } = await whoIs(rest, token);
  const overRest = user ?? reason;
  const overGrpc = await createClient(grpc.connect(token).verbs)
    .create(selfsubjectreviews, { metadata: {} })
    .then(
      (review) => review.status.userInfo,
      (error: unknown) => (error as { reason: string }).reason,
    );
  expect(overGrpc).toEqual(overRest);
  return overRest;
}

const ann = { username: 'staff:ann', groups: ['staff:a', 'system:authenticated'] };

describe('several issuers', () => {
  test('each say who their own users are, by their own rules', async () => {
    expect(await who(byStaff())).toEqual(ann);
    expect(await who(byStaff({ aud: ['x', 'wheelhouse'] }))).toEqual(ann);
    expect(await who(byGuests())).toEqual({
      username: 'guest:bob@example.com',
      uid: '7',
      groups: ['system:authenticated'],
      extra: { 'example.com/from': ['x'] },
    });
    expect(errors).toEqual([]);
  });

  test.each<[what: string, token: () => string]>([
    ['is of one and signed by the other', () => byStaff({}, guestKey, 'ES256')],
    ['is signed by one in the name of the other', () => byGuests({}, staffKey, 'RS256')],
    ['is for the audience of the other', () => byStaff({ aud: 'guests' })],
    ['is for nobody', () => byStaff({ aud: [] })],
    ['is of neither', () => byStaff({ iss: 'https://localhost:1' })],
    ['is of no issuer', () => byStaff({ iss: undefined })],
    ['is of two issuers', () => byStaff({ iss: [staff.url, guests.url] })],
    ['has ended', () => byGuests({ exp: expiry() - 7_200 })],
    ['never ends', () => byGuests({ exp: undefined })],
    ['has not begun', () => byGuests({ nbf: expiry() })],
    [
      'is signed by nobody',
      () =>
        makeToken(
          { iss: staff.url, aud: 'tools', sub: 'ann', exp: expiry() },
          { alg: 'none', kid: 'k' },
          () => Buffer.alloc(0),
        ),
    ],
    [
      'is signed with a key that everybody has',
      () =>
        makeToken(
          { iss: staff.url, aud: 'tools', sub: 'ann', exp: expiry() },
          { alg: 'HS256', kid: 'k' },
          (text) =>
            createHmac('sha256', createPublicKey(staffKey.privateKey).export({ type: 'spki', format: 'pem' }))
              .update(text)
              .digest(),
        ),
    ],
    [
      'says it is signed otherwise',
      () => byStaff().replace(/^[^.]+/, Buffer.from('{"alg":"PS256","kid":"k"}').toString('base64url')),
    ],
    ['names no user', () => byStaff({ sub: undefined })],
    ['names a user that is none', () => byStaff({ sub: { a: 'ann' } })],
    ['has groups that are none', () => byStaff({ roles: { a: 'b' } })],
  ])('let nobody in by a token that %s', async (_what, token) => {
    expect(await who(token())).toBe('Unauthorized');
  });

  test('let in only whom their rules do, and say why not to the operator alone', async () => {
    for (const token of [
      byGuests({ email_verified: false }),
      byGuests({ email_verified: undefined }),
      byGuests({ email: 'bob@example.org' }),
      byGuests({ from: 7 }),
    ])
      expect(await who(token)).toBe('Unauthorized');
    expect(errors).toEqual([
      expect.objectContaining({ message: expect.stringContaining('unchecked') as string }),
    ]);
  });

  test('may say of their keys elsewhere', async () => {
    const published = { issuer: guests.url, jwks_uri: `${guests.url}/keys` };
    staff.instead.set('/guests', (_request, response) => response.end(JSON.stringify(published)));
    const { issuer, ...rules } = guestRules() as { issuer: object };
    const elsewhere = { ...rules, issuer: { ...issuer, discoveryURL: `${staff.url}/guests` } };
    rest.api.api.useIssuers(readAuthenticationConfiguration(configuration(elsewhere), []));
    expect(await who(byGuests())).toMatchObject({ uid: '7' });
    expect(guests.asked).toEqual(['/keys']);
    expect(staff.asked).toEqual(['/guests']);
  });

  test('are reviewed as every token is', async () => {
    const review = async (token: string) => {
      const body = JSON.stringify({ spec: { token } });
      const answer = await rest.send('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { body });
      return answer.json()['status'];
    };
    expect(await review(byStaff())).toMatchObject({ authenticated: true, user: ann });
    expect(await review(byStaff({ aud: 'guests' }))).not.toHaveProperty('authenticated', true);
  });
});

describe('the file that names issuers', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'wheelhouse-issuers-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  test('may change: who is left out is let in no longer, and what they began ends', async () => {
    const path = join(directory, 'authentication.yaml');
    const write = (text: string) => {
      writeFileSync(`${path}.new`, text);
      renameSync(`${path}.new`, path);
    };
    const logged: unknown[] = [];
    const log = { info: () => undefined, error: (_text: string, error?: unknown) => logged.push(error) };
    const stop = new AbortController();
    write(JSON.stringify(configuration()));
    const file = new AuthenticationFile(path);
    rest.api.api.useIssuers(file.read() ?? []);
    const following = file.follow(
      (issuers) => rest.api.api.useIssuers(issuers),
      { clock: systemClock, log },
      stop.signal,
    );
    expect(await who(byStaff())).toEqual(ann);
    const subjects = [
      { apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'staff:ann' },
      { apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'guest:bob@example.com' },
    ];
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' };
    await rest.api.client.create(clusterrolebindings, { metadata: { name: 'all' }, subjects, roleRef });
    const watch = (token: string) =>
      rest.open('GET', '/api/v1/namespaces?watch=true', {
        as: null,
        headers: { authorization: `Bearer ${token}` },
      });
    await expect
      .poll(async () => {
        const { statusCode } = (await watch(byStaff())).destroy();
        return statusCode;
      })
      .toBe(200);
    const [theirs, ours] = [await watch(byGuests()), await watch(byStaff())];
    const ended = once(theirs.resume(), 'close');

    write('jwt: [');
    await expect.poll(() => logged.length).toBe(1);
    expect(String(logged[0])).toContain(path);
    expect(await who(byGuests())).toMatchObject({ uid: '7' });

    write(JSON.stringify(configuration(staffRules())));
    await ended;
    expect(ours.destroyed).toBe(false);
    expect(await who(byGuests())).toBe('Unauthorized');
    expect(await who(byStaff())).toEqual(ann);
    // Its keys are known already: it is the issuer that it was.
    expect(staff.asked).toHaveLength(2);
    ours.destroy();
    stop.abort();
    await following;
  });

  test('is refused at the start with all that is wrong, and its path', () => {
    const path = join(directory, 'authentication.yaml');
    const read = () => new AuthenticationFile(path).read();
    expect(read).toThrow(`--authentication-config=${path}: ENOENT`);
    writeFileSync(path, 'a: b\n---\nc: d\n');
    expect(read).toThrow('it has 2 documents instead of one');
    writeFileSync(path, JSON.stringify(configuration({})));
    expect(read).toThrow(
      /jwt\[0\]\.issuer\.url: Required value; .*jwt\[0\]\.issuer\.audiences: Required value/,
    );
  });
});
