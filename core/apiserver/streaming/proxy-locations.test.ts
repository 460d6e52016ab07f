import { describe, expect, test } from 'vitest';
import { endpointslices, nodes, pods, services } from '../../api/generated/resources.ts';
import { seededRandom } from '../../machinery/random.ts';
import { createTestApi } from '../../../test/environment/api.ts';
import { locate } from './proxy-locations.ts';
import type { ProxyDestination } from './proxy-locations.ts';

const namespace = 'default';

/** Pods "web-0" and "web-1" behind Service "web", whose port 80 is theirs of 8080, and whose "admin" is 9090. */
async function scene() {
  const api = await createTestApi();
  const names = ['web-0', 'web-1'];
  const created = await Promise.all(
    names.map((name) =>
      api.client.create(pods, {
        metadata: { namespace, name },
        spec: { nodeName: `node-of-${name}`, containers: [{ name: 'app', image: 'app:v1' }] },
      }),
    ),
  );
  for (const pod of created)
    await api.client.updateStatus(pods, { ...pod, status: { ...pod.status, phase: 'Running' } });
  await api.client.create(services, {
    metadata: { namespace, name: 'web' },
    spec: {
      ports: [
        { name: 'http', port: 80 },
        { name: 'admin', port: 81 },
      ],
    },
  });
  const address = (name: string, ready: boolean, kind = 'Pod') => ({
    addresses: ['10.0.0.9'],
    conditions: { ready },
    targetRef: { kind, namespace, name },
  });
  await api.client.create(endpointslices, {
    metadata: { namespace, name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [
      { name: 'http', port: 8080 },
      { name: 'admin', port: 9090 },
    ],
    endpoints: [
      address('web-0', true),
      address('web-1', false),
      address('elsewhere', true, 'Node'),
      { addresses: ['10.1.1.1'], conditions: { ready: true } },
    ],
  });
  const find = (changes: Partial<ProxyDestination>, seed = 1) =>
    locate(
      { verbs: api.verbs, random: seededRandom(seed) },
      { resource: 'services', namespace, name: 'web', port: '', ...changes },
      undefined,
    );
  return { api, find };
}

describe('behind a Service', () => {
  test.each([
    ['80', 8080],
    ['http', 8080],
    ['admin', 9090],
    ['81', 9090],
  ])('port %j is a ready Pod’s %d, never another address', async (port, value) => {
    const { api, find } = await scene();
    await using _ = api;
    for (let seed = 0; seed < 8; seed++)
      expect(await find({ port }, seed)).toMatchObject({
        node: 'node-of-web-0',
        open: { pod: 'web-0', kind: { case: 'portForward', value } },
      });
  });

  test.each([
    ['82', 'no service port 82 found for service "web"'],
    ['metrics', 'no endpoints available for service "web"'],
    ['', 'no endpoints available for service "web"'],
  ])('there is no port %j', async (port, message) => {
    const { api, find } = await scene();
    await using _ = api;
    await expect(find({ port })).rejects.toMatchObject({ reason: 'ServiceUnavailable', message });
  });

  test('nothing is found in another namespace', async () => {
    const { api, find } = await scene();
    await using _ = api;
    await expect(find({ namespace: 'other' })).rejects.toMatchObject({ reason: 'NotFound' });
  });
});

describe('a Pod', () => {
  test('is reached at the port that is asked for, else at 80', async () => {
    const { api, find } = await scene();
    await using _ = api;
    const pod = { resource: 'pods', name: 'web-1' } as const;
    expect((await find({ ...pod, port: '8080' })).open).toMatchObject({ kind: { value: 8080 } });
    expect((await find(pod)).open).toMatchObject({ kind: { value: 80 } });
    await expect(find({ ...pod, port: 'http' })).rejects.toMatchObject({ reason: 'BadRequest' });
  });
});

describe('a node', () => {
  test('is reached at its kubelet and nowhere else', async () => {
    const { api, find } = await scene();
    await using _ = api;
    const node = { resource: 'nodes', namespace: undefined, name: 'north' } as const;
    await api.client.create(nodes, { metadata: { name: 'north' }, spec: {} });
    for (const port of ['', '10250'])
      expect(await find({ ...node, port })).toMatchObject({
        node: 'north',
        open: { kind: { case: 'kubelet' } },
      });
    await expect(find({ ...node, port: '22' })).rejects.toMatchObject({ reason: 'BadRequest' });
    await expect(find({ ...node, name: 'nope' })).rejects.toMatchObject({
      reason: 'NotFound',
      message: 'nodes "nope" not found',
    });
  });
});
