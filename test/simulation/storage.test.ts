import { expect, test } from 'vitest';
import {
  persistentvolumeclaims,
  persistentvolumes,
  pods,
  volumeattributesclasses,
} from '../../core/api/generated/resources.ts';
import { expectEventually, expectThroughout } from '../expectations/eventually.ts';
import { ControlPlane } from './control-plane.ts';

const where = { namespace: 'default', name: 'data' };
const claim = {
  metadata: where,
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
} as const;

test('a claim stays as long as a Pod on a node uses it, and goes with the last one', async () => {
  await using plane = await ControlPlane.start();
  const { metadata } = await plane.client.create(persistentvolumeclaims, claim);
  expect(metadata.finalizers).toEqual(['kubernetes.io/pvc-protection']);
  await plane.client.create(pods, {
    metadata: { namespace: 'default', name: 'web' },
    spec: {
      nodeName: plane.nodeNames[0],
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'web', image: 'web:1' }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
    },
  });
  await plane.client.delete(persistentvolumeclaims, where);
  await expectThroughout(
    plane.clock,
    async () => {
      const held = await plane.client.get(persistentvolumeclaims, where);
      expect(held.metadata.deletionTimestamp).toBeDefined();
    },
    5_000,
  );
  await plane.client.delete(pods, { namespace: 'default', name: 'web' }, { gracePeriodSeconds: 0 });
  await expectEventually(plane.clock, async () =>
    expect((await plane.client.list(persistentvolumeclaims)).items).toEqual([]),
  );
});

test('a claim that nobody uses goes at once', async () => {
  await using plane = await ControlPlane.start();
  await plane.client.create(persistentvolumeclaims, claim);
  await plane.client.delete(persistentvolumeclaims, where);
  await expectEventually(plane.clock, async () =>
    expect((await plane.client.list(persistentvolumeclaims)).items).toEqual([]),
  );
});

test('a volume stays as long as it is bound', async () => {
  await using plane = await ControlPlane.start();
  const volume = await plane.client.create(persistentvolumes, {
    metadata: { name: 'disk' },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      hostPath: { path: '/tmp/disk' },
    },
  });
  expect(volume.metadata.finalizers).toEqual(['kubernetes.io/pv-protection']);
  const bound = await plane.client.updateStatus(persistentvolumes, { ...volume, status: { phase: 'Bound' } });
  await plane.client.delete(persistentvolumes, { name: 'disk' });
  await expectThroughout(
    plane.clock,
    async () => expect((await plane.client.list(persistentvolumes)).items).toHaveLength(1),
    5_000,
  );
  const live = await plane.client.get(persistentvolumes, { name: 'disk' });
  await plane.client.updateStatus(persistentvolumes, {
    ...live,
    status: { ...bound.status, phase: 'Released' },
  });
  await expectEventually(plane.clock, async () =>
    expect((await plane.client.list(persistentvolumes)).items).toEqual([]),
  );
});

test('a class of volume attributes stays as long as a claim or a volume has it', async () => {
  await using plane = await ControlPlane.start();
  const made = await plane.client.create(volumeattributesclasses, {
    metadata: { name: 'fast' },
    driverName: 'csi.example.com',
    parameters: { iops: '1000' },
  });
  expect(made.metadata.finalizers).toEqual(['kubernetes.io/vac-protection']);
  const wanting = { ...claim, spec: { ...claim.spec, volumeAttributesClassName: 'fast' } };
  await plane.client.create(persistentvolumeclaims, wanting);
  await plane.client.delete(volumeattributesclasses, { name: 'fast' });
  await expectThroughout(
    plane.clock,
    async () => {
      const held = await plane.client.get(volumeattributesclasses, { name: 'fast' });
      expect(held.metadata.deletionTimestamp).toBeDefined();
    },
    5_000,
  );
  await plane.client.delete(persistentvolumeclaims, where);
  await expectEventually(plane.clock, async () =>
    expect((await plane.client.list(volumeattributesclasses)).items).toEqual([]),
  );
});
