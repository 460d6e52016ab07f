import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  configMaps,
  createHostileScene,
  expectHealthy,
  expectRefusal,
} from '../../environment/hostile-scene.ts';
import type { RestApi } from '../../environment/rest.ts';

let rest: RestApi;
beforeAll(async () => {
  rest = await createHostileScene();
  for (const name of ['one', 'two', 'three']) {
    const body = JSON.stringify({ metadata: { name, labels: { app: 'web' } } });
    expect((await rest.send('POST', configMaps, { body })).code).toBe(201);
  }
});
afterAll(() => rest[Symbol.asyncDispose]());

async function names(query = ''): Promise<readonly string[]> {
  const { items } = (await rest.send('GET', `${configMaps}${query}`)).json() as unknown as {
    items: readonly { readonly metadata: { readonly name: string } }[];
  };
  return items.map(({ metadata }) => metadata.name);
}

const long = 'x'.repeat(6_000);
const selectors: readonly (readonly [title: string, query: string, message: RegExp])[] = [
  ['two operators', `labelSelector=${encodeURIComponent('a==b==c')}`, /found '==', expected/],
  ['a list that does not end', `labelSelector=${encodeURIComponent('app in (web')}`, /unable to parse|found/],
  ['an operator without a key', `labelSelector=${encodeURIComponent('=web')}`, /found '='|unable to parse/],
  ['a key that is none', `labelSelector=${encodeURIComponent('a b/c=d')}`, /found|unable to parse|key/],
  ['a key of 6,000 characters', `labelSelector=${long}`, /63 characters|must be no more|at most/],
  ['a value of 6,000 characters', `labelSelector=app%3D${long}`, /63 characters|must be no more|at most/],
  ['a field nobody selects by', 'fieldSelector=data.a%3D1', /"data.a" is not a known field selector/],
  ['a field without a value', 'fieldSelector=metadata.name', /invalid|selector/i],
  ['a field of 6,000 characters', `fieldSelector=${long}%3D1`, /is not a known field selector/],
];

describe('a selector is refused', () => {
  describe.each(selectors)('with %s', (_, query, message) => {
    test('by a list', async () => {
      expectRefusal(await rest.send('GET', `${configMaps}?${query}`), 400, 'BadRequest', message);
      await expectHealthy(rest);
    });

    test('by a watch, which does not begin', async () => {
      expectRefusal(await rest.send('GET', `${configMaps}?watch=true&${query}`), 400, 'BadRequest', message);
      await expectHealthy(rest);
    });

    test('by a deletion, and nothing is deleted', async () => {
      const before = await names();
      expectRefusal(await rest.send('DELETE', `${configMaps}?${query}`), 400, 'BadRequest', message);
      expect(await names()).toEqual(before);
      await expectHealthy(rest);
    });
  });

  test('with what is no DeleteOptions beside a right one, and nothing is deleted', async () => {
    const before = await names();
    const path = `${configMaps}?labelSelector=app%3Dweb`;
    const body = '{"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Down"}';
    expectRefusal(await rest.send('DELETE', path, { body }), 422, 'Invalid', /propagationPolicy/);
    expect(await names()).toEqual(before);
  });

  test('and one of a thousand values is none of these', async () => {
    const values = Array.from({ length: 1_000 }, (_, n) => `v${n}`).join(',');
    const query = `?labelSelector=${encodeURIComponent(`app in (${values})`)}`;
    expect(await names(query)).toEqual([]);
    expect(await names(`?labelSelector=${encodeURIComponent(`app in (web,${values})`)}`)).toHaveLength(3);
  });
});

describe('a continue token', () => {
  const forge = (token: unknown) => Buffer.from(JSON.stringify(token)).toString('base64url');
  const v = 'meta.k8s.io/v1';
  const start = 'default/one\u0000';

  test('as this server makes them goes on, so that those below are refused for what is wrong with them', async () => {
    const first = await rest.send('GET', `${configMaps}?limit=1`);
    const { continue: token = '' } = first.json().metadata as { continue?: string };
    const made = JSON.parse(Buffer.from(token, 'base64url').toString()) as Record<string, unknown>;
    expect(Object.keys(made)).toEqual(['v', 'rv', 'start']);
    expect(await names(`?limit=500&continue=${forge(made)}`)).toHaveLength((await names()).length - 1);
  });

  test.for([
    ['of another version', { v: 'meta.k8s.io/v2', rv: 1, start }],
    ['without a version', { rv: 1, start }],
    ['of revision 0', { v, rv: 0, start }],
    ['of revision -2', { v, rv: -2, start }],
    ['of half a revision', { v, rv: 1.5, start }],
    ['of a revision beyond what is exact', { v, rv: 2 ** 60, start }],
    ['of a revision that is a text', { v, rv: '1', start }],
    ['that starts nowhere', { v, rv: 1, start: '' }],
    ['that starts at a number', { v, rv: 1, start: 7 }],
    ['that climbs out', { v, rv: 1, start: '../secrets/default/a\u0000' }],
    ['that climbs out further on', { v, rv: 1, start: 'default/../../secrets/a\u0000' }],
    ['that starts at the root', { v, rv: 1, start: '/registry/secrets/a\u0000' }],
    ['that is a list', [v, 1, start]],
    ['that is null', null],
  ] as const)('%s is refused', async ([, token]) => {
    for (const method of ['GET', 'DELETE']) {
      const before = await names();
      const answer = await rest.send(method, `${configMaps}?limit=2&continue=${forge(token)}`);
      expectRefusal(answer, 400, 'BadRequest', /^continue key is not valid/);
      expect(await names()).toEqual(before);
    }
    await expectHealthy(rest);
  });

  test('of a revision that is yet to come is refused', async () => {
    const answer = await rest.send(
      'GET',
      `${configMaps}?limit=2&continue=${forge({ v, rv: 1_000_000, start })}`,
    );
    expectRefusal(answer, 504, 'Timeout', /^Too large resource version: 1000000/);
    await expectHealthy(rest);
  });

  test('of another namespace reaches nothing outside the list that is asked for', async () => {
    for (const elsewhere of ['aaa/a\u0000', 'kube-system/a\u0000', 'zzz/a\u0000']) {
      const token = forge({ v, rv: -1, start: elsewhere });
      const answer = await rest.send('GET', `${configMaps}?limit=500&continue=${token}`);
      expect(answer.code).toBe(200);
      const { items } = answer.json() as unknown as { items: { metadata: { namespace: string } }[] };
      // Such a token says nothing about this list, which begins at its beginning.
      expect(items.map(({ metadata }) => metadata.namespace)).toEqual((await names()).map(() => 'default'));
    }
    await expectHealthy(rest);
  });
});
