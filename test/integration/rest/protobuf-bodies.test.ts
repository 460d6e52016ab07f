import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sentByKubectl } from '../../golden/kubectl-protobuf.ts';
import type { Refused } from '../../environment/hostile-scene.ts';
import {
  badRequest,
  configMaps,
  createHostileScene,
  deployments,
  expectHealthy,
  expectRefused,
  expectRefusal,
} from '../../environment/hostile-scene.ts';
import type { RestApi } from '../../environment/rest.ts';

/**
 * Protobuf bodies, written here by hand: the numbers are those of the published generated.proto files of k8s.io/api
 * and k8s.io/apimachinery, and none of them is read from the facts that the server reads bodies by.
 */
const contentType = 'application/vnd.kubernetes.protobuf';
const pods = '/api/v1/namespaces/default/pods';

type Field = readonly [number: number, value: number | string | Buffer];

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}

/** Texts and messages are of wire type 2, numbers of wire type 0. */
function message(...fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([number, value]) => {
      if (typeof value === 'number') return [varint(number * 8), varint(value)];
      const bytes = Buffer.from(value);
      return [varint(number * 8 + 2), varint(bytes.length), bytes];
    }),
  );
}

/** runtime.Unknown behind the four bytes that say so. */
function envelope(apiVersion: string, kind: string, object: Buffer): Buffer {
  const unknown = message([1, message([1, apiVersion], [2, kind])], [2, object], [3, ''], [4, '']);
  return Buffer.concat([Buffer.from('6b387300', 'hex'), unknown]);
}

const entry = (key: string, value: string | Buffer) => message([1, key], [2, value]);
const metadata = (name: string, ...more: readonly Field[]) => message([1, name], ...more);

let rest: RestApi;
beforeAll(async () => {
  rest = await createHostileScene();
});
afterAll(() => rest[Symbol.asyncDispose]());

const send = (method: string, path: string, body: Buffer) => rest.send(method, path, { contentType, body });

async function got(path: string): Promise<Record<string, unknown>> {
  const answer = await rest.send('GET', path);
  expect([path, answer.code]).toEqual([path, 200]);
  return answer.json();
}

/** Without what no two objects have in common. */
function comparable(object: Record<string, unknown>): unknown {
  const { uid, resourceVersion } = object['metadata'] as Record<string, string>;
  const { clusterIP } = (object['spec'] ?? {}) as Record<string, string>;
  const own = [uid, clusterIP, resourceVersion].filter((value) => value !== undefined);
  return JSON.parse(
    own.reduce((text, value) => text.replaceAll(`"${value}"`, '"its own"'), JSON.stringify(object)),
  );
}

describe('what kubectl sends as protobuf', () => {
  test.for(sentByKubectl.filter(({ object }) => object.metadata.name !== 'web'))(
    'by $command becomes the object that its JSON becomes',
    async ({ path, object, body }) => {
      const at = `${path}/${object.metadata.name}`;
      const made = async (request: { readonly contentType?: string; readonly body: string | Buffer }) => {
        const { code, text } = await rest.send('POST', `${path}?fieldValidation=Strict`, request);
        expect([code, text]).toEqual([201, text]);
        const found = comparable(await got(at));
        await rest.send('DELETE', `${at}?propagationPolicy=Background`);
        expect((await rest.send('GET', at)).code).toBe(404);
        return found;
      };
      const fromJson = await made({ body: JSON.stringify(object) });
      expect(fromJson).toMatchObject(object);
      expect(await made({ contentType, body: Buffer.from(body, 'hex') })).toEqual(fromJson);
    },
  );

  test('replaces what is there', async () => {
    const { object, body = '' } =
      sentByKubectl.find(({ object: { metadata } }) => metadata.name === 'web') ?? {};
    const before = (await got(`${deployments}/web`)) as { metadata: { generation: number } };
    expect(before).not.toMatchObject({ spec: { replicas: 2 } });
    // Its selector may not change, and is that of the scene.
    const replaced = await send('PUT', `${deployments}/web`, Buffer.from(body, 'hex'));
    expect([replaced.code, replaced.text]).toEqual([200, replaced.text]);
    expect(await got(`${deployments}/web`)).toMatchObject(object ?? {});
  });
});

