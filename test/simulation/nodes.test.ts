import { describe, expect, test } from 'vitest';
import {
  configmaps,
  deployments,
  events,
  namespaces,
  nodes,
  pods,
  serviceaccounts,
} from '../../core/api/generated/resources.ts';
import { deployment, namespace, pod } from '../builders/index.ts';
import { expectEventually, expectThroughout } from '../expectations/eventually.ts';
import { ControlPlane, isReadyPod } from './control-plane.ts';

async function start(nodeCount: number, replicas: number): Promise<ControlPlane> {
  const plane = await ControlPlane.start({ nodes: nodeCount });
  await plane.client.create(deployments, deployment().withReplicas(replicas).build());
  await expectEventually(plane.clock, async () => {
    expect((await plane.list(pods)).filter(isReadyPod)).toHaveLength(replicas);
  });
  return plane;
}

async function taintsOf(plane: ControlPlane, name: string): Promise<readonly string[]> {
  const { spec } = await plane.client.get(nodes, { name });
  return (spec.taints ?? []).map(({ key, effect }) => `${key.split('/').at(-1)}:${effect}`).sort();
}

describe('a node that falls silent', () => {
  test('is lost after 40 s, and its Pods are replaced after the 300 s they tolerate', async () => {
    await using plane = await start(3, 3);
    const before = await plane.list(pods);
    const lostPod = before.find(({ spec }) => spec.nodeName === 'node-0');
    plane.kubelets.kill('node-0');
    await expectThroughout(
      plane.clock,
      async () => expect(await taintsOf(plane, 'node-0')).toEqual([]),
      29_000,
    );
    await expectEventually(plane.clock, async () => {
      const { status } = await plane.client.get(nodes, { name: 'node-0' });
      expect(status.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
        status: 'Unknown',
        reason: 'NodeStatusUnknown',
      });
      expect(await taintsOf(plane, 'node-0')).toEqual(['unreachable:NoExecute', 'unreachable:NoSchedule']);
      const ready = (await plane.list(pods)).filter(isReadyPod);
      expect(ready.every(({ spec }) => spec.nodeName !== 'node-0')).toBe(true);
    });
    await expectThroughout(plane.clock, async () => expect(await plane.list(pods)).toHaveLength(3), 290_000);
    await expectEventually(plane.clock, async () => {
      const all = await plane.list(pods);
      const marked = all.find(({ metadata }) => metadata.uid === lostPod?.metadata.uid);
      expect(marked?.metadata.deletionTimestamp).toBeDefined();
      expect(marked?.status.conditions).toContainEqual(
        expect.objectContaining({ type: 'DisruptionTarget', reason: 'DeletionByTaintManager' }),
      );
      expect(all.filter(isReadyPod)).toHaveLength(3);
    });
  });

  test('that speaks again in time keeps its Pods', async () => {
    await using plane = await start(3, 3);
    const before = (await plane.list(pods)).map(({ metadata }) => metadata.uid ?? '').sort();
    plane.kubelets.kill('node-0');
    await expectEventually(plane.clock, async () => {
      expect(await taintsOf(plane, 'node-0')).toContain('unreachable:NoExecute');
    });
    await plane.kubelets.revive('node-0');
    await expectEventually(plane.clock, async () => expect(await taintsOf(plane, 'node-0')).toEqual([]));
    await plane.clock.advanceAsync(400_000);
    expect((await plane.list(pods)).map(({ metadata }) => metadata.uid ?? '').sort()).toEqual(before);
  });

  test('together with all others evicts nobody', async () => {
    await using plane = await start(2, 2);
    plane.kubelets.kill('node-0');
    plane.kubelets.kill('node-1');
    await expectEventually(plane.clock, async () => {
      expect(await taintsOf(plane, 'node-0')).toContain('unreachable:NoSchedule');
      expect(await taintsOf(plane, 'node-1')).toContain('unreachable:NoSchedule');
    });
    await plane.clock.advanceAsync(600_000);
    expect(await taintsOf(plane, 'node-0')).toEqual(['unreachable:NoSchedule']);
    const all = await plane.list(pods);
    expect(all.filter(({ metadata }) => metadata.deletionTimestamp === undefined)).toHaveLength(2);
  });
});

describe('Pods that nobody else removes', () => {
  test('of a node that is no more are gone after its quarantine', async () => {
    await using plane = await start(2, 2);
    plane.kubelets.kill('node-0');
    await plane.client.delete(nodes, { name: 'node-0' });
    await expectEventually(plane.clock, async () => {
      const all = await plane.list(pods);
      expect(all.map(({ spec }) => spec.nodeName)).toEqual(['node-1', 'node-1']);
      expect(all.filter(isReadyPod)).toHaveLength(2);
    });
  });
});

describe('every namespace', () => {
  test('has the account that Pods act as, even when it was deleted', async () => {
    await using plane = await ControlPlane.start({ nodes: 0 });
    const { client, clock } = plane;
    await client.create(namespaces, namespace().named('shop').build());
    const account = { namespace: 'shop', name: 'default' };
    const uid = async () => (await client.get(serviceaccounts, account)).metadata.uid;
    await expectEventually(clock, async () => expect(await uid()).toBeDefined());
    const first = await uid();
    await client.delete(serviceaccounts, account);
    await expectEventually(clock, async () => expect(await uid()).not.toBe(first));
  });

  test('is told the certificate of the API, which stays as it is published', async () => {
    const rootCertificates = { bundle: Buffer.from('PEM'), onReplaced: () => undefined };
    await using plane = await ControlPlane.start({ nodes: 0, settings: { rootCertificates } });
    const { client, clock } = plane;
    const name = { namespace: 'default', name: 'kube-root-ca.crt' };
    const data = async () => (await client.get(configmaps, name)).data;
    await expectEventually(clock, async () => expect(await data()).toEqual({ 'ca.crt': 'PEM' }));
    await client.patch(configmaps, name, 'merge', { data: { 'ca.crt': 'forged', more: 'x' } });
    await expectEventually(clock, async () => expect(await data()).toEqual({ 'ca.crt': 'PEM' }));
  });
});

test('events are forgotten an hour after they happened last', async () => {
  await using plane = await ControlPlane.start({ nodes: 0 });
  await plane.client.create(pods, pod().named('lonely').build());
  await expectEventually(plane.clock, async () => {
    const [event] = await plane.list(events, 'default');
    expect(event?.message).toBe('no nodes available to schedule pods');
  });
  await plane.client.delete(pods, { namespace: 'default', name: 'lonely' });
  const { length } = await plane.list(events, 'default');
  await plane.clock.advanceAsync(50 * 60_000);
  expect(await plane.list(events, 'default')).toHaveLength(length);
  await plane.clock.advanceAsync(15 * 60_000);
  await expectEventually(plane.clock, async () => expect(await plane.list(events, 'default')).toEqual([]));
});
