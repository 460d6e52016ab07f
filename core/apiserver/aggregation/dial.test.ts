import { describe, expect, test } from 'vitest';
import type { Lookup } from '../../admission/lookup.ts';
import { notFound } from '../../api/errors.ts';
import { services } from '../../api/generated/resources.ts';
import { backendsOf } from './dial.ts';
import { identityHeaders } from './front-proxy-headers.ts';

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
        { addresses: ['10.0.0.1'], targetRef: { kind: 'Pod', namespace: 'default', name: 'a' } },
        { addresses: ['10.0.0.2'], conditions: { ready: false } },
        { addresses: ['10.0.0.3'] },
      ),
    ]);
    expect(await backendsOf(client, of, signal)).toEqual([
      { kind: 'pod', namespace: 'default', name: 'a', port: 8443 },
      { kind: 'address', host: '10.0.0.3', port: 8443 },
    ]);
  });

  test('is another name where the Service is one', async () => {
    const client = cluster({ type: 'ExternalName', externalName: 'elsewhere.example.com' });
    expect(await backendsOf(client, of, signal)).toEqual([
      { kind: 'address', host: 'elsewhere.example.com', port: 443 },
    ]);
  });

  test.each<[string, object | undefined, readonly object[]]>([
    ['ServiceNotFound', undefined, []],
    ['ServicePortError', { ports: [{ port: 80 }] }, []],
    ['EndpointsNotFound', served, []],
    ['MissingEndpoints', served, [slice()]],
  ])('is nothing: %s', async (why, spec, slices) => {
    await expect(backendsOf(cluster(spec, slices), of, signal)).rejects.toMatchObject({ why });
  });
});

describe('who asks', () => {
  test('is said in headers that cannot be broken out of', () => {
    expect(
      identityHeaders({ name: 'ä', uid: '1', groups: ['a', 'b'], extra: { 'Example.com/Scope': ['x'] } }),
    ).toEqual({
      'x-remote-user': Buffer.from('ä').toString('latin1'),
      'x-remote-uid': '1',
      'x-remote-group': ['a', 'b'],
      'x-remote-extra-example.com%2Fscope': ['x'],
    });
    expect(() => identityHeaders({ name: 'a\r\nX-Remote-Group: system:masters', groups: [] })).toThrow(
      'control characters',
    );
  });
});
