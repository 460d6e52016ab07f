import { describe, expect, test } from 'vitest';
import type { PodSpec } from '../../core/api/generated/core-v1.ts';
import {
  ingressclasses,
  ingresses,
  nodes,
  persistentvolumeclaims,
  pods,
  priorityclasses,
  runtimeclasses,
  services,
  storageclasses,
} from '../../core/api/generated/resources.ts';
import type { TestApi } from '../environment/api.ts';
import { createTestApi } from '../environment/api.ts';

const web = { namespace: 'default', name: 'web' };
const containers = [{ name: 'web', image: 'web:1' }];

function createPod({ client }: TestApi, spec: Partial<PodSpec> = {}) {
  return client.create(pods, { metadata: web, spec: { containers, ...spec } });
}

describe('the priority of a Pod', () => {
  test('comes from its class, and from the classes of the cluster itself without anybody making them', async () => {
    await using api = await createTestApi();
    const { items } = await api.client.list(priorityclasses);
    expect(items.map(({ metadata, value }) => [metadata.name, value])).toEqual([
      ['system-cluster-critical', 2_000_000_000],
      ['system-node-critical', 2_000_001_000],
    ]);
    const { spec } = await createPod(api, { priorityClassName: 'system-node-critical' });
    expect(spec).toMatchObject({ priority: 2_000_001_000, preemptionPolicy: 'PreemptLowerPriority' });
    await expect(api.client.delete(priorityclasses, { name: 'system-node-critical' })).rejects.toThrow(
      'priorityclasses.scheduling.k8s.io "system-node-critical" is forbidden: this is a system priority class and cannot be deleted',
    );
  });

  test('comes from the default class where it names none, and only one class is the default', async () => {
    await using api = await createTestApi();
    const bare = await createPod(api);
    expect(bare.spec).toMatchObject({ priority: 0, preemptionPolicy: 'PreemptLowerPriority' });
    await api.client.delete(pods, web);
    const usual = { metadata: { name: 'usual' }, value: 7, globalDefault: true, preemptionPolicy: 'Never' };
    await api.client.create(priorityclasses, usual as never);
    const { spec } = await createPod(api);
    expect(spec).toMatchObject({ priorityClassName: 'usual', priority: 7, preemptionPolicy: 'Never' });
    await expect(
      api.client.create(priorityclasses, { metadata: { name: 'more' }, value: 8, globalDefault: true }),
    ).rejects.toThrow(
      'priorityclasses.scheduling.k8s.io "more" is forbidden: PriorityClass usual is already marked as default. Only one default can exist',
    );
  });

  test('cannot be chosen past its class', async () => {
    await using api = await createTestApi();
    await api.client.create(priorityclasses, { metadata: { name: 'low' }, value: 1 });
    await expect(createPod(api, { priorityClassName: 'gone' })).rejects.toThrow(
      'pods "web" is forbidden: no PriorityClass with name gone was found',
    );
    await expect(createPod(api, { priorityClassName: 'low', priority: 9 })).rejects.toThrow(
      'the integer value of priority (9) must not be provided in pod spec; priority admission controller computed 1 from the given PriorityClass name',
    );
    await expect(createPod(api, { priorityClassName: 'low', preemptionPolicy: 'Never' })).rejects.toThrow(
      'the string value of PreemptionPolicy (Never) must not be provided in pod spec; priority admission controller computed PreemptLowerPriority from the given PriorityClass name',
    );
  });

  test('stays when a client that does not know it replaces the Pod', async () => {
    await using api = await createTestApi();
    await api.client.create(priorityclasses, { metadata: { name: 'low' }, value: 1 });
    const pod = await createPod(api, { priorityClassName: 'low' });
    const { priority: _priority, preemptionPolicy: _policy, ...spec } = pod.spec;
    const updated = await api.client.update(pods, { ...pod, spec });
    expect(updated.spec).toMatchObject({ priority: 1, preemptionPolicy: 'PreemptLowerPriority' });
  });
});

describe('default classes', () => {
  const marked = (annotation: string) => ({ annotations: { [annotation]: 'true' } });

  test('the newest default storage class is given to claims that name none', async () => {
    await using api = await createTestApi();
    const create = (name: string, metadata: object) =>
      api.client.create(storageclasses, { metadata: { name, ...metadata }, provisioner: 'p' });
    const claim = (name: string, spec: object = {}) =>
      api.client.create(persistentvolumeclaims, {
        metadata: { namespace: 'default', name },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
      });
    expect((await claim('early')).spec.storageClassName).toBeUndefined();
    await create('b', marked('storageclass.beta.kubernetes.io/is-default-class'));
    await create('a', marked('storageclass.kubernetes.io/is-default-class'));
    expect((await claim('same-age')).spec.storageClassName).toBe('a');
    api.clock.advance(1_000);
    await create('c', marked('storageclass.kubernetes.io/is-default-class'));
    await create('d', {});
    expect((await claim('newest')).spec.storageClassName).toBe('c');
    expect((await claim('none', { storageClassName: '' })).spec.storageClassName).toBe('');
    expect((await claim('own', { storageClassName: 'x' })).spec.storageClassName).toBe('x');
  });

  test('the default ingress class is given to ingresses that name none', async () => {
    await using api = await createTestApi();
    const metadata = { name: 'edge', ...marked('ingressclass.kubernetes.io/is-default-class') };
    await api.client.create(ingressclasses, { metadata, spec: { controller: 'example.com/edge' } });
    const create = (name: string, annotations: Record<string, string> = {}) =>
      api.client.create(ingresses, {
        metadata: { namespace: 'default', name, annotations },
        spec: { defaultBackend: { service: { name: 'web', port: { number: 80 } } } },
      });
    expect((await create('plain')).spec.ingressClassName).toBe('edge');
    const older = await create('older', { 'kubernetes.io/ingress.class': 'nginx' });
    expect(older.spec.ingressClassName).toBeUndefined();
  });
});