describe('a body written by hand', () => {
  test('becomes a Pod, field by field', async () => {
    const quantity = (text: string) => message([1, text]);
    const port = message([1, 'http'], [3, 8080], [4, 'TCP']);
    const probe = message(
      [1, message([2, message([1, '/healthy'], [2, message([1, 1], [2, 0], [3, 'http'])])])],
      [2, 3],
      [4, 7],
    );
    const container = message(
      [1, 'main'],
      [2, 'web:1'],
      [3, 'run'],
      [3, 'it'],
      [4, '--fast'],
      [6, port],
      [7, message([1, 'A'], [2, 'b'])],
      [8, message([1, entry('cpu', quantity('1500m'))], [2, entry('cpu', quantity('1'))])],
      [10, probe],
    );
    const toleration = message([1, 'spot'], [2, 'Exists'], [4, 'NoExecute'], [5, 60]);
    const spec = message(
      [2, container],
      [3, 'OnFailure'],
      [4, 5],
      [7, entry('disk', 'fast')],
      [22, toleration],
    );
    const labelled = metadata(
      'by-hand',
      [11, entry('app', 'web')],
      [12, entry('note', '')],
      [14, 'example.com/stay'],
    );
    const made = await send('POST', pods, envelope('v1', 'Pod', message([1, labelled], [2, spec])));
    expect([made.code, made.text]).toEqual([201, made.text]);
    expect(await got(`${pods}/by-hand`)).toMatchObject({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        labels: { app: 'web' },
        annotations: { note: '' },
        finalizers: ['example.com/stay'],
      },
      spec: {
        containers: [
          {
            name: 'main',
            image: 'web:1',
            command: ['run', 'it'],
            args: ['--fast'],
            ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
            env: [{ name: 'A', value: 'b' }],
            resources: { limits: { cpu: '1500m' }, requests: { cpu: '1' } },
            livenessProbe: {
              httpGet: { path: '/healthy', port: 'http' },
              initialDelaySeconds: 3,
              periodSeconds: 7,
            },
          },
        ],
        restartPolicy: 'OnFailure',
        terminationGracePeriodSeconds: 5,
        nodeSelector: { disk: 'fast' },
        tolerations: expect.arrayContaining([
          { key: 'spot', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 60 },
        ]) as unknown,
      },
    });
  });

  async function makePod(name: string): Promise<void> {
    const spec = message([2, message([1, 'main'], [2, 'web:1'])]);
    const { code } = await send('POST', pods, envelope('v1', 'Pod', message([1, metadata(name)], [2, spec])));
    expect(code).toBe(201);
  }

  test('binds a Pod, and evicts it under a condition', async () => {
    await rest.send('POST', '/api/v1/nodes', { body: '{"metadata":{"name":"node-a"}}' });
    await makePod('bound');
    const target = message([1, 'Node'], [3, 'node-a']);
    const binding = envelope('v1', 'Binding', message([1, metadata('bound')], [2, target]));
    expect((await send('POST', `${pods}/bound/binding`, binding)).code).toBe(201);
    const { spec, metadata: bound } = (await got(`${pods}/bound`)) as Record<string, Record<string, string>>;
    expect(spec?.['nodeName']).toBe('node-a');
    const eviction = (uid: string) => {
      const options = message([1, 3], [2, message([1, uid])]);
      return envelope('policy/v1', 'Eviction', message([1, metadata('bound')], [2, options]));
    };
    expectRefusal(
      await send('POST', `${pods}/bound/eviction`, eviction('another')),
      409,
      'Conflict',
      /UID in precondition: another/,
    );
    expect((await send('POST', `${pods}/bound/eviction`, eviction(bound?.['uid'] ?? ''))).code).toBe(201);
    expect(await got(`${pods}/bound`)).toMatchObject({ metadata: { deletionGracePeriodSeconds: 3 } });
  });

  test('says how an object is deleted', async () => {
    await makePod('unwanted');
    const options = (...fields: readonly Field[]) => envelope('v1', 'DeleteOptions', message(...fields));
    expectRefusal(
      await send('DELETE', `${pods}/unwanted`, options([2, message([1, 'another'])])),
      409,
      'Conflict',
      /UID in precondition: another/,
    );
    // Of no grace at all there would be no Pod; of a dry run there still is.
    expect((await send('DELETE', `${pods}/unwanted`, options([1, 0], [5, 'All']))).code).toBe(200);
    expect(await got(`${pods}/unwanted`)).not.toHaveProperty('metadata.deletionTimestamp');
    expect((await send('DELETE', `${pods}/unwanted`, options([1, 0]))).code).toBe(200);
    expect((await rest.send('GET', `${pods}/unwanted`)).code).toBe(404);
    await rest.send('POST', configMaps, { body: '{"metadata":{"name":"parent"}}' });
    await send('DELETE', `${configMaps}/parent`, options([4, 'Foreground']));
    expect(await got(`${configMaps}/parent`)).toMatchObject({
      metadata: { finalizers: ['foregroundDeletion'] },
    });
  });

  test('may have fields of a later release, which are passed over however strict the client is', async () => {
    const later = message([1, metadata('later')], [2, entry('a', '1')], [900, 'unknown'], [901, 7]);
    const body = envelope('v1', 'ConfigMap', later);
    const made = await send('POST', `${configMaps}?fieldValidation=Strict`, body);
    expect([made.code, made.headers['warning']]).toEqual([201, undefined]);
    expect((await got(`${configMaps}/later`))['data']).toEqual({ a: '1' });
    const loose = await send('POST', `${configMaps}?fieldValidation=Loose`, body);
    expectRefusal(loose, 422, 'Invalid', /fieldValidation: Unsupported value: "Loose"/);
  });
});

