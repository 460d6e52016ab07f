import { describe, expect, test } from 'vitest';
import { endpointslices, services } from '../../api/generated/resources.ts';
import { systemClock } from '../../machinery/clock.ts';
import { seededRandom } from '../../machinery/random.ts';
import { createTestApi } from '../../../test/environment/api.ts';
import { createWebhookServer } from '../../../test/environment/webhook-server.ts';
import { WebhookClient } from './client.ts';
import { endpointResolver } from './endpoint.ts';

describe('the endpoint of a webhook', () => {
  const service = { namespace: 'default', name: 'hooks', path: '/served', port: 8443 };

  test('behind a Service is a ready one of its own, on the port of the name', async () => {
    await using api = await createTestApi();
    const resolve = endpointResolver(api.client, seededRandom(1));
    await expect(resolve({ service }, undefined)).rejects.toThrow('service "hooks" not found');
    await api.client.create(services, {
      metadata: { name: 'hooks', namespace: 'default' },
      spec: { ports: [{ name: 'web', port: 8443 }] },
    });
    await expect(resolve({ service }, undefined)).rejects.toThrow(
      'no endpoints available for service "hooks"',
    );
    await expect(resolve({ service: { ...service, port: 1 } }, undefined)).rejects.toThrow(
      'no service port 1 found',
    );
    await api.client.create(endpointslices, {
      metadata: { name: 'hooks-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'hooks' } },
      addressType: 'IPv4',
      ports: [
        { name: 'metrics', port: 9000 },
        { name: 'web', port: 9443 },
      ],
      endpoints: [
        { addresses: ['10.1.2.3'], conditions: { ready: false } },
        { addresses: ['10.1.2.4'], conditions: { ready: true } },
      ],
    });
    const endpoint = await resolve({ service, caBundle: 'Y2E=' }, undefined);
    expect(endpoint).toMatchObject({ address: { host: '10.1.2.4', port: 9443 }, ca: 'ca' });
    expect(endpoint.url.href).toBe('https://hooks.default.svc:8443/served');
  });

  test('is trusted by the name of its Service, wherever it is', async () => {
    await using server = await createWebhookServer(['hooks.default.svc']);
    const client = new WebhookClient(systemClock);
    const post = (host: string) =>
      client.post({
        endpoint: {
          url: new URL(`https://${host}:8443/served`),
          address: { host: '127.0.0.1', port: server.port },
          ca: Buffer.from(server.caBundle, 'base64').toString(),
        },
        body: JSON.stringify({ apiVersion: 'admission.k8s.io/v1', request: { uid: '1' } }),
        timeoutSeconds: 10,
        signal: undefined,
      });
    expect(JSON.parse((await post('hooks.default.svc')).toString())).toMatchObject({
      response: { uid: '1' },
    });
    await expect(post('other.default.svc')).rejects.toThrow(
      /failed to call webhook: Post .*other\.default\.svc/,
    );
    client.close();
  });
});
