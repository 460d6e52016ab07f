import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deployments as deploymentResource } from '../../../core/api/generated/resources.ts';
import { deployment } from '../../builders/index.ts';
import type { RestAnswer, RestApi, RestRequest } from '../../environment/rest.ts';
import { clientPair, createRestApi } from '../../environment/rest.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const deployments = '/apis/apps/v1/namespaces/default/deployments';

const patchTypes = [
  ['merge', 'application/merge-patch+json'],
  ['strategic merge', 'application/strategic-merge-patch+json'],
  ['JSON', 'application/json-patch+json'],
  ['apply', 'application/apply-patch+yaml'],
] as const;

const policies = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies';
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

function policy(expression: string): string {
  const rule = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] };
  const spec = { matchConstraints: { resourceRules: [rule] }, validations: [{ expression }] };
  return JSON.stringify({ metadata: { name: 'hostile' }, spec });
}

function definition(field: object): string {
  const schema = { openAPIV3Schema: { type: 'object', properties: { field } } };
  const names = { plural: 'things', kind: 'Thing' };
  const versions = [{ name: 'v1', served: true, storage: true, schema }];
  const spec = { group: 'example.com', scope: 'Namespaced', names, versions };
  return JSON.stringify({ metadata: { name: 'things.example.com' }, spec });
}

function nestedSchema(levels: number): object {
  let schema: object = { type: 'string' };
  for (let level = 0; level < levels; level++) schema = { type: 'object', properties: { a: schema } };
  return schema;
}

let rest: RestApi;
beforeAll(async () => {
  rest = await createRestApi();
  await rest.send('POST', configMaps, { body: '{"metadata":{"name":"there"},"data":{"a":"1"}}' });
  await rest.api.client.create(deploymentResource, deployment().named('web').build());
});
afterAll(() => rest[Symbol.asyncDispose]());

/** What every refusal is: a Status that says so, with a code that the head repeats. */
function expectRefusal(answer: RestAnswer, code: number, reason: string, message: RegExp | string): void {
  expect(answer.json()).toMatchObject({
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code,
    reason,
    message: typeof message === 'string' ? message : (expect.stringMatching(message) as string),
  });
  expect(answer.code).toBe(code);
}

async function expectHealthy(): Promise<void> {
  expect((await rest.send('GET', '/readyz')).text).toBe('ok');
  const there = await rest.send('GET', `${configMaps}/there`);
  expect(there.json()['data']).toEqual({ a: '1' });
}

