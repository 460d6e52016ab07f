import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  configMaps,
  createHostileScene,
  expectHealthy,
  expectRefusal,
} from '../../environment/hostile-scene.ts';
import type { RestApi } from '../../environment/rest.ts';
import { clientPair } from '../../environment/rest.ts';

let rest: RestApi;
beforeAll(async () => {
  rest = await createHostileScene();
});
afterAll(() => rest[Symbol.asyncDispose]());

describe('a request is refused', () => {
  const cases: readonly (readonly [path: string, code: number, reason: string, message: RegExp])[] = [
    [`${configMaps}?labelSelector=a==b==c`, 400, 'BadRequest', /found '==', expected/],
    [
      `${configMaps}?labelSelector=${encodeURIComponent('a in (')}`,
      400,
      'BadRequest',
      /unable to parse|selector/i,
    ],
    [
      `${configMaps}?fieldSelector=spec.nodeName%3Dx`,
      400,
      'BadRequest',
      /^"spec.nodeName" is not a known field selector: only "metadata.name", "metadata.namespace"$/,
    ],
    [`${configMaps}?limit=many`, 400, 'BadRequest', /limit/],
    [`${configMaps}?limit=1&continue=%7B%7D`, 400, 'BadRequest', /continue/],
    [`${configMaps}?resourceVersion=old`, 400, 'BadRequest', /resource ?version/i],
    [`${configMaps}?resourceVersionMatch=Exactly&resourceVersion=1`, 422, 'Invalid', /resourceVersionMatch/],
    [`${configMaps}?watch=1&resourceVersion=x`, 400, 'BadRequest', /resource ?version/i],
    [`${configMaps}/..%2f..%2fnodes`, 404, 'NotFound', /not found|could not find/],
    [`${configMaps}/%00`, 404, 'NotFound', /not found|could not find/],
    [`/api/v1/namespaces/default/nothings`, 404, 'NotFound', /could not find/],
    [`/apis/nowhere.example.com/v1/things`, 404, 'NotFound', /could not find/],
    [`/api/v1/namespaces/default/configmaps/there/status`, 404, 'NotFound', /could not find/],
    [`/%ff`, 400, 'BadRequest', /path/],
  ];
  test.for(cases)('GET %s: %i %s', async ([path, code, reason, message]) => {
    expectRefusal(await rest.send('GET', path), code, reason, message);
    await expectHealthy(rest);
  });

  test('with a method that means nothing here', async () => {
    const refused = await rest.send('PUT', configMaps, { body: '{}' });
    expectRefusal(refused, 405, 'MethodNotAllowed', /does not allow this method/);
  });

  test('for a representation that is not offered', async () => {
    const refused = await rest.send('GET', configMaps, { accept: 'text/html' });
    expectRefusal(refused, 406, 'NotAcceptable', /application\/json/);
  });

  test('with a continue token as long as a header may be', async () => {
    const refused = await rest.send('GET', `${configMaps}?limit=1&continue=${'A'.repeat(9000)}`);
    expectRefusal(refused, 400, 'BadRequest', /continue/);
  });

  test.for([
    ['POST', configMaps, 'dryRun=Some', 'CreateOptions', 'dryRun: Unsupported value: "Some"'],
    [
      'PUT',
      `${configMaps}/there`,
      'fieldValidation=Loose',
      'UpdateOptions',
      'fieldValidation: Unsupported value',
    ],
    ['POST', configMaps, `fieldManager=${'x'.repeat(129)}`, 'CreateOptions', 'fieldManager: Too long'],
    ['POST', configMaps, 'fieldManager=%07', 'CreateOptions', 'fieldManager: Invalid value'],
    [
      'DELETE',
      `${configMaps}/there`,
      'propagationPolicy=Down',
      'DeleteOptions',
      'propagationPolicy: Unsupported',
    ],
  ] as const)('%s with %3$s, which is no option', async ([method, path, query, kind, message]) => {
    const body = method === 'DELETE' ? undefined : '{"metadata":{"name":"there"}}';
    const refused = await rest.send(method, `${path}?${query}`, { body });
    expectRefusal(
      refused,
      422,
      'Invalid',
      new RegExp(`^${kind}\\.meta\\.k8s\\.io "" is invalid: ${message}`),
    );
    await expectHealthy(rest);
  });
});

describe('a caller', () => {
  test('with a certificate of another authority is not let in', async () => {
    const forged = await clientPair(rest.pki.serverCa, 'O=system:masters, CN=admin');
    expectRefusal(await rest.send('GET', configMaps, { as: forged }), 401, 'Unauthorized', /Unauthorized/);
  });

  test('that may do nothing is told so', async () => {
    const nobody = await clientPair(rest.pki.clientCa, 'O=nobodies, CN=somebody');
    const refused = await rest.send('GET', configMaps, { as: nobody });
    expectRefusal(
      refused,
      403,
      'Forbidden',
      /^configmaps is forbidden: User "somebody" cannot list resource/,
    );
  });

  test('cannot name itself in headers', async () => {
    const nobody = await clientPair(rest.pki.clientCa, 'CN=somebody');
    const headers = { 'x-remote-user': 'admin', 'x-remote-group': 'system:masters' };
    expect((await rest.send('GET', configMaps, { as: nobody, headers })).code).toBe(403);
  });
});
