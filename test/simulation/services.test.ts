import { describe, expect, test } from 'vitest';
import type { Service } from '../../core/api/generated/core-v1.ts';
import type { EndpointSlice } from '../../core/api/generated/discovery-v1.ts';
import { deployments, endpoints, endpointslices, services } from '../../core/api/generated/resources.ts';
import type { New } from '../../core/api/object.ts';
import { deployment } from '../builders/index.ts';
import { expectEventually, expectThroughout } from '../expectations/eventually.ts';
import { ControlPlane } from './control-plane.ts';

const web = { namespace: 'default', name: 'web' };

function service(spec: Partial<Service['spec']> = {}): New<Service> {
  return {
    metadata: { ...web, labels: { tier: 'front' } },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }], ...spec },
  };
}

async function slicesOf(plane: ControlPlane): Promise<readonly EndpointSlice[]> {
  const { items } = await plane.client.list(endpointslices, {
    labelSelector: 'kubernetes.io/service-name=web',
  });
  return items;
}

function ready(slices: readonly EndpointSlice[]): number {
  return slices
    .flatMap((slice) => slice.endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready === true).length;
}

describe('the endpoints of a Service', () => {
  test('follow the Pods behind it, in both forms, and go with it', async () => {
    await using plane = await ControlPlane.start();
    await plane.client.create(services, service());
    await plane.client.create(deployments, deployment().withReplicas(3).build());
    await expectEventually(plane.clock, async () => {
      const slices = await slicesOf(plane);
      expect(ready(slices)).toBe(3);
      const [subset] = (await plane.client.get(endpoints, web)).subsets ?? [];
      expect(subset?.addresses).toHaveLength(3);
      expect(subset?.ports).toEqual([{ port: 80, protocol: 'TCP' }]);
    });
    const [slice, ...others] = await slicesOf(plane);
    expect(others).toEqual([]);
    expect(slice?.metadata.labels).toMatchObject({
      tier: 'front',
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
    });
    expect(slice?.endpoints?.[0]).toMatchObject({
      conditions: { ready: true, serving: true, terminating: false },
      targetRef: { kind: 'Pod', namespace: 'default' },
    });
    await plane.client.patch(deployments, web, 'merge', { spec: { replicas: 1 } });
    await expectEventually(plane.clock, async () => {
      const slices = await slicesOf(plane);
      expect(slices.flatMap((one) => one.endpoints ?? [])).toHaveLength(1);
    });
    await plane.client.delete(services, web);
    await expectEventually(plane.clock, async () => {
      expect(await slicesOf(plane)).toEqual([]);
      expect((await plane.list(endpoints)).filter(({ metadata }) => metadata.name === 'web')).toEqual([]);
    });
  });

  test('are written once and then left alone', async () => {
    await using plane = await ControlPlane.start();
    await plane.client.create(deployments, deployment().withReplicas(2).build());
    await plane.client.create(services, service({ ipFamilyPolicy: 'PreferDualStack' }));
    await expectEventually(plane.clock, async () => {
      const slices = await slicesOf(plane);
      expect(slices.map(({ addressType }) => addressType).toSorted()).toEqual(['IPv4', 'IPv6']);
      expect(ready(slices)).toBe(2);
    });
    const versions = async () =>
      [...(await slicesOf(plane)), await plane.client.get(endpoints, web)].map(
        ({ metadata }) => metadata.resourceVersion,
      );
    const before = await versions();
    await expectThroughout(
      plane.clock,
      async () => {
        expect(await versions()).toEqual(before);
      },
      60_000,
    );
  });
});

test('the Service of the API comes back when it is deleted', async () => {
  await using plane = await ControlPlane.start();
  const kubernetes = { namespace: 'default', name: 'kubernetes' };
  const present = async () => {
    const { spec, metadata } = await plane.client.get(services, kubernetes);
    expect(spec).toMatchObject({ clusterIP: '10.96.0.1', ports: [{ port: 443, targetPort: 6443 }] });
    return metadata.uid;
  };
  await expectEventually(plane.clock, async () => {
    await present();
  });
  const uid = await present();
  await plane.client.delete(services, kubernetes);
  await expectEventually(plane.clock, async () => {
    expect(await present()).not.toBe(uid);
  });
});