describe('a body is refused, and the server goes on', () => {
  interface Refused extends RestRequest {
    readonly title: string;
    readonly method?: string;
    readonly path?: string;
    readonly code: number;
    readonly reason: string;
    readonly message: RegExp;
  }
  const deep = (levels: number) => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);
  const badRequest = { code: 400, reason: 'BadRequest' };
  const invalid = { code: 422, reason: 'Invalid' };
  const tooLarge = { code: 413, reason: 'RequestEntityTooLarge' };
  const unsupported = { code: 415, reason: 'UnsupportedMediaType' };
  const directives: readonly (readonly [string, object, RegExp])[] = [
    ['an unknown directive', { $patch: 'explode' }, /"explode"/],
    ['an unknown directive in a list', { containers: [{ $patch: 'explode', name: 'web' }] }, /"explode"/],
    ['a directive that is no text', { containers: [{ $patch: 7, name: 'web' }] }, /7/],
    ['keys to retain that are no list', { $retainKeys: 'containers' }, /retainKeys/],
    ['keys to retain without those it sets', { $retainKeys: ['volumes'], hostNetwork: true }, /retainKeys/],
    ['an order that is no list', { '$setElementOrder/containers': 'web' }, /setElementOrder/],
    [
      'an order without the items it changes',
      { '$setElementOrder/containers': [{ name: 'other' }], containers: [{ name: 'web', image: 'b' }] },
      /setElementOrder/,
    ],
    [
      'items to take away that are no list',
      { '$deleteFromPrimitiveList/finalizers': 'a' },
      /deleteFromPrimitiveList/,
    ],
    ['an item without its merge key', { containers: [{ image: 'b' }] }, /name/],
  ];
  const cases: readonly Refused[] = [
    { title: 'no body', body: '', ...badRequest, message: /JSON/ },
    { title: 'truncated JSON', body: '{"metadata":{"name":"x"', ...badRequest, message: /JSON/ },
    { title: 'two JSON values', body: '{"metadata":{"name":"x"}} {}', ...badRequest, message: /JSON/ },
    { title: 'a JSON list', body: '[]', ...badRequest, message: /object/ },
    {
      title: 'bytes that are no text',
      body: Buffer.from([0xff, 0xfe, 0x00]),
      ...badRequest,
      message: /JSON/,
    },
    { title: 'JSON of 100,000 levels', body: deep(100_000), ...badRequest, message: /nested too deeply/ },
    {
      title: 'lists of 100,000 levels',
      body: `{"data":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
      ...badRequest,
      message: /nested too deeply/,
    },
    {
      title: 'a member called __proto__',
      body: '{"metadata":{"name":"x"},"__proto__":{"polluted":true}}',
      ...badRequest,
      message: /__proto__/,
    },
    {
      title: 'broken YAML',
      body: 'metadata:\n  name: [x\n',
      contentType: 'application/yaml',
      ...badRequest,
      message: /line \d+/,
    },
    {
      title: 'YAML whose aliases multiply',
      body: [
        'a: &a [x,x,x,x,x,x,x,x,x,x]',
        ...Array.from({ length: 9 }, (_, n) => {
          const [name, before] = ['bcdefghij'.charAt(n), 'abcdefghij'.charAt(n)];
          return `${name}: &${name} [${Array(10).fill(`*${before}`).join(',')}]`;
        }),
      ].join('\n'),
      contentType: 'application/yaml',
      ...badRequest,
      message: /alias/i,
    },
    {
      title: 'YAML of 100,000 levels',
      body: `a: ${'['.repeat(100_000)}${']'.repeat(100_000)}`,
      contentType: 'application/yaml',
      ...badRequest,
      message: /deep/,
    },
    {
      title: 'a content type nobody reads',
      body: '<pod/>',
      contentType: 'application/xml',
      ...unsupported,
      message: /unknown format/,
    },
    {
      title: 'a patch without a known type',
      method: 'PATCH',
      path: `${configMaps}/there`,
      body: '{}',
      ...unsupported,
      message: /application\/merge-patch\+json/,
    },
    {
      title: 'a JSON patch that is no list',
      method: 'PATCH',
      path: `${configMaps}/there`,
      contentType: 'application/json-patch+json',
      body: '{"op":"add"}',
      ...badRequest,
      message: /patch/i,
    },
    {
      title: 'a JSON patch whose test fails',
      method: 'PATCH',
      path: `${configMaps}/there`,
      contentType: 'application/json-patch+json',
      body: '[{"op":"test","path":"/data/a","value":"2"}]',
      ...invalid,
      message: /test/,
    },
    {
      title: 'a JSON patch of 10,001 operations',
      method: 'PATCH',
      path: `${configMaps}/there`,
      contentType: 'application/json-patch+json',
      body: `[${Array(10_001).fill('{"op":"add","path":"/data/b","value":"x"}').join(',')}]`,
      ...tooLarge,
      message: /10,?000/,
    },
    {
      title: 'a JSON patch whose copies multiply',
      method: 'PATCH',
      path: `${configMaps}/there`,
      contentType: 'application/json-patch+json',
      body: `[${Array.from({ length: 40 }, (_, n) => `{"op":"copy","from":"/data","path":"/data/k${n}"}`).join(',')}]`,
      ...tooLarge,
      message: /copies too much/,
    },
    {
      title: 'a merge patch that poisons',
      method: 'PATCH',
      path: `${configMaps}/there`,
      contentType: 'application/merge-patch+json',
      body: '{"metadata":{"labels":{"__proto__":"x"}}}',
      ...badRequest,
      message: /__proto__/,
    },
    ...directives.map(([directive, members, message]) => ({
      title: `a strategic merge patch with ${directive}`,
      method: 'PATCH',
      path: `${deployments}/web`,
      contentType: 'application/strategic-merge-patch+json',
      body: JSON.stringify({ spec: { template: { spec: members } } }),
      ...badRequest,
      message,
    })),
    ...patchTypes.flatMap(([title, contentType]): Refused[] => {
      const patch = { method: 'PATCH', path: `${deployments}/web?fieldManager=hostile`, contentType };
      const isList = title === 'JSON';
      const isYaml = title === 'apply';
      const whole = JSON.stringify({ apiVersion: 'apps/v1', kind: 'Deployment', spec: { replicas: 2 } });
      const operations = (path: string, value: string) => `[{"op":"add","path":"${path}","value":${value}}]`;
      const text = isList ? operations('/spec/replicas', '2') : whole;
      const nested = deep(100_000);
      const poisoned = '{"metadata":{"labels":{"__proto__":"x"}}}';
      return [
        {
          title: `a ${title} patch that is cut off`,
          ...patch,
          body: text.slice(0, -2),
          ...badRequest,
          message: isYaml ? /line 1/ : /JSON/,
        },
        {
          title: `a ${title} patch of 100,000 levels`,
          ...patch,
          body: isList ? operations('/metadata/labels', nested) : nested,
          ...badRequest,
          message: /deep/,
        },
        {
          title: `a ${title} patch with a member called __proto__`,
          ...patch,
          body: isList ? operations('/metadata/labels', '{"__proto__":"x"}') : poisoned,
          ...badRequest,
          message: /__proto__/,
        },
      ];
    }),
    {
      title: 'a JSON patch into __proto__',
      method: 'PATCH',
      path: `${deployments}/web`,
      contentType: 'application/json-patch+json',
      body: '[{"op":"add","path":"/metadata/__proto__/polluted","value":true}]',
      ...badRequest,
      message: /__proto__/,
    },
    {
      title: 'an apply of YAML with a member called __proto__',
      method: 'PATCH',
      path: `${deployments}/web?fieldManager=hostile`,
      contentType: 'application/apply-patch+yaml',
      body: 'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  labels:\n    __proto__: {polluted: "x"}\n',
      ...badRequest,
      message: /__proto__/,
    },
    {
      title: 'an apply without a field manager',
      method: 'PATCH',
      path: `${configMaps}/there`,
      contentType: 'application/apply-patch+yaml',
      body: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: there}\n',
      ...invalid,
      message: /fieldManager/,
    },
    {
      title: 'DeleteOptions that are no object',
      method: 'DELETE',
      path: `${configMaps}/there`,
      body: '[1]',
      ...badRequest,
      message: /must be a JSON object/,
    },
    {
      title: 'DeleteOptions of the wrong type',
      method: 'DELETE',
      path: `${configMaps}/there`,
      body: '{"apiVersion":"apps/v1","kind":"DeleteOptions","gracePeriodSeconds":"soon"}',
      ...badRequest,
      message: /gracePeriodSeconds: must be an integer/,
    },
    {
      title: 'protobuf without its magic bytes',
      body: '\n\x05hello',
      contentType: 'application/vnd.kubernetes.protobuf',
      ...badRequest,
      message: /does not begin with/,
    },
    {
      title: 'truncated protobuf',
      body: Buffer.concat([Buffer.from('k8s\0'), Buffer.from([0x0a, 0x7f, 0x01])]),
      contentType: 'application/vnd.kubernetes.protobuf',
      ...badRequest,
      message: /cut off/,
    },
    {
      title: 'an expression of CEL of 20,000 levels',
      path: policies,
      body: policy('('.repeat(20_000) + '1' + ')'.repeat(20_000)),
      ...invalid,
      message: /must have at most 16384 characters/,
    },
    {
      title: 'an expression of CEL that nests all it may',
      path: policies,
      body: policy('['.repeat(8_000) + ']'.repeat(8_000)),
      ...invalid,
      message: /compilation failed/,
    },
    {
      title: 'an expression that is none',
      path: policies,
      body: policy('object.metadata.name =='),
      ...invalid,
      message: /spec\.validations\[0\]\.expression: Invalid value/,
    },
    {
      title: 'a regular expression that needs to look back',
      path: definitions,
      body: definition({ type: 'string', pattern: '(a)\\1' }),
      ...invalid,
      message: /must be a valid regular expression/,
    },
    {
      title: 'a schema of 200 levels',
      path: definitions,
      body: definition(nestedSchema(200)),
      ...invalid,
      message: /too large or nested too deeply/,
    },
    {
      title: 'an owner without a uid',
      body: '{"metadata":{"name":"x","ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"there","uid":""}]}}',
      ...invalid,
      message: /ownerReferences\[0\]\.uid/,
    },
  ];

  test.for([...cases])(
    '$title',
    async ({ method = 'POST', path = configMaps, code, reason, message, ...request }) => {
      expectRefusal(await rest.send(method, path, request), code, reason, message);
      expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
      await expectHealthy();
    },
  );

  test('of 100 MB is refused before it is read, said in its head or not', async () => {
    const announced = await rest.open('POST', configMaps, {
      headers: { 'content-type': 'application/json', 'content-length': 100 * 1024 * 1024 },
      body: '{',
    });
    expect(announced.statusCode).toBe(413);
    announced.destroy();

    const { code, sent } = await stream100Megabytes();
    expect(code).toBe(413);
    // What the sockets hold on the way, not the hundred megabytes.
    expect(sent).toBeLessThan(40 * 1024 * 1024);
    await expectHealthy();
  });
});

test('an owner in another namespace is taken, as upstream does: its garbage collector finds nobody there', async () => {
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'elsewhere', uid: 'of-kube-system' };
  const metadata = { name: 'owned', ownerReferences: [owner] };
  const made = await rest.send('POST', configMaps, { body: JSON.stringify({ metadata }) });
  expect(made.code).toBe(201);
  expect(made.json()).toMatchObject({ metadata: { ownerReferences: [owner] } });
  await expectHealthy();
});

/** Sends a chunked body until the server answers; resolves with the code and the bytes sent until then. */
function stream100Megabytes(): Promise<{ code: number; sent: number }> {
  const [host = '', port = ''] = rest.address.split(':');
  const { serverCa, admin } = rest.pki;
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: Number(port),
      ca: serverCa.cert,
      ...admin,
      ALPNProtocols: ['http/1.1'],
    });
    socket.setTimeout(20_000, () => socket.destroy(new Error('no answer within 20 s')));
    const piece = Buffer.alloc(64 * 1024, 'x');
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), piece, Buffer.from('\r\n')]);
    let sent = 0;
    const more = () => {
      while (sent < 100 * 1024 * 1024) {
        sent += chunk.length;
        if (!socket.write(chunk)) return;
      }
    };
    socket.once('secureConnect', () => {
      socket.write(
        `POST ${configMaps} HTTP/1.1\r\nhost: core\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`,
      );
      more();
    });
    socket.on('drain', more);
    socket.once('data', (data: Buffer) => {
      resolve({ code: Number(data.toString('latin1').split(' ')[1]), sent });
      socket.destroy();
    });
    socket.on('error', reject);
    socket.once('close', () => reject(new Error('the server closed the connection without an answer')));
  });
}

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
      /field label not supported: spec.nodeName/,
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
    await expectHealthy();
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
    await expectHealthy();
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
