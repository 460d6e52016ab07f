import { describe, expect, test } from 'vitest';
import { linesOf, linesOfMetadata, RequestHeaders, standardRequestHeaders } from './request-headers.ts';
import type { HeaderLine } from './request-headers.ts';

const standard = new RequestHeaders(standardRequestHeaders);
const userOf = (...lines: readonly HeaderLine[]) => standard.userOf(lines);

describe('headers of a proxy', () => {
  test('name a user with groups, a uid and extras', () => {
    expect(
      userOf(
        ['x-remote-user', 'ann'],
        ['x-remote-group', 'developers'],
        ['x-remote-group', 'a, b'],
        ['x-remote-uid', '42'],
        ['x-remote-extra-scopes', 'read'],
        ['x-remote-extra-scopes', 'write'],
        ['x-remote-extra-example.com%2fteam', 'blue'],
      ),
    ).toEqual({
      name: 'ann',
      uid: '42',
      groups: ['developers', 'a, b', 'system:authenticated'],
      extra: { scopes: ['read', 'write'], 'example.com/team': ['blue'] },
    });
  });

  test('that name nobody are nobody, whatever else they say', () => {
    expect(userOf()).toBeUndefined();
    expect(userOf(['x-remote-user', ''], ['x-remote-group', 'system:masters'])).toBeUndefined();
  });

  test('sent twice name the first user, as upstream', () => {
    expect(userOf(['x-remote-user', 'ann'], ['x-remote-user', 'admin'])?.name).toBe('ann');
  });

  test('keep keys of extras that are no escapes, and those that are names of JavaScript', () => {
    const extra = userOf(
      ['x-remote-user', 'ann'],
      ['x-remote-extra-50%', 'a'],
      ['x-remote-extra-__proto__', 'b'],
    )?.extra;
    expect(Object.entries(extra ?? {})).toEqual([
      ['50%', ['a']],
      ['__proto__', ['b']],
    ]);
  });

  test.each([
    ['system:anonymous', ['a'], ['a']],
    ['ann', ['system:unauthenticated'], ['system:unauthenticated']],
    ['ann', ['system:authenticated'], ['system:authenticated']],
  ])('add no group for %s in %j', (name, groups, all) => {
    const lines = groups.map((group): HeaderLine => ['x-remote-group', group]);
    expect(userOf(['x-remote-user', name], ...lines)?.groups).toEqual(all);
  });

  test('of other names are read in their order, and the standard ones then say nothing', () => {
    const headers = new RequestHeaders({
      username: ['X-User', 'X-Login'],
      uid: [],
      group: ['X-Team', 'X-Role'],
      extraPrefix: ['X-More-', 'X-Other-'],
    });
    expect(
      headers.userOf([
        ['x-remote-user', 'admin'],
        ['x-user', ''],
        ['x-login', 'ann'],
        ['x-role', 'reader'],
        ['x-team', 'blue'],
        ['x-other-a', '2'],
        ['x-more-a', '1'],
        ['x-remote-uid', '1'],
      ]),
    ).toEqual({
      name: 'ann',
      groups: ['blue', 'reader', 'system:authenticated'],
      extra: { a: ['1', '2'] },
    });
    expect(headers.userOf([['x-remote-user', 'admin']])).toBeUndefined();
    for (const name of ['x-user', 'x-login', 'x-team', 'x-more-a', 'x-remote-user', 'x-remote-extra-a'])
      expect(headers.identifies(name)).toBe(true);
    for (const name of ['authorization', 'x-remote', 'x-forwarded-for', 'user'])
      expect(headers.identifies(name)).toBe(false);
  });
});

test('raw headers are bytes of UTF-8, each by itself', () => {
  const latin = Buffer.from('Änn').toString('latin1');
  expect(linesOf(['X-Remote-User', latin, 'x-remote-group', 'a,b', 'X-REMOTE-GROUP', 'c'])).toEqual([
    ['x-remote-user', 'Änn'],
    ['x-remote-group', 'a,b'],
    ['x-remote-group', 'c'],
  ]);
});

describe('metadata of gRPC', () => {
  const read = (metadata: Parameters<typeof linesOfMetadata>[0]) => linesOfMetadata(metadata, standard);

  test('says several groups, or other letters, in bytes', () => {
    const group = ['a', 'b,c', 'é'].map((text) => Buffer.from(text));
    expect(read({ 'x-remote-user': ['ann'], 'x-remote-group-bin': group, 'user-agent': ['a,b'] })).toEqual([
      ['x-remote-user', 'ann'],
      ['x-remote-group', 'a'],
      ['x-remote-group', 'b,c'],
      ['x-remote-group', 'é'],
    ]);
  });

  test.each(['x-remote-user', 'x-remote-group', 'x-remote-extra-a'])(
    'with a comma in %s may be one or two, and is refused',
    (name) => {
      expect(() => read({ [name]: ['developers, system:masters'] })).toThrow('Unauthorized');
    },
  );
});
