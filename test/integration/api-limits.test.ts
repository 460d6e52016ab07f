import { describe, expect, test } from 'vitest';
import type { Container, LimitRangeItem } from '../../core/api/generated/core-v1.ts';
import { limitranges, persistentvolumeclaims, pods } from '../../core/api/generated/resources.ts';
import type { TestApi } from '../environment/api.ts';
import { createTestApi } from '../environment/api.ts';

const where = { namespace: 'default', name: 'web' };

async function apiWith(...limits: readonly LimitRangeItem[]): Promise<TestApi> {
  const api = await createTestApi();
  await api.client.create(limitranges, { metadata: where, spec: { limits } });
  return api;
}

function create({ client }: TestApi, resources: Container['resources'], count = 1) {
  const containers = Array.from({ length: count }, (_, index) => ({
    name: `c${index}`,
    image: 'web:1',
    resources,
  }));
  return client.create(pods, { metadata: where, spec: { containers } });
}

describe('the limits of a namespace', () => {
  test('give containers what they do not ask for, and say so', async () => {
    await using api = await apiWith({
      type: 'Container',
      default: { cpu: '500m', memory: '64Mi' },
      defaultRequest: { cpu: '100m' },
    });
    const { spec, metadata } = await create(api, { limits: { memory: '32Mi' } });
    expect(spec.containers[0]?.resources).toEqual({
      requests: { cpu: '100m', memory: '32Mi' },
      limits: { cpu: '500m', memory: '32Mi' },
    });
    expect(metadata.annotations?.['kubernetes.io/limit-ranger']).toBe(
      'LimitRanger plugin set: cpu request for container c0; cpu limit for container c0',
    );
  });

  test('refuse containers that are too large, too small or too far apart', async () => {
    await using api = await apiWith({
      type: 'Container',
      max: { cpu: '1' },
      min: { cpu: '100m' },
      maxLimitRequestRatio: { cpu: '2' },
    });
    await expect(create(api, { limits: { cpu: '2' } })).rejects.toThrow(
      'pods "web" is forbidden: maximum cpu usage per Container is 1, but limit is 2',
    );
    await expect(create(api, { requests: { cpu: '50m' }, limits: { cpu: '100m' } })).rejects.toThrow(
      'minimum cpu usage per Container is 100m, but request is 50m',
    );
    await expect(create(api, { requests: { cpu: '200m' }, limits: { cpu: '500m' } })).rejects.toThrow(
      'cpu max limit to request ratio per Container is 2, but provided ratio is 2.500000',
    );
    await create(api, { requests: { cpu: '250m' }, limits: { cpu: '500m' } });
  });

  test('count the containers of a Pod together', async () => {
    await using api = await apiWith({ type: 'Pod', max: { memory: '100Mi' } });
    await expect(create(api, { limits: { memory: '40Mi' } }, 3)).rejects.toThrow(
      'maximum memory usage per Pod is 100Mi, but limit is 120Mi',
    );
    await create(api, { limits: { memory: '40Mi' } }, 2);
  });

  test('hold for what claims ask for', async () => {
    await using api = await apiWith({ type: 'PersistentVolumeClaim', max: { storage: '1Gi' } });
    const spec = { accessModes: ['ReadWriteOnce' as const], resources: { requests: { storage: '2Gi' } } };
    await expect(api.client.create(persistentvolumeclaims, { metadata: where, spec })).rejects.toThrow(
      'maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 2Gi',
    );
  });
});
