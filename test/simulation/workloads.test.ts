import { describe, expect, test } from 'vitest';
import type { Deployment } from '../../core/api/generated/apps-v1.ts';
import { deployments, events, pods, replicasets } from '../../core/api/generated/resources.ts';
import { deployment, pod, type DeploymentBuilder } from '../builders/index.ts';
import { expectEventually, expectThroughout } from '../expectations/eventually.ts';
import { ControlPlane, isReadyPod } from './control-plane.ts';

async function create(plane: ControlPlane, builder: DeploymentBuilder): Promise<Deployment> {
  return await plane.client.create(deployments, builder.build());
}

async function change(plane: ControlPlane, spec: object): Promise<void> {
  await plane.client.patch(deployments, { namespace: 'default', name: 'web' }, 'merge', { spec });
}

const webName = { namespace: 'default', name: 'web' };
const image = (text: string) => ({ template: { spec: { containers: [{ name: 'main', image: text }] } } });

async function expectComplete(plane: ControlPlane, count: number, runs: string): Promise<void> {
  await expectEventually(plane.clock, async () => {
    const { status, metadata } = await plane.client.get(deployments, webName);
    expect(status).toMatchObject({
      observedGeneration: metadata.generation,
      replicas: count,
      updatedReplicas: count,
      readyReplicas: count,
      availableReplicas: count,
    });
    const running = await plane.list(pods, 'default');
    expect(running.map(({ spec }) => spec.containers[0]?.image)).toEqual(Array(count).fill(runs));
  });
}