describe('a claim', () => {
  test('grows only when it is bound and its class allows it', async () => {
    await using api = await createTestApi();
    for (const allowVolumeExpansion of [true, false]) {
      const name = allowVolumeExpansion ? 'elastic' : 'rigid';
      await api.client.create(storageclasses, { metadata: { name }, provisioner: 'p', allowVolumeExpansion });
    }
    const grow = async (storageClassName: string, phase: 'Bound' | 'Pending') => {
      const name = `${storageClassName}-${phase.toLowerCase()}`;
      const claim = await api.client.create(persistentvolumeclaims, {
        metadata: { namespace: 'default', name },
        spec: {
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: '1Gi' } },
          storageClassName,
          volumeName: 'v',
        },
      });
      await api.client.updateStatus(persistentvolumeclaims, { ...claim, status: { phase } });
      const larger = { spec: { resources: { requests: { storage: '2Gi' } } } };
      return api.client.patch(persistentvolumeclaims, { namespace: 'default', name }, 'merge', larger);
    };
    await expect(grow('elastic', 'Bound')).resolves.toMatchObject({
      spec: { resources: { requests: { storage: '2Gi' } } },
    });
    await expect(grow('rigid', 'Bound')).rejects.toThrow(
      'persistentvolumeclaims "rigid-bound" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    );
    await expect(grow('elastic', 'Pending')).rejects.toMatchObject({ status: { status: 'Failure' } });
  });
});

describe('a runtime class', () => {
  async function apiWith(): Promise<TestApi> {
    const api = await createTestApi();
    await api.client.create(runtimeclasses, {
      metadata: { name: 'vm' },
      handler: 'vm',
      overhead: { podFixed: { cpu: '250m', memory: '64Mi' } },
      scheduling: {
        nodeSelector: { runtime: 'vm' },
        tolerations: [{ key: 'vm', operator: 'Exists', effect: 'NoSchedule' }],
      },
    });
    return api;
  }

  test('adds what its Pods cost and where they go', async () => {
    await using api = await apiWith();
    const { spec } = await createPod(api, {
      runtimeClassName: 'vm',
      nodeSelector: { zone: 'a' },
      tolerations: [{ key: 'vm', operator: 'Equal', value: 'x', effect: 'NoSchedule' }],
    });
    expect(spec.overhead).toEqual({ cpu: '250m', memory: '64Mi' });
    expect(spec.nodeSelector).toEqual({ runtime: 'vm', zone: 'a' });
    expect(spec.tolerations?.filter(({ key }) => key === 'vm')).toEqual([
      { key: 'vm', operator: 'Exists', effect: 'NoSchedule' },
    ]);
  });

  test('refuses what contradicts it', async () => {
    await using api = await apiWith();
    const overhead = { cpu: '1' };
    await expect(createPod(api, { runtimeClassName: 'vm', overhead })).rejects.toThrow(
      `pods "web" is forbidden: pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead`,
    );
    await expect(createPod(api, { overhead })).rejects.toThrow(
      'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
    );
    await expect(createPod(api, { runtimeClassName: 'gone' })).rejects.toThrow(
      'pods "web" is forbidden: pod rejected: RuntimeClass "gone" not found',
    );
    const nodeSelector = { runtime: 'native' };
    await expect(createPod(api, { runtimeClassName: 'vm', nodeSelector })).rejects.toThrow(
      'conflict: runtimeClass.scheduling.nodeSelector[runtime] = vm; pod.spec.nodeSelector[runtime] = native',
    );
  });
});

test('a new node takes no Pods until it is seen to be ready', async () => {
  await using api = await createTestApi({ controlled: true });
  const own = { key: 'gpu', effect: 'NoSchedule' as const };
  const node = await api.client.create(nodes, { metadata: { name: 'a' }, spec: { taints: [own] } });
  expect(node.spec.taints).toEqual([own, { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }]);
});

test('nobody takes traffic to an address by a Service, and what is taken may stay', async () => {
  await using api = await createTestApi();
  const create = (externalIPs: readonly string[]) =>
    api.client.create(services, { metadata: web, spec: { ports: [{ port: 80 }], externalIPs } });
  await expect(create(['192.0.2.1'])).rejects.toThrow(
    'services "web" is forbidden: Use of external IPs is denied by admission control.',
  );
  await create([]);
  const patch = { spec: { externalIPs: ['192.0.2.1'] } };
  await expect(api.client.patch(services, web, 'merge', patch)).rejects.toThrow(
    'Use of external IPs is denied',
  );
});

test('a Pod tells the zone and the region of its node, however it gets there', async () => {
  await using api = await createTestApi();
  const place = { 'topology.kubernetes.io/zone': 'a', 'topology.kubernetes.io/region': 'north' };
  await api.client.create(nodes, { metadata: { name: 'n', labels: { ...place, disk: 'ssd' } }, spec: {} });
  const { metadata } = await createPod(api);
  expect(metadata.labels).toBeUndefined();
  const binding = { metadata: web, target: { kind: 'Node', name: 'n' } };
  await api.client.createSubresource(pods, web, 'binding', binding);
  const bound = await api.client.get(pods, web);
  expect(bound).toMatchObject({ spec: { nodeName: 'n' }, metadata: { labels: place } });
  const placed = await api.client.create(pods, {
    metadata: { namespace: 'default', name: 'placed', labels: { own: 'x' } },
    spec: { containers, nodeName: 'n' },
  });
  expect(placed.metadata.labels).toEqual({ ...place, own: 'x' });
});
