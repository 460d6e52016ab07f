import { describe, expect, test } from 'vitest';
import { events, pods } from '../../core/api/generated/resources.ts';
import { pod, type PodBuilder } from '../builders/index.ts';
import { expectEventually } from '../expectations/eventually.ts';
import { ControlPlane, isReadyPod } from './control-plane.ts';

async function create(plane: ControlPlane, ...builders: readonly PodBuilder[]): Promise<void> {
  for (const builder of builders) await plane.client.create(pods, builder.build());
}

async function readyNames(plane: ControlPlane): Promise<readonly string[]> {
  const all = await plane.list(pods, 'default');
  return all
    .filter(isReadyPod)
    .map(({ metadata }) => metadata.name ?? '')
    .sort();
}

describe('a Pod of higher priority', () => {
  test('takes the place of others, and nobody slips in before it', async () => {
    await using plane = await ControlPlane.start({ nodes: 1, kubelets: { stopMs: 3000 } });
    const low = (name: string) => pod().named(name).requesting({ cpu: '2' });
    await create(plane, low('a'), low('b'));
    await expectEventually(plane.clock, async () => expect(await readyNames(plane)).toEqual(['a', 'b']));
    await create(
      plane,
      pod().named('vip').withSpec({ priorityClassName: 'system-cluster-critical' }).requesting({ cpu: '3' }),
    );
    await expectEventually(plane.clock, async () => {
      const vip = await plane.client.get(pods, { namespace: 'default', name: 'vip' });
      expect(vip.status.nominatedNodeName).toBe('node-0');
    });
    await create(plane, low('c'));
    await expectEventually(plane.clock, async () => expect(await readyNames(plane)).toEqual(['vip']));
    const preempted = (await plane.list(events, 'default')).filter(({ reason }) => reason === 'Preempted');
    expect(preempted.map(({ involvedObject }) => involvedObject.name ?? '').sort()).toEqual(['a', 'b']);
    const c = await plane.client.get(pods, { namespace: 'default', name: 'c' });
    expect(c.spec.nodeName).toBeUndefined();
  });

  test('loses the place that was made for it to one of higher priority yet', async () => {
    await using plane = await ControlPlane.start({ nodes: 1, kubelets: { stopMs: 3000 } });
    const critical = (name: string, priorityClassName: string) =>
      pod().named(name).withSpec({ priorityClassName }).requesting({ cpu: '3' });
    const nominatedOf = async (name: string) => {
      const { status } = await plane.client.get(pods, { namespace: 'default', name });
      return status.nominatedNodeName;
    };
    await create(plane, pod().named('low').requesting({ cpu: '3' }));
    await expectEventually(plane.clock, async () => expect(await readyNames(plane)).toEqual(['low']));
    await create(plane, critical('vip', 'system-cluster-critical'));
    await expectEventually(plane.clock, async () => expect(await nominatedOf('vip')).toBe('node-0'));
    await create(plane, critical('first', 'system-node-critical'));
    await expectEventually(plane.clock, async () => expect(await readyNames(plane)).toEqual(['first']));
    await expectEventually(plane.clock, async () => expect(await nominatedOf('vip')).toBeUndefined());
  });
});
