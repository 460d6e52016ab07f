import { createHmac, createPublicKey } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { selfsubjectreviews } from '../../core/api/generated/resources.ts';
import type { SignatureAlgorithm } from '../../core/apiserver/authn/jws.ts';
import { issuerOfFlags } from '../../core/apiserver/authn/oidc/flag-issuer.ts';
import type { OidcOptions } from '../../core/apiserver/authn/oidc/flag-issuer.ts';
import { connect } from '../../core/client/grpc/connection.ts';
import { createClient } from '../../core/client/typed-client.ts';
import { systemClock } from '../../core/machinery/clock.ts';
import type { KeyPair } from '../../core/machinery/pki/key-pair.ts';
import { makePair } from '../../core/machinery/pki/make-certificate.ts';
import { serveGrpc } from '../environment/grpc.ts';
import { ecKey, issuerPairs, makeToken, OidcIssuer, rsaKey } from '../environment/oidc-issuer.ts';
import type { IssuerKey } from '../environment/oidc-issuer.ts';
import { createRestApi } from '../environment/rest.ts';
import type { RestApi } from '../environment/rest.ts';
import { whoIs } from '../environment/who-is.ts';

const rsa = rsaKey('rsa');
const ec = ecKey('ec');
const configuration = '/.well-known/openid-configuration';
let ca: KeyPair;
let tls: KeyPair;
let issuer: OidcIssuer;
let rest: RestApi;
let errors: unknown[];