describe('a hostile body is refused, and the server goes on', () => {
  const configMap = (...fields: readonly Field[]) =>
    envelope('v1', 'ConfigMap', message([1, metadata('x')], ...fields));
  /** JSONSchemaProps (28 is "not") of so many levels in spec.versions[0].schema.openAPIV3Schema. */
  const nestedSchema = (levels: number) => {
    let schema: Buffer = message();
    for (let level = 0; level < levels; level++) schema = message([28, schema]);
    return message([1, metadata('x')], [2, message([7, message([4, message([1, schema])])])]);
  };
  const polluting = entry('__proto__', 'x');
  const cases: readonly (Omit<Refused, 'code' | 'reason' | 'contentType'> & { readonly body: Buffer })[] = [
    {
      title: 'metadata cut off within the object',
      // 20 bytes are announced, and two are there.
      body: envelope('v1', 'ConfigMap', Buffer.from([0x0a, 20, 0x0a, 1])),
      message: /^Cannot read metadata: .*cut off/,
    },
    {
      title: 'a label cut off within the metadata',
      body: envelope('v1', 'ConfigMap', message([1, Buffer.from([0x5a, 9, 0x0a, 1])])),
      message: /^Cannot read metadata.labels: .*cut off/,
    },
    {
      title: 'an object cut off within the envelope',
      body: configMap([2, entry('a', '1')]).subarray(0, -8),
      message: /cut off/,
    },
    {
      title: 'a label called __proto__',
      body: configMap([1, message([11, polluting])]),
      message: /__proto__/,
    },
    {
      title: 'an annotation called __proto__',
      body: configMap([1, message([12, polluting])]),
      message: /__proto__/,
    },
    {
      title: 'data called __proto__',
      body: configMap([2, polluting]),
      message: /^Cannot read data: .*__proto__/,
    },
    { title: 'binary data called __proto__', body: configMap([3, polluting]), message: /__proto__/ },
    {
      title: 'a node selector called __proto__',
      path: pods,
      body: envelope('v1', 'Pod', message([1, metadata('x')], [2, message([7, polluting])])),
      message: /^Cannot read spec.nodeSelector: .*__proto__/,
    },
    {
      title: 'a schema of 5,000 levels',
      path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
      body: envelope('apiextensions.k8s.io/v1', 'CustomResourceDefinition', nestedSchema(5_000)),
      message: /nested too deeply/,
    },
    {
      title: 'JSON of 100,000 levels within',
      path: '/apis/apps/v1/namespaces/default/controllerrevisions',
      body: envelope(
        'apps/v1',
        'ControllerRevision',
        message([1, metadata('x')], [2, message([1, '{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000)])]),
      ),
      message: /^Cannot read data: .*nested too deeply/,
    },
    {
      title: 'envelopes within envelopes',
      path: '/apis/apps/v1/namespaces/default/controllerrevisions',
      body: Array.from({ length: 2_000 }).reduce<Buffer>(
        (inner) => envelope('apps/v1', 'ControllerRevision', message([2, message([1, inner])])),
        envelope('apps/v1', 'ControllerRevision', message([1, metadata('x')])),
      ),
      message: /nested too deeply/,
    },
    {
      title: 'a length of 2^63',
      body: envelope('v1', 'ConfigMap', Buffer.from([0x0a, ...Array<number>(9).fill(0xff), 0x7f])),
      message: /Cannot read/,
    },
    {
      title: 'a number without an end',
      body: envelope('v1', 'Pod', Buffer.from([0x12, 12, 0x20, ...Array<number>(11).fill(0xff)])),
      path: pods,
      message: /Cannot read spec/,
    },
    {
      title: 'a text where a number belongs',
      path: pods,
      body: envelope('v1', 'Pod', message([1, metadata('x')], [2, message([4, 'soon'])])),
      message: /Cannot read spec.terminationGracePeriodSeconds/,
    },
    {
      title: 'a kind that belongs elsewhere',
      body: envelope('v1', 'Secret', message([1, metadata('x')])),
      message: /"Secret"/,
    },
    {
      title: 'DeleteOptions that are cut off',
      method: 'DELETE',
      path: `${configMaps}/there`,
      body: envelope('v1', 'DeleteOptions', Buffer.from([0x12, 9, 0x0a])),
      message: /^Cannot read preconditions: .*cut off/,
    },
    {
      title: 'a replacement that is cut off',
      method: 'PUT',
      path: `${configMaps}/there`,
      body: envelope('v1', 'ConfigMap', Buffer.from([0x12, 9, 0x0a])),
      message: /^Cannot read data: .*cut off/,
    },
  ];
  test.for([...cases])('$title', (refused) =>
    expectRefused(rest, { ...refused, ...badRequest, contentType }),
  );

  test('and what looks like a prototype’s member, but is none, is a key as any other', async () => {
    const data: Field[] = ['constructor', 'prototype', 'toString', 'hasOwnProperty'].map((key) => [
      2,
      entry(key, 'x'),
    ]);
    const { code } = await send('POST', configMaps, configMap(...data));
    expect(code).toBe(201);
    expect((await got(`${configMaps}/x`))['data']).toEqual({
      constructor: 'x',
      prototype: 'x',
      toString: 'x',
      hasOwnProperty: 'x',
    });
    await expectHealthy(rest);
  });
});
