import { describe, expect, test } from 'vitest';
import type { Lookup } from '../../admission/lookup.ts';
import { notFound } from '../../api/errors.ts';
import { services } from '../../api/generated/resources.ts';
import { backendsOf } from './backends.ts';

const signal = new AbortController().signal;
const of = { namespace: 'default', name: 'web', port: 443 };

/** A cluster with one Service and the slices of its endpoints. */
function cluster(spec: object | undefined, slices: readonly object[] = []): Lookup {
  return {
    get: () =>
      spec === undefined ? Promise.reject(notFound(services, 'web')) : Promise.resolve({ spec } as never),
    list: () => Promise.resolve({ items: slices, resourceVersion: '1' } as never),
    watch: () => {
      throw new Error('nobody watches');
    },
  };
}

const served = { ports: [{ name: 'https', port: 443 }] };
const slice = (...endpoints: readonly object[]) => ({ ports: [{ name: 'https', port: 8443 }], endpoints });

describe('what a Service leads to', () => {
  test('is a Pod by its name, anything else by its address, and nothing that is not ready', async () => {
    const client = cluster(served, [
      slice(
        { addresses: ['10.0.0.1'], targetRef: { kind: 'Pod', namespace: 'default', name: 'a', uid: '1' } },
        { addresses: ['10.0.0.2'], conditions: { ready: false } },
        { addresses: ['10.0.0.3'] },
      ),
    ]);
    expect(await backendsOf(client, of, signal)).toEqual([
      { kind: 'pod', namespace: 'default', name: 'a', uid: '1', address: '10.0.0.1', port: 8443 },
      { kind: 'address', address: '10.0.0.3', port: 8443 },
    ]);
  });

  test('is another name where the Service is one', async () => {
    const client = cluster({ type: 'ExternalName', externalName: 'elsewhere.example.com' });
    expect(await backendsOf(client, of, signal)).toEqual([
      { kind: 'address', address: 'elsewhere.example.com', port: 443 },
    ]);
  });

  test.each<[string, string, object | undefined, readonly object[]]>([
    ['ServiceNotFound', 'service "web" not found', undefined, []],
    ['ServicePortError', 'no service port 443 found for service "web"', { ports: [{ port: 80 }] }, []],
    ['EndpointsNotFound', 'no endpoints available for service "web"', served, []],
    ['MissingEndpoints', 'no endpoints available for service "web"', served, [slice()]],
  ])('is nothing: %s', async (why, message, spec, slices) => {
    await expect(backendsOf(cluster(spec, slices), of, signal)).rejects.toMatchObject({ why, message });
  });

  test('is on the port of the same name', async () => {
    const ports = [
      { name: 'metrics', port: 9000 },
      { name: 'https', port: 9443 },
    ];
    const client = cluster(served, [{ ports, endpoints: [{ addresses: ['10.0.0.3'] }] }]);
    expect(await backendsOf(client, of, signal)).toMatchObject([{ port: 9443 }]);
  });
});