describe('a Deployment', () => {
  test('becomes Pods that run on nodes, and says so', async () => {
    await using plane = await ControlPlane.start();
    await create(plane, deployment().withReplicas(3).running('web:1'));
    await expectComplete(plane, 3, 'web:1');

    const running = await plane.list(pods, 'default');
    expect(new Set(running.map(({ spec }) => spec.nodeName)).size).toBe(3);
    const [set] = await plane.list(replicasets, 'default');
    expect(set?.metadata.name).toMatch(/^web-[a-z0-9]+$/);
    expect(running[0]?.metadata.name).toMatch(new RegExp(`^${set?.metadata.name}-[a-z0-9]{5}$`));
    const { status, metadata } = await plane.client.get(deployments, webName);
    expect(metadata.annotations).toMatchObject({ 'deployment.kubernetes.io/revision': '1' });
    // That the revision is noted is no new wish.
    expect(metadata.generation).toBe(1);
    const conditions = status.conditions?.map(({ type, status, reason }) => `${type}=${status} ${reason}`);
    expect(conditions?.sort()).toEqual([
      'Available=True MinimumReplicasAvailable',
      'Progressing=True NewReplicaSetAvailable',
    ]);
    await expectEventually(plane.clock, async () => {
      const reasons = (await plane.list(events, 'default')).map(({ reason = '' }) => reason).sort();
      expect(reasons).toEqual([
        'ScalingReplicaSet',
        'Scheduled',
        'Scheduled',
        'Scheduled',
        'SuccessfulCreate',
        'SuccessfulCreate',
        'SuccessfulCreate',
      ]);
    });
  });

  test('replaces a deleted Pod before that has ended', async () => {
    await using plane = await ControlPlane.start({ kubelets: { stopMs: 20_000 } });
    await create(plane, deployment().withReplicas(3));
    await expectEventually(plane.clock, async () => {
      expect((await plane.list(pods)).filter(isReadyPod)).toHaveLength(3);
    });
    const [first] = await plane.list(pods, 'default');
    await plane.client.delete(pods, { namespace: 'default', name: first?.metadata.name ?? '' });
    await expectEventually(
      plane.clock,
      async () => expect(await plane.list(pods, 'default')).toHaveLength(4),
      100,
    );
  });

  test('rolls over to a new template within its fence posts', async () => {
    await using plane = await ControlPlane.start();
    await create(plane, deployment().withReplicas(8).rollingWith(2, 1).running('web:1'));
    await expectComplete(plane, 8, 'web:1');
    await change(plane, image('web:2'));
    let most = 0;
    let fewest = 8;
    await expectEventually(plane.clock, async () => {
      const active = (await plane.list(pods, 'default')).filter(
        ({ metadata }) => metadata.deletionTimestamp === undefined,
      );
      most = Math.max(most, active.length);
      fewest = Math.min(fewest, active.filter(isReadyPod).length);
      const { status } = await plane.client.get(deployments, webName);
      expect(status).toMatchObject({ updatedReplicas: 8, replicas: 8, availableReplicas: 8 });
    });
    await expectComplete(plane, 8, 'web:2');
    expect(most).toBe(10);
    expect(fewest).toBeGreaterThanOrEqual(7);
    expect(plane.errors).toEqual([]);
  });

  test('goes back to a template it had: the old ReplicaSet returns as a new revision', async () => {
    await using plane = await ControlPlane.start();
    await create(plane, deployment().withReplicas(2).running('web:1'));
    await expectComplete(plane, 2, 'web:1');
    await change(plane, image('web:2'));
    await expectComplete(plane, 2, 'web:2');
    await change(plane, image('web:1'));
    await expectComplete(plane, 2, 'web:1');
    const sets = await plane.list(replicasets, 'default');
    expect(sets).toHaveLength(2);
    const back = sets.find(({ spec }) => spec.replicas === 2);
    expect(back?.metadata.annotations).toMatchObject({
      'deployment.kubernetes.io/revision': '3',
      'deployment.kubernetes.io/revision-history': '1',
    });
  });

  test('stands still while paused, but follows its size', async () => {
    await using plane = await ControlPlane.start();
    await create(plane, deployment().withReplicas(2).running('web:1'));
    await expectComplete(plane, 2, 'web:1');
    await change(plane, { paused: true, ...image('web:2') });
    await expectThroughout(
      plane.clock,
      async () => expect(await plane.list(replicasets, 'default')).toHaveLength(1),
      2000,
    );
    await change(plane, { replicas: 4 });
    await expectEventually(plane.clock, async () => {
      expect((await plane.list(pods, 'default')).filter(isReadyPod)).toHaveLength(4);
    });
    await change(plane, { paused: false });
    await expectComplete(plane, 4, 'web:2');
  });

  test('recreates: no new Pod before the last old one is gone', async () => {
    await using plane = await ControlPlane.start({ kubelets: { stopMs: 3000 } });
    await create(plane, deployment().withReplicas(3).recreating().running('web:1'));
    await expectComplete(plane, 3, 'web:1');
    await change(plane, image('web:2'));
    await expectEventually(plane.clock, async () => {
      const images = new Set(
        (await plane.list(pods, 'default')).map(({ spec }) => spec.containers[0]?.image),
      );
      expect(images.size).toBeLessThanOrEqual(1);
      expect([...images]).toEqual(['web:2']);
    });
    await expectComplete(plane, 3, 'web:2');
  });

  test('that cannot get on says so at its deadline, and when it gets on after all', async () => {
    let broken = true;
    await using plane = await ControlPlane.start({
      kubelets: { isBroken: ({ spec }) => broken && spec.containers[0]?.image === 'web:2' },
    });
    await create(
      plane,
      deployment().withReplicas(2).withSpec({ progressDeadlineSeconds: 10 }).running('web:1'),
    );
    await expectComplete(plane, 2, 'web:1');
    await change(plane, image('web:2'));
    const progressing = async () => {
      const { status } = await plane.client.get(deployments, webName);
      return status.conditions?.find(({ type }) => type === 'Progressing');
    };
    await expectEventually(plane.clock, async () => {
      expect(await progressing()).toMatchObject({ status: 'False', reason: 'ProgressDeadlineExceeded' });
    });
    const ready = (await plane.list(pods, 'default')).filter(isReadyPod);
    expect(ready.map(({ spec }) => spec.containers[0]?.image)).toEqual(['web:1', 'web:1']);
    broken = false;
    for (const { metadata } of await plane.list(pods, 'default')) {
      if (!ready.some(({ metadata: { uid } }) => uid === metadata.uid)) {
        await plane.client.delete(pods, { namespace: 'default', name: metadata.name ?? '' });
      }
    }
    await expectComplete(plane, 2, 'web:2');
    expect(await progressing()).toMatchObject({ status: 'True', reason: 'NewReplicaSetAvailable' });
  });

  test('keeps no more old ReplicaSets than asked', async () => {
    await using plane = await ControlPlane.start();
    await create(plane, deployment().keepingRevisions(1).running('web:1'));
    for (const version of ['web:1', 'web:2', 'web:3', 'web:4']) {
      await change(plane, image(version));
      await expectComplete(plane, 1, version);
    }
    await expectEventually(plane.clock, async () => {
      const sets = await plane.list(replicasets, 'default');
      const revisions = sets.map(
        ({ metadata }) => metadata.annotations?.['deployment.kubernetes.io/revision'] ?? '',
      );
      expect(revisions.sort()).toEqual(['3', '4']);
    });
  });
});

