import { describe, expect, test } from 'vitest';
import { chooseCoreFlags } from './core-flags.ts';

const oidc = ['--oidc-issuer-url=https://example.com', '--oidc-client-id=a'];

describe('the flags of core', () => {
  test('stay until others are given', () => {
    expect(chooseCoreFlags([], oidc, false)).toEqual(oidc);
    expect(chooseCoreFlags([], oidc, true)).toEqual(oidc);
    expect(chooseCoreFlags(['--a=b'], oidc, false)).toEqual(['--a=b']);
    expect(chooseCoreFlags([''], oidc, false)).toEqual([]);
  });

  test('do not change while it runs', () => {
    expect(chooseCoreFlags(oidc, oidc, true)).toEqual(oidc);
    expect(() => chooseCoreFlags(['--a=b'], oidc, true)).toThrow('"wh down" first');
  });

  test.each(['oidc', '--oidc-client-id', '-a=b', '--=b', '--a b=c'])('are not such as %j', (flag) => {
    expect(() => chooseCoreFlags([flag], [], false)).toThrow('is no flag of core');
  });

  test.each(['--data-dir=/tmp', '--listen=0.0.0.0:1', '--store=memory'])('leave %s to "up"', (flag) => {
    expect(() => chooseCoreFlags([flag], [], false)).toThrow('is chosen by "up" itself');
  });
});
