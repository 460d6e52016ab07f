import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { RestApi } from '../../environment/rest.ts';
import { WebhookScene, configMaps, onConfigMaps } from '../../environment/webhook-scene.ts';
import { patch } from '../../environment/webhook-server.ts';
import type { Asked, WebhookServer } from '../../environment/webhook-server.ts';

let scene: WebhookScene;
let rest: RestApi;
let server: WebhookServer;
beforeAll(async () => {
  scene = await WebhookScene.create();
  ({ rest, server } = scene);
});
afterEach(() => scene.clear());
afterAll(() => scene[Symbol.asyncDispose]());

describe('a validating webhook', () => {
  test('is told everything about a write', async () => {
    await scene.configure('Validating', scene.hook('told', { allowed: true }));
    await scene.create(`${configMaps}?fieldManager=me`, scene.configMap('told', { data: { a: 'b' } }));
    await scene.send(
      'PATCH',
      `${configMaps}/told?dryRun=All`,
      { data: { a: 'c' } },
      'application/merge-patch+json',
    );
    await scene.send('DELETE', `${configMaps}/told`, { propagationPolicy: 'Background' });
    const [creation, update, deletion] = server.asked;
    expect(creation).toMatchObject({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      request: {
        kind: { group: '', version: 'v1', kind: 'ConfigMap' },
        resource: { group: '', version: 'v1', resource: 'configmaps' },
        requestKind: { group: '', version: 'v1', kind: 'ConfigMap' },
        name: 'told',
        namespace: 'default',
        operation: 'CREATE',
        userInfo: { username: 'admin', groups: ['system:masters', 'system:authenticated'] },
        object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'told' }, data: { a: 'b' } },
        oldObject: null,
        dryRun: false,
        options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1', fieldManager: 'me' },
      },
    });
    expect(update?.request).toMatchObject({
      operation: 'UPDATE',
      object: { data: { a: 'c' } },
      oldObject: { data: { a: 'b' } },
      dryRun: true,
      options: { kind: 'UpdateOptions', dryRun: ['All'] },
    });
    expect(deletion?.request).toMatchObject({
      operation: 'DELETE',
      object: null,
      oldObject: { data: { a: 'b' } },
      options: { kind: 'DeleteOptions', propagationPolicy: 'Background' },
    });
  });

  test.each([
    [{ allowed: false }, 400, 'without explanation'],
    [{ allowed: false, status: { message: 'not today', code: 418 } }, 418, ': not today'],
    [{ allowed: false, status: { reason: 'Forbidden', code: 403 } }, 403, ': Forbidden'],
    [{ allowed: false, status: { message: 'x', code: 200 } }, 400, ': x'],
  ])('that answers %j refuses the write', async (answer, code, text) => {
    await scene.configure('Validating', scene.hook('no', answer));
    expect(await scene.send('POST', configMaps, scene.configMap('refused'))).toMatchObject({
      code,
      status: 'Failure',
      message: expect.stringMatching(/^admission webhook "no.example.com" denied the request/) as string,
    });
    expect((await scene.send('POST', configMaps, scene.configMap('refused'))).message).toContain(text);
    expect((await rest.send('GET', `${configMaps}/refused`)).code).toBe(404);
  });

  test('is asked in a dry run where it says that it then has no side effects', async () => {
    const careful = { sideEffects: 'NoneOnDryRun' };
    await scene.configure('Mutating', scene.hook('changes', { allowed: true }, careful));
    await scene.configure('Validating', scene.hook('checks', { allowed: true }, careful));
    const dry = await scene.send('POST', `${configMaps}?dryRun=All`, scene.configMap('dry'));
    expect(dry).toMatchObject({ code: 201 });
    await scene.create(configMaps, scene.configMap('wet'));
    const asked = server.asked.map(({ path, request }) => [path, request.name, request['dryRun']]);
    expect(asked).toEqual([
      ['/changes', 'dry', true],
      ['/checks', 'dry', true],
      ['/changes', 'wet', false],
      ['/checks', 'wet', false],
    ]);
  });

  test.each([
    ['Some', 'Unsupported value: "Some": supported values: "None", "NoneOnDryRun"'],
    ['Unknown', 'Unsupported value: "Unknown": supported values: "None", "NoneOnDryRun"'],
    [undefined, 'Required value: must specify one of None, NoneOnDryRun'],
  ])('is not taken with side effects %s', async (sideEffects, problem) => {
    for (const kind of ['Mutating', 'Validating'] as const) {
      const path = `/apis/admissionregistration.k8s.io/v1/${kind.toLowerCase()}webhookconfigurations`;
      const body = {
        metadata: { name: 'careless' },
        webhooks: [scene.hook('careless', { allowed: true }, { sideEffects })],
      };
      expect(await scene.send('POST', path, body)).toMatchObject({
        code: 422,
        reason: 'Invalid',
        message: `${kind}WebhookConfiguration.admissionregistration.k8s.io "careless" is invalid: webhooks[0].sideEffects: ${problem}`,
      });
      expect((await rest.send('GET', `${path}/careless`)).code).toBe(404);
    }
  });

  test('warns', async () => {
    await scene.configure('Validating', scene.hook('warns', { allowed: true, warnings: ['think again'] }));
    expect((await scene.send('POST', configMaps, scene.configMap('warned'))).warning).toContain(
      'think again',
    );
  });

  test('is asked about what its rules, selectors and conditions name, and nothing else', async () => {
    const named = (name: string) => ({
      matchConditions: [{ name: 'named', expression: `object.metadata.name == '${name}'` }],
    });
    await scene.configure(
      'Validating',
      scene.hook('deletions', { allowed: true }, { rules: [{ ...onConfigMaps, operations: ['DELETE'] }] }),
      scene.hook('cluster', { allowed: true }, { rules: [{ ...onConfigMaps, scope: 'Cluster' }] }),
      scene.hook('labelled', { allowed: true }, { objectSelector: { matchLabels: { a: 'b' } } }),
      scene.hook('elsewhere', { allowed: true }, { namespaceSelector: { matchLabels: { a: 'b' } } }),
      scene.hook(
        'here',
        { allowed: true },
        {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'default' } },
        },
      ),
      scene.hook('meant', { allowed: true }, named('meant')),
      scene.hook('unmeant', { allowed: true }, named('another')),
    );
    await scene.create(configMaps, scene.configMap('meant'));
    expect(server.asked.map(({ path }) => path).toSorted()).toEqual(['/here', '/meant']);
  });

  test('whose condition comes to an error fails the write, or not, by its failure policy', async () => {
    const condition = { matchConditions: [{ name: 'broken', expression: 'object.data.missing == ""' }] };
    await scene.configure(
      'Validating',
      scene.hook('broken', { allowed: true }, { ...condition, failurePolicy: 'Ignore' }),
    );
    await scene.create(configMaps, scene.configMap('ignored'));
    await scene.configure('Validating', scene.hook('broken', { allowed: true }, condition));
    expect(await scene.send('POST', configMaps, scene.configMap('failing'))).toMatchObject({
      code: 403,
      message: expect.stringContaining('no such key') as string,
    });
  });

  test('sees the version that its rule names, whichever one was written', async () => {
    const rule = {
      operations: ['CREATE'],
      apiGroups: ['autoscaling'],
      apiVersions: ['v1'],
      resources: ['*'],
    };
    await scene.configure('Validating', scene.hook('v1', { allowed: true }, { rules: [rule] }));
    const path = '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers';
    const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
    scene.made.push(`${path}/web`);
    await scene.create(path, { metadata: { name: 'web' }, spec: { maxReplicas: 3, scaleTargetRef } });
    expect(server.asked[0]?.request).toMatchObject({
      kind: { group: 'autoscaling', version: 'v1', kind: 'HorizontalPodAutoscaler' },
      requestKind: { group: 'autoscaling', version: 'v2', kind: 'HorizontalPodAutoscaler' },
      object: { apiVersion: 'autoscaling/v1' },
    });
  });

  test('sees scales, bindings and reviews', async () => {
    const rule = (group: string, ...resources: string[]) => ({
      operations: ['*'],
      apiGroups: [group],
      apiVersions: ['*'],
      resources,
    });
    await scene.configure(
      'Validating',
      scene.hook(
        'parts',
        { allowed: true },
        {
          rules: [rule('apps', 'deployments/scale'), rule('', 'pods/*'), rule('authorization.k8s.io', '*')],
        },
      ),
    );
    const labels = { app: 'web' };
    const spec = {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'a', image: 'b' }] } },
    };
    const deployments = '/apis/apps/v1/namespaces/default/deployments';
    scene.made.push(`${deployments}/web`);
    await scene.create(deployments, { metadata: { name: 'web' }, spec });
    await scene.send(
      'PATCH',
      `${deployments}/web/scale`,
      { spec: { replicas: 2 } },
      'application/merge-patch+json',
    );
    await scene.create('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
      spec: { resourceAttributes: { verb: 'get', resource: 'pods' } },
    });
    const asked = server.asked.map(({ request }) => request);
    expect(asked).toHaveLength(2);
    expect(asked[0]).toMatchObject({
      kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
      resource: { group: 'apps', version: 'v1', resource: 'deployments' },
      subResource: 'scale',
      object: { kind: 'Scale', spec: { replicas: 2 } },
      oldObject: { kind: 'Scale', spec: { replicas: 1 } },
    });
    expect(asked[1]).toMatchObject({ kind: { kind: 'SelfSubjectAccessReview' }, operation: 'CREATE' });
  });

  test('is never asked about the configurations of webhooks: there is a way back', async () => {
    await scene.configure(
      'Validating',
      scene.hook(
        'all',
        { allowed: false },
        {
          rules: [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'] }],
        },
      ),
    );
    expect((await scene.send('DELETE', scene.made[0] ?? '')).code).toBe(200);
  });
});