beforeAll(async () => {
  ({ ca, tls } = await issuerPairs());
});
beforeEach(async () => {
  errors = [];
  issuer = await OidcIssuer.start(tls, [rsa, ec]);
});
afterEach(async () => {
  await rest[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

async function serve(options: Partial<OidcOptions> = {}): Promise<void> {
  const onIssuerError = (error: unknown) => errors.push(error);
  const oidc = { issuerUrl: issuer.url, clientId: 'wheelhouse', ca: ca.cert, ...options };
  rest = await createRestApi({ rbac: true, issuers: [issuerOfFlags(oidc)], onIssuerError });
}

const seconds = () => Math.floor(rest.api.clock.now() / 1000);

function claimsWith(more: object = {}): object {
  return { iss: issuer.url, aud: 'wheelhouse', sub: 'ann', exp: seconds() + 3_600, ...more };
}

function token(more: object = {}, key: IssuerKey = rsa, algorithm: SignatureAlgorithm = 'RS256'): string {
  return makeToken(claimsWith(more), { alg: algorithm, kid: key.keyId }, key.privateKey);
}

/** Who it is, or the code of the refusal. */
async function who(token: string) {
  const { user, code } = await whoIs(rest, token);
  return user ?? code;
}

describe('a token of OpenID Connect', () => {
  test('says who somebody is, over REST and gRPC alike', async () => {
    await serve();
    const name = `${issuer.url}#ann`;
    expect(await who(token())).toEqual({ username: name, groups: ['system:authenticated'] });
    await using grpc = await serveGrpc(rest);
    const connection = connect({
      endpoint: grpc.endpoint,
      tls: { ca: rest.pki.serverCa.cert },
      token: token(),
    });
    const review = await createClient(connection.verbs).create(selfsubjectreviews, { metadata: {} });
    connection.close();
    expect(review.status.userInfo?.username).toBe(name);
    expect(errors).toEqual([]);
  });

  test('is given names and groups by its claims', async () => {
    await serve({
      usernameClaim: 'email',
      groupsClaim: 'roles',
      groupsPrefix: 'oidc:',
      requiredClaims: { tenant: 'a' },
    });
    const email = 'ann@example.com';
    const user = (groups: readonly string[]) => ({
      username: email,
      groups: [...groups, 'system:authenticated'],
    });
    expect(await who(token({ email, tenant: 'a', roles: ['x', 'y'] }))).toEqual(user(['oidc:x', 'oidc:y']));
    expect(await who(token({ email, tenant: 'a', roles: 'x', email_verified: true }))).toEqual(
      user(['oidc:x']),
    );
    expect(await who(token({ email, tenant: 'a' }))).toEqual(user([]));
    expect(await who(token({ email, tenant: 'b' }))).toBe(401);
    expect(await who(token({ email }))).toBe(401);
    expect(await who(token({ tenant: 'a' }))).toBe(401);
    expect(await who(token({ email: '', tenant: 'a' }))).toBe(401);
    expect(await who(token({ email, tenant: 'a', email_verified: false }))).toBe(401);
    expect(await who(token({ email, tenant: 'a', roles: [{ name: 'x' }] }))).toBe(401);
  });

  test('has the prefix that was asked for, or none', async () => {
    await serve({ usernamePrefix: 'sso:' });
    expect(await who(token())).toMatchObject({ username: 'sso:ann' });
    await rest[Symbol.asyncDispose]();
    await serve({ usernamePrefix: '-' });
    expect(await who(token())).toMatchObject({ username: 'ann' });
  });

  test('may be signed with what was allowed', async () => {
    const curves = [
      ['ES384', ecKey('p384', 'P-384')],
      ['ES512', ecKey('p521', 'P-521')],
    ] as const;
    issuer.keys = [rsa, ec, ...curves.map(([, key]) => key)];
    await serve({
      signingAlgorithms: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'],
    });
    for (const algorithm of ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const)
      expect(await who(token({}, rsa, algorithm)), algorithm).toMatchObject({ groups: expect.anything() });
    for (const [algorithm, key] of [['ES256', ec] as const, ...curves])
      expect(await who(token({}, key, algorithm)), algorithm).toMatchObject({ groups: expect.anything() });
    // A key on another curve than the algorithm's.
    expect(await who(makeToken(claimsWith(), { alg: 'ES256', kid: 'p384' }, curves[0][1].privateKey))).toBe(
      401,
    );
  });

  test('is refused when it has ended, has not begun, or is for somebody else', async () => {
    await serve();
    const now = seconds();
    for (const wrong of [
      { exp: now - 1 },
      { exp: undefined },
      { exp: String(now + 3_600) },
      { nbf: now + 3_600 },
      { nbf: 'now' },
      { aud: 'another' },
      { aud: ['another', 'third'] },
      { aud: undefined },
      { iss: `${issuer.url}/` },
      { iss: 'https://example.com' },
      { sub: undefined },
      { sub: ['ann'] },
    ])
      expect(await who(token(wrong)), JSON.stringify(wrong)).toBe(401);
    expect(await who(token({ aud: ['another', 'wheelhouse'], nbf: now + 60 }))).toMatchObject({
      username: `${issuer.url}#ann`,
    });
  });

  test('is refused when its signature proves nothing', async () => {
    await serve({ signingAlgorithms: ['RS256', 'ES256'] });
    const publicPem = createPublicKey(rsa.privateKey).export({ type: 'spki', format: 'pem' });
    const hmac = (key: string | Buffer) => (text: Buffer) => createHmac('sha256', key).update(text).digest();
    const header = { alg: 'RS256', kid: 'rsa' };
    const [, , signature = ''] = token().split('.');
    const [head = '', body = ''] = token({ sub: 'eve' }).split('.');
    const tokens: Readonly<Record<string, string>> = {
      unsigned: makeToken(claimsWith(), { alg: 'none', kid: 'rsa' }, () => Buffer.from('x')),
      'unsigned, without a third part': `${makeToken(claimsWith(), { alg: 'none' }, () => Buffer.from('x'))
        .split('.')
        .slice(0, 2)
        .join('.')}.`,
      'the public key as a secret': makeToken(claimsWith(), { alg: 'HS256', kid: 'rsa' }, hmac(publicPem)),
      'the public key as a secret, calling itself RS256': makeToken(claimsWith(), header, hmac(publicPem)),
      'the signature of another token': `${head}.${body}.${signature}`,
      'a key of somebody else': makeToken(claimsWith(), header, rsaKey('other').privateKey),
      'a key that it brings along': makeToken(
        claimsWith(),
        { alg: 'ES256', jwk: createPublicKey(ecKey('own').privateKey).export({ format: 'jwk' }) },
        ecKey('own').privateKey,
      ),
      'the name of another kind of key': makeToken(claimsWith(), { alg: 'RS256', kid: 'ec' }, rsa.privateKey),
      'an algorithm that is not allowed': token({}, rsa, 'PS256'),
      'something critical': makeToken(claimsWith(), { ...header, crit: ['exp'] }, rsa.privateKey),
      'a fourth part': `${token()}.x`,
      'bytes that could be written otherwise': `${token()}=`,
      'a name of a key that is no text': makeToken(claimsWith(), { alg: 'RS256', kid: 1 }, rsa.privateKey),
    };
    for (const [what, bearer] of Object.entries(tokens)) expect(await who(bearer), what).toBe(401);
    expect(await who(makeToken(claimsWith(), { alg: 'RS256' }, rsa.privateKey))).toMatchObject({
      username: `${issuer.url}#ann`,
    });
  });

  test('is refused when its key is weak, or for something else', async () => {
    const small = rsaKey('small', 1024);
    issuer.keys = [small, { ...rsa, extra: { use: 'enc' } }, { ...ec, extra: { alg: 'ES512' } }];
    await serve({ signingAlgorithms: ['RS256', 'ES256'] });
    expect(await who(token({}, small))).toBe(401);
    expect(await who(token())).toBe(401);
    expect(await who(token({}, ec, 'ES256'))).toBe(401);
  });
});

describe('the keys of an issuer', () => {
  test('are asked for once, and again when one appears that nobody knows', async () => {
    await serve();
    await Promise.all([who(token()), who(token()), who(token())]);
    expect(issuer.asked).toEqual([configuration, '/keys']);
    const next = rsaKey('next');
    // Whoever makes up names of keys does not make us ask all the time.
    expect(await who(token({}, next))).toBe(401);
    expect(issuer.asked).toHaveLength(2);
    issuer.keys = [next];
    rest.api.clock.advance(10_000);
    expect(await who(token({}, next))).toMatchObject({ username: `${issuer.url}#ann` });
    expect(issuer.asked).toHaveLength(4);
    expect(await who(token())).toBe(401);
  });

  test('are asked for again after an hour, and stand where the issuer does not answer', async () => {
    await serve();
    await who(token());
    issuer.instead.set(configuration, (_request, response) => response.writeHead(500).end());
    rest.api.clock.advance(3_600_000);
    expect(await who(token())).toMatchObject({ username: `${issuer.url}#ann` });
    await expect.poll(() => errors.map(String)).toEqual([expect.stringContaining('the answer is 500')]);
  });

  test('are not waited for longer than ten seconds, nor by everybody anew', async () => {
    await serve();
    const arrived = new Promise<void>((resolve) => {
      issuer.instead.set('/keys', () => resolve());
    });
    const first = who(token());
    const second = who(token());
    await arrived;
    rest.api.clock.advance(10_000);
    expect(await Promise.all([first, second])).toEqual([401, 401]);
    expect(String(errors[0])).toContain('it took over 10000 ms');
    expect(await who(token())).toBe(401);
    expect(issuer.asked).toEqual([configuration, '/keys']);
    // Everything else goes on.
    expect((await rest.send('GET', '/version')).code).toBe(200);
  });

  test('are not read when they are 50 MB', async () => {
    await serve();
    let sent = 0;
    function* blanks() {
      for (; sent < 50_000_000; sent += 65_536) yield Buffer.alloc(65_536, ' ');
    }
    const closed = new Promise<void>((resolve) => {
      issuer.instead.set('/keys', (_request, response) => {
        response.once('close', resolve);
        Readable.from(blanks()).pipe(response);
      });
    });
    expect(await who(token())).toBe(401);
    await closed;
    expect(sent).toBeLessThan(25_000_000);
    expect(String(errors[0])).toContain('the answer is longer than 1048576 bytes');
  });

  test.each<[what: string, path: string, answer: (url: string) => object | string, says: string]>([
    ['another name', configuration, () => ({ issuer: 'https://example.com' }), 'it calls itself'],
    [
      'keys without TLS',
      configuration,
      (url) => ({ issuer: url, jwks_uri: `${url.replace('https', 'http')}/keys` }),
      'it is not https',
    ],
    ['no address of keys', configuration, (url) => ({ issuer: url }), 'Invalid URL'],
    ['something that is no JSON', '/keys', () => '<html>', 'JSON'],
    ['no list of keys', '/keys', () => ({ keys: 'none' }), 'there are none'],
  ])('are not believed when the issuer answers with %s', async (_what, path, answer, says) => {
    await serve();
    issuer.instead.set(path, (_request, response) => {
      const value = answer(issuer.url);
      response.end(typeof value === 'string' ? value : JSON.stringify(value));
    });
    expect(await who(token())).toBe(401);
    expect(String(errors[0])).toContain(says);
  });

  test('are not fetched from where the issuer redirects to', async () => {
    await serve();
    issuer.instead.set('/keys', (_request, response) =>
      response.writeHead(302, { location: `${issuer.url}/other` }).end(),
    );
    expect(await who(token())).toBe(401);
    expect(issuer.asked).toEqual([configuration, '/keys']);
    expect(String(errors[0])).toContain('the answer is 302');
  });

  test('are not fetched from a server that nobody vouches for', async () => {
    const other = await makePair({ name: 'ca', subject: 'CN=ca', use: 'ca' }, systemClock);
    await serve({ ca: other.cert });
    expect(await who(token())).toBe(401);
    expect(issuer.asked).toEqual([]);
    expect(String(errors[0])).toContain('Cannot GET');
  });
});
