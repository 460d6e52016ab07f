import { expect, test } from 'vitest';
import { pod } from '../../../test/builders/index.ts';
import type { Registry } from '../../registry/registry.ts';
import type { NodeUsage } from '../usage/usage-reader.ts';
import { resourceMetrics } from './resource-metrics.ts';

/** As many Pods on two nodes, of which each reading is counted. */
function scene(count: number) {
  const told = { parsed: 0, asked: [] as string[] };
  const items = Array.from({ length: count }, (_, index) => ({
    get object() {
      told.parsed++;
      return pod()
        .named(`pod-${index}`)
        .withUid(`uid-${index}`)
        .onNode(`node-${index % 2}`)
        .build();
    },
  }));
  const registry = { storeFor: () => ({ list: async () => ({ items }) }) } as unknown as Registry;
  const usage: NodeUsage = {
    timestampMs: 0,
    windowMs: 15_000,
    cpuNanocores: 1,
    memoryBytes: 1,
    pods: new Map([['uid-3', new Map([['main', { cpuNanocores: 5, memoryBytes: 2_048 }]])]]),
  };
  const metrics = new Map(
    resourceMetrics(registry, async (node) => {
      told.asked.push(node);
      return usage;
    }),
  );
  const list = () => metrics.get('metrics.k8s.io/pods')?.list?.({}, { namespace: undefined } as never, {});
  return { told, list };
}

test('what very many Pods use is told a slice at a time, and each node is asked once', async () => {
  const { told, list } = scene(1_000);
  const listing = list();
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  expect(told.parsed).toBeGreaterThan(0);
  expect(told.parsed).toBeLessThan(1_000);
  expect(await listing).toMatchObject([
    { metadata: { name: 'pod-3' }, containers: [{ name: 'main', usage: { cpu: '5n', memory: '2Ki' } }] },
  ]);
  expect(told.parsed).toBe(1_000);
  expect(told.asked.toSorted()).toEqual(['node-0', 'node-1']);
});
