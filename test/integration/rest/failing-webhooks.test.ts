import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { RestApi } from '../../environment/rest.ts';
import { WebhookScene, configMaps, onConfigMaps } from '../../environment/webhook-scene.ts';
import { createWebhookServer, patch, respond } from '../../environment/webhook-server.ts';
import type { Answer, WebhookServer } from '../../environment/webhook-server.ts';

let scene: WebhookScene;
let rest: RestApi;
let server: WebhookServer;
beforeAll(async () => {
  scene = await WebhookScene.create();
  ({ rest, server } = scene);
});
afterEach(() => scene.clear());
afterAll(() => scene[Symbol.asyncDispose]());

describe('a webhook that does not answer as it should', () => {
  const hangsUp: Answer = (response, _asked) => void response.destroy();
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
    await scene.configure('Validating', scene.hook('bad', answer));
    const calling = 'Internal error occurred: failed calling webhook "bad.example.com": ';
    await scene.expectFailed('failing', calling, text);
  });

  test('and says that something is not found does not have what is replaced taken for absent', async () => {
    const services = '/api/v1/namespaces/default/services';
    const metadata = { name: 'web', namespace: 'default' };
    const service = { metadata, spec: { ports: [{ port: 80 }] } };
    await scene.send('POST', services, service);
    let asked = 0;
    const denies: Answer = (response, review) => {
      asked++;
      respond(response, review, {
        allowed: false,
        status: { code: 404, reason: 'NotFound', message: 'there is no team of that name' },
      });
    };
    const rules = [
      { apiGroups: [''], apiVersions: ['v1'], resources: ['services'], operations: ['CREATE', 'UPDATE'] },
      onConfigMaps,
    ];
    await scene.configure('Validating', scene.hook('bad', denies, { rules }));
    asked = 0;
    const replaced = await scene.send('PUT', `${services}/web`, { ...service, metadata });
    expect(replaced).toMatchObject({ code: 404, message: expect.stringContaining('no team') as string });
    expect(asked).toBe(1);
  });

  test('and hangs is given up after its time', async () => {
    let reached: (() => void) | undefined;
    const called = new Promise<void>((resolve) => (reached = resolve));
    const hangs: Answer = (_response, _asked) => reached?.();
    await scene.configure('Validating', scene.hook('bad', hangs, { timeoutSeconds: 7 }));
    const refused = scene.send('POST', configMaps, scene.configMap('waiting'));
    await called;
    rest.api.clock.advance(7_000);
    expect(await refused).toMatchObject({
      code: 500,
      message: expect.stringContaining('?timeout=7s": context deadline exceeded') as string,
    });
  });

  test('and need not be asked lets the write pass', async () => {
    await scene.configure('Validating', scene.hook('bad', hangsUp, { failurePolicy: 'Ignore' }));
    await scene.configure('Mutating', scene.hook('bad', hangsUp, { failurePolicy: 'Ignore' }));
    await scene.create(configMaps, scene.configMap('passed'));
  });

  test('and is not who it should be is not asked', async () => {
    const other = await createWebhookServer();
    await scene.configure(
      'Validating',
      scene.hook(
        'bad',
        { allowed: true },
        { clientConfig: { url: server.url('/bad'), caBundle: other.caBundle } },
      ),
    );
    await other[Symbol.asyncDispose]();
    expect((await scene.send('POST', configMaps, scene.configMap('untrusted'))).message).toContain(
      'certificate signed by unknown authority',
    );
    expect(server.asked).toEqual([]);
  });
});

describe('a webhook behind a Service', () => {
  const service = { namespace: 'default', name: 'hooks', path: '/served', port: 8443 };
  const clientConfig = () => ({ service, caBundle: server.caBundle });

  test('that is not there fails the write', async () => {
    await scene.configure(
      'Validating',
      scene.hook('served', { allowed: true }, { clientConfig: clientConfig() }),
    );
    expect((await scene.send('POST', configMaps, scene.configMap('unserved'))).message).toContain(
      'failed calling webhook "served.example.com": failed to call webhook: Post "https://hooks.default.svc:8443/served?timeout=10s": service "hooks" not found',
    );
  });
});
