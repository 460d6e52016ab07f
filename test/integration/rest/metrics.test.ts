import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodes, pods } from '../../../core/api/generated/resources.ts';
import type { NodeUsage } from '../../../core/apiserver/usage/usage-reader.ts';
import { node, pod } from '../../builders/index.ts';
import type { RestApi } from '../../environment/rest.ts';
import { createRestApi } from '../../environment/rest.ts';

let rest: RestApi;
const used = new Map<string, NodeUsage>();

beforeAll(async () => {
  rest = await createRestApi({ readUsage: (name) => Promise.resolve(used.get(name)) });
  const { client } = rest.api;
  for (const name of ['node-a', 'node-b']) await client.create(nodes, node().named(name).build());
  const web = await client.create(pods, pod().named('web').labelled({ app: 'web' }).onNode('node-a').build());
  await client.create(pods, pod().named('quiet').onNode('node-b').build());
  const containers = new Map([['main', { cpuNanocores: 1_500_000, memoryBytes: 4_096 }]]);
  used.set('node-a', {
    timestampMs: Date.UTC(2026, 0, 2, 3, 4, 5),
    windowMs: 15_012,
    cpuNanocores: 2_000_000,
    memoryBytes: 8_192,
    pods: new Map([[web.metadata.uid ?? '', containers]]),
  });
});
afterAll(() => rest[Symbol.asyncDispose]());

const group = '/apis/metrics.k8s.io/v1beta1';
const namespaced = `${group}/namespaces/default/pods`;

describe('metrics.k8s.io', () => {
  test('tells what Nodes use, and nothing of those that nobody measured', async () => {
    const list = (await rest.send('GET', `${group}/nodes`)).json();
    expect(list).toMatchObject({ kind: 'NodeMetricsList', apiVersion: 'metrics.k8s.io/v1beta1' });
    expect(list['items']).toEqual([
      {
        kind: 'NodeMetrics',
        apiVersion: 'metrics.k8s.io/v1beta1',
        metadata: {
          name: 'node-a',
          creationTimestamp: '2026-01-02T03:04:05Z',
          labels: { 'kubernetes.io/hostname': 'node-a' },
        },
        timestamp: '2026-01-02T03:04:05Z',
        window: '15.012s',
        usage: { cpu: '2000000n', memory: '8Ki' },
      },
    ]);
    expect((await rest.send('GET', `${group}/nodes/node-b`)).code).toBe(404);
  });

  test('tells what the containers of Pods use, selected by the labels of the Pods', async () => {
    const selected = await rest.send('GET', `${namespaced}?labelSelector=app%3Dweb`);
    expect(selected.json()['items']).toMatchObject([
      {
        metadata: { name: 'web', namespace: 'default', labels: { app: 'web' } },
        containers: [{ name: 'main', usage: { cpu: '1500000n', memory: '4Ki' } }],
      },
    ]);
    const others = await rest.send('GET', `${namespaced}?labelSelector=app%3Dother`);
    expect(others.json()['items']).toEqual([]);
    expect((await rest.send('GET', `${namespaced}/quiet`)).code).toBe(404);
  });

  test('is read and never written', async () => {
    expect((await rest.send('POST', namespaced, { body: '{}' })).code).toBe(405);
  });
});