describe('a mutating webhook', () => {
  test('is asked about deletions too, of which it can change nothing', async () => {
    const rules = [{ ...onConfigMaps, operations: ['DELETE'] }];
    await scene.create(configMaps, scene.configMap('kept'));
    const changing = patch({ op: 'add', path: '/data', value: {} });
    await scene.configure('Mutating', scene.hook('ends', changing, { rules }));
    expect(await scene.send('DELETE', `${configMaps}/kept`)).toMatchObject({
      code: 500,
      message: expect.stringContaining(
        'attempted to modify the object, which is not supported for this operation',
      ) as string,
    });
    expect(server.asked.map(({ request }) => request.operation)).toEqual(['DELETE']);
  });

  test('changes what is stored, one after the other in the order of configurations', async () => {
    const append =
      (text: string) =>
      ({ request }: Asked) => {
        const { data } = request.object as { data: { by: string } };
        return patch({ op: 'replace', path: '/data/by', value: `${data.by}${text}` });
      };
    await scene.configure('Mutating', scene.hook('first', append('1')), scene.hook('second', append('2')));
    await scene.configure('Mutating', scene.hook('third', append('3')));
    const stored = await scene.create(configMaps, scene.configMap('changed', { data: { by: '0' } }));
    expect(stored).toMatchObject({ data: { by: '0123' } });
  });

  test('is asked again when others have changed what it saw, if it wants', async () => {
    const label =
      (key: string) =>
      ({ request }: Asked) => {
        const { labels } = request.object.metadata as { labels?: object };
        if (labels !== undefined && key in labels) return { allowed: true };
        return patch({ op: 'add', path: '/metadata/labels', value: { ...labels, [key]: 'x' } });
      };
    await scene.configure(
      'Mutating',
      scene.hook('curious', label('a'), { reinvocationPolicy: 'IfNeeded' }),
      scene.hook('content', label('b')),
    );
    await scene.create(configMaps, scene.configMap('again'));
    expect(server.asked.map(({ path }) => path)).toEqual(['/curious', '/content', '/curious']);
    expect(server.asked[2]?.request.object.metadata).toMatchObject({ labels: { a: 'x', b: 'x' } });
  });

  test('has the cluster look again at what it made', async () => {
    const container = { name: 'sidecar', image: 'side' };
    await scene.configure(
      'Mutating',
      scene.hook('inject', patch({ op: 'add', path: '/spec/containers/-', value: container }), {
        rules: [{ ...onConfigMaps, resources: ['pods'] }],
      }),
    );
    const limits = '/api/v1/namespaces/default/limitranges';
    const item = { type: 'Container', defaultRequest: { cpu: '50m' } };
    await scene.create(limits, { metadata: { name: 'limits' }, spec: { limits: [item] } });
    scene.made.push(`${limits}/limits`);
    const pod = { metadata: { name: 'web' }, spec: { containers: [{ name: 'main', image: 'main' }] } };
    const stored = await scene.create('/api/v1/namespaces/default/pods?dryRun=All', pod);
    expect(stored).toMatchObject({
      spec: {
        containers: [
          { name: 'main', resources: { requests: { cpu: '50m' } } },
          { name: 'sidecar', imagePullPolicy: 'Always', resources: { requests: { cpu: '50m' } } },
        ],
      },
    });
  });

  test('cannot make an invalid object valid', async () => {
    await scene.configure(
      'Mutating',
      scene.hook('spoils', patch({ op: 'add', path: '/metadata/labels', value: { a: '!' } })),
    );
    expect(await scene.send('POST', configMaps, scene.configMap('spoilt'))).toMatchObject({ code: 422 });
  });

  test.each([
    [
      'an operation on what is not there',
      patch({ op: 'remove', path: '/data/x' }),
      'Internal error occurred',
    ],
    [
      'another kind',
      patch({ op: 'replace', path: '/kind', value: 'Secret' }),
      'something else than a v1 ConfigMap',
    ],
    [
      'another name',
      patch({ op: 'replace', path: '/metadata/name', value: 'x' }),
      'metadata.name must not be changed',
    ],
    ['a wrong type', patch({ op: 'add', path: '/data', value: 7 }), 'cannot be read'],
    [
      'no patch type',
      { allowed: true, patch: 'W10=' },
      'webhook returned response.patch but not response.patchType',
    ],
    [
      'no patch',
      { allowed: true, patchType: 'JSONPatch' },
      'webhook returned response.patchType but not response.patch',
    ],
    [
      'another patch type',
      { ...patch({ op: 'test', path: '' }), patchType: 'Merge' },
      'unsupported patch type "Merge"',
    ],
    [
      'no JSON',
      { allowed: true, patchType: 'JSONPatch', patch: 'AAAA' },
      'received undecodable patch in webhook response',
    ],
  ])('whose patch has %s fails the write', async (_, answer, text) => {
    await scene.configure('Mutating', scene.hook('lies', answer));
    await scene.expectFailed('lied-about', text);
  });
});
