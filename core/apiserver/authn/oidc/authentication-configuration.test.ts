import { describe, expect, test } from 'vitest';
import { makePair } from '../../../machinery/pki/make-certificate.ts';
import { SteppedClock } from '../../../machinery/stepped-clock.ts';
import { readAuthenticationConfiguration } from './authentication-configuration.ts';
import { OidcTokens } from './oidc-tokens.ts';

const head = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration' };
const sub = { username: { claim: 'sub', prefix: '' } };

function issuer(more: object = {}, about: object = {}): object {
  return {
    issuer: { url: 'https://a.example.com', audiences: ['a'], ...about },
    claimMappings: sub,
    ...more,
  };
}

const read = (...jwt: readonly object[]) =>
  readAuthenticationConfiguration({ ...head, jwt }, ['https://kubernetes.default.svc.cluster.local']);
const mapping = (claimMappings: object, more: object = {}) =>
  read(issuer({ claimMappings: { ...sub, ...claimMappings }, ...more }))[0]!;

describe('an authentication configuration', () => {
  test('may name no issuer, or several, of all its versions', () => {
    expect(readAuthenticationConfiguration(head, [])).toEqual([]);
    for (const version of ['v1', 'v1beta1', 'v1alpha1'])
      expect(
        readAuthenticationConfiguration({ ...head, apiVersion: `apiserver.config.k8s.io/${version}` }, []),
      ).toEqual([]);
    const [one, two] = read(
      issuer(),
      issuer(
        {},
        {
          url: 'https://b.example.com',
          discoveryURL: 'https://b.example.com/found',
          audiences: ['b', 'c'],
          audienceMatchPolicy: 'MatchAny',
        },
      ),
    );
    expect(one).toMatchObject({ url: 'https://a.example.com', audiences: ['a'], ca: undefined });
    expect(two).toMatchObject({ discoveryUrl: 'https://b.example.com/found', audiences: ['b', 'c'] });
  });

  test('takes the authority of an issuer as PEM', async () => {
    const { cert } = await makePair({ name: 'ca', subject: 'CN=ca', use: 'ca' }, new SteppedClock());
    expect(read(issuer({}, { certificateAuthority: cert.toString() }))[0]?.ca).toEqual(cert);
  });

  test.each<[given: object, says: string]>([
    [{ apiVersion: 'v1', kind: 'ConfigMap' }, 'apiVersion and kind must be'],
    [{ ...head, jwts: [] }, 'jwts: unknown field'],
    [{ ...head, anonymous: { enabled: true } }, 'anonymous: cannot be set here'],
    [{ ...head, jwt: 'a' }, 'jwt: must be a list'],
    [{ ...head, jwt: Array.from({ length: 65 }, () => issuer()) }, 'jwt: Too many: 65'],
    [{ ...head, jwt: [issuer(), issuer()] }, 'jwt[1].issuer.url: Duplicate value: "https://a.example.com"'],
    [{ ...head, jwt: [{}] }, 'jwt[0].issuer.url: Required value'],
    [{ ...head, jwt: [{}] }, 'jwt[0].issuer.audiences: Required value'],
    [
      { ...head, jwt: [{}] },
      'jwt[0].claimMappings.username: Required value: claim or expression is required',
    ],
  ])('is refused: %j', (given, says) => {
    expect(() => readAuthenticationConfiguration(given, [])).toThrow(says);
  });

  test.each<[about: object, says: string]>([
    [
      { url: 'http://a.example.com' },
      'issuer.url: Invalid value: "http://a.example.com": URL scheme must be https',
    ],
    [{ url: 'a b' }, 'must be a URL'],
    [{ url: 'https://u:p@a.example.com' }, 'must not contain a username or password'],
    [{ url: 'https://a.example.com?b=c' }, 'must not contain a query'],
    [{ url: 'https://a.example.com#b' }, 'must not contain a fragment'],
    [{ url: 'https://kubernetes.default.svc.cluster.local' }, 'must not overlap with disallowed issuers'],
    [{ discoveryURL: 'https://a.example.com/' }, 'discoveryURL must be different from URL'],
    [{ certificateAuthority: 'PEM' }, '"<omitted>": data does not contain any valid certificates'],
    [{ audiences: ['a', 'a'], audienceMatchPolicy: 'MatchAny' }, 'audiences[1]: Duplicate value: "a"'],
    [{ audiences: [''] }, 'audiences[0]: Required value'],
    [{ audiences: [7] }, 'audiences[0]: must be a string'],
    [{ audiences: ['a', 'b'] }, 'audienceMatchPolicy must be MatchAny for multiple audiences'],
    [{ audienceMatchPolicy: 'All' }, 'audienceMatchPolicy must be empty or MatchAny for single audience'],
    [{ egressSelectorType: 'cluster' }, 'there are no egress selectors here'],
    [{ audience: 'a' }, 'jwt[0].issuer.audience: unknown field'],
  ])('is refused for an issuer such as %j', (about, says) => {
    expect(() => read(issuer({}, about))).toThrow(says);
  });

  test.each<[more: object, says: string]>([
    [{ username: { claim: 'sub' } }, 'username.prefix: Required value: prefix is required when claim is set'],
    [{ username: { claim: 'sub', expression: 'claims.sub' } }, "claim and expression can't both be set"],
    [{ username: {} }, 'username: Required value: claim or expression is required'],
    [{ username: { expression: 'claims.sub', prefix: 'a' } }, 'may not be specified when expression is set'],
    [{ username: { expression: 'claims.' } }, 'username.expression: Invalid value: "claims."'],
    [{ username: { expression: 'user.name' } }, 'undeclared reference'],
    [{ username: { expression: 'claims.email' } }, 'claims.email_verified must be used'],
    [{ groups: { claim: 'roles' } }, 'groups.prefix: Required value'],
    [{ uid: { claim: 'a', expression: 'b' } }, 'uid: Invalid value: "": claim and expression can\'t both'],
    [{ uid: { claim: 'a', prefix: 'b' } }, 'uid.prefix: unknown field'],
    [{ extra: [{ key: 'a', valueExpression: '"b"' }] }, 'must be a domain-prefixed path'],
    [{ extra: [{ key: 'a.io/B', valueExpression: '"b"' }] }, 'must be lowercase'],
    [{ extra: [{ key: 'a.k8s.io/b', valueExpression: '"b"' }] }, 'are reserved for Kubernetes use'],
    [{ extra: [{ key: 'a.io/b' }] }, 'extra[0].valueExpression: Required value'],
    [
      {
        extra: [
          { key: 'a.io/b', valueExpression: '"b"' },
          { key: 'a.io/b', valueExpression: '"c"' },
        ],
      },
      'extra[1].key: Duplicate value: "a.io/b"',
    ],
  ])('is refused for mappings such as %j', (more, says) => {
    expect(() => mapping(more)).toThrow(says);
  });

  test.each<[more: object, says: string]>([
    [
      { claimValidationRules: [{}] },
      'claimValidationRules[0]: Required value: claim or expression is required',
    ],
    [{ claimValidationRules: [{ claim: 'a', message: 'b' }] }, 'may not be specified when claim is set'],
    [
      { claimValidationRules: [{ expression: 'true', requiredValue: 'b' }] },
      'may not be specified when expression is set',
    ],
    [{ claimValidationRules: [{ expression: '1 + 1' }] }, 'must evaluate to bool'],
    [{ claimValidationRules: [{ claim: 'a' }, { claim: 'a' }] }, '[1].claim: Duplicate value: "a"'],
    [{ userValidationRules: [{ message: 'a' }] }, 'userValidationRules[0].expression: Required value'],
    [{ userValidationRules: [{ expression: 'claims.sub == ""' }] }, 'undeclared reference'],
    [{ userValidationRules: [{ expression: 'user.nobody == ""' }] }, 'undefined field'],
  ])('is refused for rules such as %j', (more, says) => {
    expect(() => mapping({}, more)).toThrow(says);
  });

  test('takes an address as a name where somebody looks at whether it was checked', () => {
    const username = { expression: 'claims.email' };
    const rules = [{ expression: 'claims.?email_verified.orValue(true) == true' }];
    expect(mapping({ username }, { claimValidationRules: rules }).url).toBe('https://a.example.com');
  });
});