describe('a ReplicaSet', () => {
  test('adopts an orphan that it selects and releases a Pod it no longer selects', async () => {
    await using plane = await ControlPlane.start();
    await create(plane, deployment().withReplicas(2));
    await expectEventually(plane.clock, async () => {
      expect((await plane.list(pods)).filter(isReadyPod)).toHaveLength(2);
    });
    const [set] = await plane.list(replicasets, 'default');
    const [one] = await plane.list(pods, 'default');
    const name = one?.metadata.name ?? '';
    await plane.client.patch(pods, { namespace: 'default', name }, 'merge', {
      metadata: { labels: { app: 'debug' } },
    });
    await expectEventually(plane.clock, async () => {
      const all = await plane.list(pods, 'default');
      expect(all).toHaveLength(3);
      const released = all.find(({ metadata }) => metadata.name === name);
      expect(released?.metadata.ownerReferences ?? []).toEqual([]);
    });
    const labels = set?.spec.template?.metadata?.labels ?? {};
    await plane.client.create(pods, pod().named('stray').labelled(labels).build());
    await expectEventually(plane.clock, async () => {
      const owned = (await plane.list(pods, 'default')).filter(
        ({ metadata }) => metadata.ownerReferences?.[0]?.uid === set?.metadata.uid,
      );
      expect(owned.filter(({ metadata }) => metadata.deletionTimestamp === undefined)).toHaveLength(2);
    });
  });
});

describe('a Pod that fits nowhere', () => {
  test('says why, and runs when room is made', async () => {
    await using plane = await ControlPlane.start({ nodes: 1 });
    await plane.client.create(pods, pod().named('large').requesting({ cpu: '6' }).build());
    const large = () => plane.client.get(pods, { namespace: 'default', name: 'large' });
    const message =
      '0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.';
    await expectEventually(plane.clock, async () => {
      const { status } = await large();
      const condition = status.conditions?.find(({ type }) => type === 'PodScheduled');
      expect(condition).toMatchObject({ status: 'False', reason: 'Unschedulable' });
      expect(condition?.message).toBe(message);
      const [event] = (await plane.list(events, 'default')).filter((each) => each.message === message);
      expect(event).toMatchObject({ type: 'Warning', reason: 'FailedScheduling', action: 'Scheduling' });
    });
    await plane.kubelets.addNode('large-node', { cpu: '8' });
    await expectEventually(plane.clock, async () => {
      const { spec, status } = await large();
      expect(spec.nodeName).toBe('large-node');
      expect(status.conditions).toContainEqual(
        expect.objectContaining({ type: 'PodScheduled', status: 'True' }),
      );
    });
  });
});
