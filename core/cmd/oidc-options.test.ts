import { describe, expect, test } from 'vitest';
import { parseOptions } from './options.ts';

const issuer = ['--oidc-issuer-url=https://example.com', '--oidc-client-id=a'];
const parse = (...args: readonly string[]) => {
  const options = parseOptions(['--data-dir=/tmp/x', ...args]);
  return options === 'help' ? undefined : options.oidc;
};

describe('an issuer of OpenID Connect', () => {
  test('is not believed unless one is named', () => {
    expect(parse()).toBeUndefined();
  });

  test('is read with what its tokens must say', () => {
    expect(
      parse(
        ...issuer,
        '--oidc-required-claim=a=b=c',
        '--oidc-required-claim=d=',
        '--oidc-signing-algs=ES256,PS512',
      ),
    ).toMatchObject({
      issuerUrl: 'https://example.com',
      clientId: 'a',
      requiredClaims: { a: 'b=c', d: '' },
      signingAlgorithms: ['ES256', 'PS512'],
    });
  });

  test.each([
    [['--oidc-issuer-url=http://example.com', '--oidc-client-id=a'], '--oidc-issuer-url=http://example.com'],
    [['--oidc-issuer-url=https://example.com?a', '--oidc-client-id=a'], 'without a query'],
    [['--oidc-issuer-url=example.com', '--oidc-client-id=a'], 'it must be an https URL'],
    [['--oidc-issuer-url=https://example.com'], '--oidc-client-id is required'],
    [['--oidc-client-id=a'], '--oidc-client-id: it is of no use without --oidc-issuer-url'],
    [['--oidc-required-claim=a=b'], '--oidc-required-claim: it is of no use'],
    [[...issuer, '--oidc-signing-algs=none'], '--oidc-signing-algs=none: it must be one of RS256'],
    [[...issuer, '--oidc-signing-algs=RS256,HS256'], '--oidc-signing-algs=HS256'],
    [[...issuer, '--oidc-required-claim=a'], 'it must be CLAIM=VALUE'],
    [
      [...issuer, '--authentication-config=/a'],
      '--authentication-config=/a: it cannot be combined with --oidc',
    ],
    [[...issuer, '--oidc-ca-file=/nowhere'], '--oidc-ca-file=/nowhere: ENOENT'],
  ])('is refused: %j', (args, says) => {
    expect(() => parse(...args)).toThrow(says);
  });
});
