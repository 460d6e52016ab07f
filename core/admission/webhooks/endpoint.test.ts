import { describe, expect, test } from 'vitest';
import { endpointOf } from './endpoint.ts';

describe('the endpoint of a webhook', () => {
  test('behind a Service has the name of that in the cluster', () => {
    const service = { namespace: 'default', name: 'hooks', path: '/served', port: 8443 };
    const endpoint = endpointOf({ service, caBundle: 'Y2E=' });
    expect(endpoint).toMatchObject({
      service: { namespace: 'default', name: 'hooks', port: 8443 },
      ca: 'ca',
    });
    expect(endpoint.url.href).toBe('https://hooks.default.svc:8443/served');
    expect(endpointOf({ service: { namespace: 'a', name: 'b' } }).url.href).toBe('https://b.a.svc/');
  });

  test('at a URL is there, and believed by whom the system believes unless it says otherwise', () => {
    const endpoint = endpointOf({ url: 'https://hooks.example.com/served' });
    expect(endpoint.url.href).toBe('https://hooks.example.com/served');
    expect(endpoint).not.toHaveProperty('service');
    expect(endpoint.ca).toBeUndefined();
  });
});