describe('who somebody is', () => {
  test('is said by claims with their prefixes', () => {
    const { userOf } = mapping({
      username: { claim: 'sub', prefix: 'a:' },
      groups: { claim: 'roles', prefix: 'b:' },
      uid: { claim: 'id' },
    });
    expect(userOf({ sub: 'ann', roles: ['x', 'y'], id: '7' })).toEqual({
      name: 'a:ann',
      groups: ['b:x', 'b:y'],
      uid: '7',
    });
    expect(userOf({ sub: 'ann', roles: 'x', id: '7' })?.groups).toEqual(['b:x']);
    expect(userOf({ sub: 'ann', id: '7' })?.groups).toEqual([]);
    for (const wrong of [{ id: '7' }, { sub: '', id: '7' }, { sub: 7, id: '7' }, { sub: 'ann' }])
      expect(userOf(wrong)).toBeUndefined();
    expect(userOf({ sub: 'ann', id: '7', roles: [7] })).toBeUndefined();
    expect(userOf(JSON.parse('{"id":"7","__proto__":{"sub":"ann"}}') as never)).toBeUndefined();
  });

  test('is said by expressions of all claims', () => {
    const { userOf } = mapping({
      username: { expression: '"x:" + claims.name.first + claims.?middle.orValue("")' },
      groups: { expression: 'claims.roles.split(",").map(role, "x:" + role)' },
      uid: { expression: 'string(claims.id)' },
      extra: [
        { key: 'example.com/tenant', valueExpression: 'claims.tenant' },
        { key: 'example.com/admin', valueExpression: 'has(claims.admin) && claims.admin ? "yes" : ""' },
        { key: 'example.com/all', valueExpression: '["a", "", claims.tenant]' },
      ],
    });
    expect(userOf({ name: { first: 'ann' }, roles: 'a,b', id: 7, tenant: 'blue' })).toEqual({
      name: 'x:ann',
      groups: ['x:a', 'x:b'],
      uid: '7',
      extra: { 'example.com/tenant': ['blue'], 'example.com/all': ['a', 'blue'] },
    });
  });

  test.each<[what: string, mappings: object, claims: object, says: string]>([
    ['is no text', { username: { expression: 'claims.id' } }, { id: 7 }, 'must return a string'],
    ['is bytes', { username: { expression: 'b"ann"' } }, {}, 'must return a string'],
    ['reads what is not there', { username: { expression: 'claims.name' } }, {}, 'no such key: name'],
    ['makes groups of numbers', { groups: { expression: '[1]' } }, { sub: 'a' }, 'a list of strings'],
    ['makes groups of a map', { groups: { expression: '{"a": "b"}' } }, { sub: 'a' }, 'a list of strings'],
  ])('is not said by an expression that %s', (_what, mappings, claims, says) => {
    expect(() => mapping(mappings).userOf(claims as never)).toThrow(says);
  });

  test('is nobody by an expression that says nothing', () => {
    expect(mapping({ username: { expression: '""' } }).userOf({ sub: 'ann' })).toBeUndefined();
    expect(mapping({ groups: { expression: 'null' } }).userOf({ sub: 'ann' })).toEqual({
      name: 'ann',
      groups: [],
    });
  });

  test('is checked by rules for claims and for users', () => {
    const { userOf } = mapping(
      { groups: { claim: 'roles', prefix: '' } },
      {
        claimValidationRules: [
          { claim: 'tenant', requiredValue: 'blue' },
          { expression: 'claims.exp - claims.nbf <= 86400', message: 'tokens live a day' },
        ],
        userValidationRules: [
          { expression: '!user.username.startsWith("system:")', message: 'not one of ours' },
          { expression: 'user.groups.all(group, !group.startsWith("system:")) && user.uid == ""' },
        ],
      },
    );
    const fine = { sub: 'ann', tenant: 'blue', exp: 100, nbf: 0 };
    expect(userOf(fine)?.name).toBe('ann');
    expect(userOf({ ...fine, tenant: 'red' })).toBeUndefined();
    expect(userOf({ ...fine, tenant: undefined })).toBeUndefined();
    expect(() => userOf({ ...fine, exp: 100_000 })).toThrow('failed: tokens live a day');
    expect(() => userOf({ ...fine, sub: 'system:admin' })).toThrow('failed: not one of ours');
    expect(() => userOf({ ...fine, roles: ['system:masters'] })).toThrow('failed: ');
  });

  test('is not said by what would take for ever', () => {
    const all = 'claims.a.all(b, claims.a.all(c, claims.a.all(d, claims.a.all(e, b + c + d + e >= 0))))';
    const { userOf } = mapping({}, { claimValidationRules: [{ expression: all }] });
    const claims = { sub: 'ann', a: Array.from({ length: 200 }, (_, i) => i) };
    expect(() => userOf(claims)).toThrow('cost limit exceeded');
  });
});

test('a token that nobody signed stands for nobody, and nobody is told', async () => {
  const told: unknown[] = [];
  const clock = new SteppedClock();
  const tokens = new OidcTokens(mapping({}), { clock, audience: 'x', onError: (error) => told.push(error) });
  const unsigned = ['{"alg":"none"}', '{"iss":"https://a.example.com","aud":"a","exp":9999999999}', 'a']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');
  expect(await tokens.authenticate(unsigned, [])).toBeUndefined();
  expect(told).toEqual([]);
});
