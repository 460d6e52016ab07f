import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { RestApi } from '../../environment/rest.ts';
import { createRestApi } from '../../environment/rest.ts';
import { createWebhookServer, patch, respond } from '../../environment/webhook-server.ts';
import type { Answer, Asked, WebhookServer } from '../../environment/webhook-server.ts';
import { expectEventually } from '../../expectations/eventually.ts';

let rest: RestApi;
let server: WebhookServer;
beforeAll(async () => {
  rest = await createRestApi({ rbac: true });
  server = await createWebhookServer(['hooks.default.svc']);
});
afterAll(async () => {
  await rest[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const registration = '/apis/admissionregistration.k8s.io/v1';
const configMaps = '/api/v1/namespaces/default/configmaps';
let made: string[] = [];
let count = 0;

afterEach(async () => {
  for (const path of made) await rest.send('DELETE', path);
  made = [];
  // What a webhook does wrong is a 500 here as it is upstream, and no failure of the server.
  rest.errors.length = 0;
  server.asked.length = 0;
});

const onConfigMaps = { operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] };

/** A webhook of the test's server: of ConfigMaps, unless told otherwise. */
function hook(name: string, answer: Answer | ((asked: Asked) => Answer), more: object = {}) {
  server.answer(`/${name}`, answer);
  return {
    name: `${name}.example.com`,
    clientConfig: { url: server.url(`/${name}`), caBundle: server.caBundle },
    rules: [onConfigMaps],
    // Not the probes by which the test learns that the server goes by a configuration.
    objectSelector: { matchExpressions: [{ key: 'marker', operator: 'DoesNotExist' }] },
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    ...more,
  };
}

/** Creates a configuration, and waits until the server goes by it. */
async function configure(kind: 'Mutating' | 'Validating', ...webhooks: object[]): Promise<void> {
  const name = `test-${++count}`;
  const plural = `${kind.toLowerCase()}webhookconfigurations`;
  const marker = hook(
    `marker-${count}`,
    { allowed: true },
    { objectSelector: { matchLabels: { marker: name } } },
  );
  await create(`${registration}/${plural}`, { metadata: { name }, webhooks: [marker, ...webhooks] });
  made.push(`${registration}/${plural}/${name}`);
  const probe = { metadata: { generateName: 'probe-', labels: { marker: name } } };
  await expectEventually(rest.api.clock, async () => {
    await rest.send('POST', `${configMaps}?dryRun=All`, { body: JSON.stringify(probe) });
    expect(server.asked.some(({ path }) => path === `/marker-${count}`)).toBe(true);
  });
  server.asked.length = 0;
}

async function send(method: string, path: string, body?: object, contentType?: string) {
  const answer = await rest.send(method, path, {
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    contentType,
  });
  return { ...answer.json(), code: answer.code, warning: answer.headers['warning'] };
}

async function create(path: string, body: object) {
  const answer = await send('POST', path, body);
  expect(answer).toMatchObject({ code: 201 });
  return answer;
}

function configMap(name: string, more: object = {}) {
  made.push(`${configMaps}/${name}`);
  return { metadata: { name }, ...more };
}

describe('a validating webhook', () => {
  test('is told everything about a write', async () => {
    await configure('Validating', hook('told', { allowed: true }));
    await create(`${configMaps}?fieldManager=me`, configMap('told', { data: { a: 'b' } }));
    await send(
      'PATCH',
      `${configMaps}/told?dryRun=All`,
      { data: { a: 'c' } },
      'application/merge-patch+json',
    );
    await send('DELETE', `${configMaps}/told`, { propagationPolicy: 'Background' });
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
    await configure('Validating', hook('no', answer));
    expect(await send('POST', configMaps, configMap('refused'))).toMatchObject({
      code,
      status: 'Failure',
      message: expect.stringMatching(/^admission webhook "no.example.com" denied the request/) as string,
    });
    expect((await send('POST', configMaps, configMap('refused'))).message).toContain(text);
    expect((await rest.send('GET', `${configMaps}/refused`)).code).toBe(404);
  });

  test('warns', async () => {
    await configure('Validating', hook('warns', { allowed: true, warnings: ['think again'] }));
    expect((await send('POST', configMaps, configMap('warned'))).warning).toContain('think again');
  });

  test('is asked about what its rules, selectors and conditions name, and nothing else', async () => {
    const named = (name: string) => ({
      matchConditions: [{ name: 'named', expression: `object.metadata.name == '${name}'` }],
    });
    await configure(
      'Validating',
      hook('deletions', { allowed: true }, { rules: [{ ...onConfigMaps, operations: ['DELETE'] }] }),
      hook('cluster', { allowed: true }, { rules: [{ ...onConfigMaps, scope: 'Cluster' }] }),
      hook('labelled', { allowed: true }, { objectSelector: { matchLabels: { a: 'b' } } }),
      hook('elsewhere', { allowed: true }, { namespaceSelector: { matchLabels: { a: 'b' } } }),
      hook(
        'here',
        { allowed: true },
        {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'default' } },
        },
      ),
      hook('meant', { allowed: true }, named('meant')),
      hook('unmeant', { allowed: true }, named('another')),
    );
    await create(configMaps, configMap('meant'));
    expect(server.asked.map(({ path }) => path).toSorted()).toEqual(['/here', '/meant']);
  });

  test('whose condition comes to an error fails the write, or not, by its failure policy', async () => {
    const condition = { matchConditions: [{ name: 'broken', expression: 'object.data.missing == ""' }] };
    await configure(
      'Validating',
      hook('broken', { allowed: true }, { ...condition, failurePolicy: 'Ignore' }),
    );
    await create(configMaps, configMap('ignored'));
    await configure('Validating', hook('broken', { allowed: true }, condition));
    expect(await send('POST', configMaps, configMap('failing'))).toMatchObject({
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
    await configure('Validating', hook('v1', { allowed: true }, { rules: [rule] }));
    const path = '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers';
    const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
    made.push(`${path}/web`);
    await create(path, { metadata: { name: 'web' }, spec: { maxReplicas: 3, scaleTargetRef } });
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
    await configure(
      'Validating',
      hook(
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
    made.push(`${deployments}/web`);
    await create(deployments, { metadata: { name: 'web' }, spec });
    await send(
      'PATCH',
      `${deployments}/web/scale`,
      { spec: { replicas: 2 } },
      'application/merge-patch+json',
    );
    await create('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
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
    await configure(
      'Validating',
      hook(
        'all',
        { allowed: false },
        {
          rules: [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'] }],
        },
      ),
    );
    expect((await send('DELETE', made[0] ?? '')).code).toBe(200);
  });
});

describe('a mutating webhook', () => {
  test('changes what is stored, one after the other in the order of configurations', async () => {
    const append =
      (text: string) =>
      ({ request }: Asked) => {
        const { data } = request.object as { data: { by: string } };
        return patch({ op: 'replace', path: '/data/by', value: `${data.by}${text}` });
      };
    await configure('Mutating', hook('first', append('1')), hook('second', append('2')));
    await configure('Mutating', hook('third', append('3')));
    const stored = await create(configMaps, configMap('changed', { data: { by: '0' } }));
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
    await configure(
      'Mutating',
      hook('curious', label('a'), { reinvocationPolicy: 'IfNeeded' }),
      hook('content', label('b')),
    );
    await create(configMaps, configMap('again'));
    expect(server.asked.map(({ path }) => path)).toEqual(['/curious', '/content', '/curious']);
    expect(server.asked[2]?.request.object.metadata).toMatchObject({ labels: { a: 'x', b: 'x' } });
  });

  test('has the cluster look again at what it made', async () => {
    const container = { name: 'sidecar', image: 'side' };
    await configure(
      'Mutating',
      hook('inject', patch({ op: 'add', path: '/spec/containers/-', value: container }), {
        rules: [{ ...onConfigMaps, resources: ['pods'] }],
      }),
    );
    const limits = '/api/v1/namespaces/default/limitranges';
    const item = { type: 'Container', defaultRequest: { cpu: '50m' } };
    await create(limits, { metadata: { name: 'limits' }, spec: { limits: [item] } });
    made.push(`${limits}/limits`);
    const pod = { metadata: { name: 'web' }, spec: { containers: [{ name: 'main', image: 'main' }] } };
    const stored = await create('/api/v1/namespaces/default/pods?dryRun=All', pod);
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
    await configure(
      'Mutating',
      hook('spoils', patch({ op: 'add', path: '/metadata/labels', value: { a: '!' } })),
    );
    expect(await send('POST', configMaps, configMap('spoilt'))).toMatchObject({ code: 422 });
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
    await configure('Mutating', hook('lies', answer));
    const refused = await send('POST', configMaps, configMap('lied-about'));
    expect(refused).toMatchObject({
      code: 500,
      reason: 'InternalError',
      message: expect.stringContaining(text) as string,
    });
    expect((await rest.send('GET', '/livez')).code).toBe(200);
  });
});

describe('a webhook that does not answer as it should', () => {
  const hangsUp: Answer = (response, _asked) => void response.destroy();
  const calling = /^Internal error occurred: failed calling webhook "bad.example.com": /;
  const cases: readonly (readonly [string, Answer, string])[] = [
    ['says nothing of use', (response, _asked) => response.end('hello'), 'received invalid webhook response'],
    ['leaves the response out', (response, _asked) => response.end('{}'), 'webhook response was absent'],
    [
      'answers another question',
      (response, asked) => respond(response, asked, { uid: 'another', allowed: true }),
      'expected response.uid=',
    ],
    [
      'answers as another kind',
      (response, { request }) =>
        response.end(JSON.stringify({ apiVersion: 'v1', kind: 'Pod', response: { uid: request.uid } })),
      'expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /v1, Kind=Pod',
    ],
    [
      'redirects',
      (response, _asked) => void response.writeHead(302, { location: 'https://elsewhere/' }).end(),
      'redirects are not followed',
    ],
    [
      'is not there',
      (response, _asked) => void response.writeHead(404).end(),
      'could not find the requested resource',
    ],
    [
      'breaks down',
      (response, _asked) => void response.writeHead(500).end('oops'),
      'an error on the server ("oops")',
    ],
    ['hangs up', (response, _asked) => void response.destroy(), 'EOF'],
    ['has fields of the wrong type', { allowed: 'yes' }, 'fields of the wrong type'],
    [
      'patches though it may only judge',
      patch({ op: 'add', path: '/data', value: {} }),
      'may not return response.patch',
    ],
    [
      'answers 50 MB',
      (response, _asked) => {
        const piece = Buffer.alloc(1024 * 1024, ' ');
        let left = 50;
        const write = (): void => {
          while (left-- > 0) if (!response.write(piece)) return void response.once('drain', write);
          response.end();
        };
        write();
      },
      'the response is larger than',
    ],
  ];

  test.each(cases)('and %s fails the write', async (_, answer, text) => {
    await configure('Validating', hook('bad', answer));
    const refused = await send('POST', configMaps, configMap('failing'));
    expect(refused).toMatchObject({
      code: 500,
      reason: 'InternalError',
      message: expect.stringMatching(calling) as string,
    });
    expect(refused.message).toContain(text);
    expect((await rest.send('GET', '/livez')).code).toBe(200);
  });

  test('and hangs is given up after its time', async () => {
    let reached: (() => void) | undefined;
    const called = new Promise<void>((resolve) => (reached = resolve));
    const hangs: Answer = (_response, _asked) => reached?.();
    await configure('Validating', hook('bad', hangs, { timeoutSeconds: 7 }));
    const refused = send('POST', configMaps, configMap('waiting'));
    await called;
    rest.api.clock.advance(7_000);
    expect(await refused).toMatchObject({
      code: 500,
      message: expect.stringContaining('?timeout=7s": context deadline exceeded') as string,
    });
  });

  test('and need not be asked lets the write pass', async () => {
    await configure('Validating', hook('bad', hangsUp, { failurePolicy: 'Ignore' }));
    await configure('Mutating', hook('bad', hangsUp, { failurePolicy: 'Ignore' }));
    await create(configMaps, configMap('passed'));
  });

  test('and is not who it should be is not asked', async () => {
    const other = await createWebhookServer();
    await configure(
      'Validating',
      hook('bad', { allowed: true }, { clientConfig: { url: server.url('/bad'), caBundle: other.caBundle } }),
    );
    await other[Symbol.asyncDispose]();
    expect((await send('POST', configMaps, configMap('untrusted'))).message).toContain(
      'certificate signed by unknown authority',
    );
    expect(server.asked).toEqual([]);
  });
});

describe('a webhook behind a Service', () => {
  const service = { namespace: 'default', name: 'hooks', path: '/served', port: 8443 };
  const clientConfig = () => ({ service, caBundle: server.caBundle });

  test('that is not there fails the write', async () => {
    await configure('Validating', hook('served', { allowed: true }, { clientConfig: clientConfig() }));
    expect((await send('POST', configMaps, configMap('unserved'))).message).toContain(
      'failed calling webhook "served.example.com": failed to call webhook: Post "https://hooks.default.svc:8443/served?timeout=10s": service "hooks" not found',
    );
  });
});
