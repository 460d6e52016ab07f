import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Refused } from '../../environment/hostile-scene.ts';
import {
  badRequest,
  configMaps,
  createHostileScene,
  deep,
  expectHealthy,
  expectRefused,
  invalid,
  unsupported,
} from '../../environment/hostile-scene.ts';
import type { RestApi } from '../../environment/rest.ts';

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
  rest = await createHostileScene();
});
afterAll(() => rest[Symbol.asyncDispose]());

describe('a body is refused, and the server goes on', () => {
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

  test.for([...cases])('$title', (refused) => expectRefused(rest, refused));

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
    await expectHealthy(rest);
  });
});

test('an owner in another namespace is taken, as upstream does: its garbage collector finds nobody there', async () => {
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'elsewhere', uid: 'of-kube-system' };
  const metadata = { name: 'owned', ownerReferences: [owner] };
  const made = await rest.send('POST', configMaps, { body: JSON.stringify({ metadata }) });
  expect(made.code).toBe(201);
  expect(made.json()).toMatchObject({ metadata: { ownerReferences: [owner] } });
  await expectHealthy(rest);
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
