import { describe, expect, test } from 'vitest';
import { isNotFound } from '../../core/api/errors.ts';
import {
  configmaps,
  deployments,
  events,
  namespaces,
  pods,
  priorityclasses,
  replicasets,
  secrets,
} from '../../core/api/generated/resources.ts';
import { configMap, deployment, namespace, pod, secret } from '../builders/index.ts';
import { expectEventually, expectThroughout } from '../expectations/eventually.ts';
import { ControlPlane, isReadyPod } from './control-plane.ts';

const web = { namespace: 'default', name: 'web' };

async function startWithWeb(options: Parameters<typeof ControlPlane.start>[0] = {}): Promise<ControlPlane> {
  const plane = await ControlPlane.start(options);
  await plane.client.create(deployments, deployment().withReplicas(3).build());
  await expectEventually(plane.clock, async () => {
    expect((await plane.list(pods)).filter(isReadyPod)).toHaveLength(3);
  });
  return plane;
}

async function counts(plane: ControlPlane): Promise<readonly number[]> {
  const lists = await Promise.all([plane.list(deployments), plane.list(replicasets), plane.list(pods)]);
  return lists.map((list) => list.length);
}

describe('deleting a Deployment', () => {
  test('takes its ReplicaSets and Pods with it', async () => {
    await using plane = await startWithWeb();
    await plane.client.delete(deployments, web);
    await expectEventually(plane.clock, async () => expect(await counts(plane)).toEqual([0, 0, 0]));
  });

  test('in the foreground keeps it until the last Pod has ended', async () => {
    await using plane = await startWithWeb({ kubelets: { stopMs: 2000 } });
    await plane.client.delete(deployments, web, { propagationPolicy: 'Foreground' });
    await expectThroughout(plane.clock, async () => expect(await counts(plane)).toEqual([1, 1, 3]), 1500);
    await expectEventually(plane.clock, async () => expect(await counts(plane)).toEqual([0, 0, 0]));
  });

  test('may leave its ReplicaSets behind, which a new one of the same name adopts', async () => {
    await using plane = await startWithWeb();
    const before = (await plane.list(pods)).map(({ metadata }) => metadata.uid);
    await plane.client.delete(deployments, web, { propagationPolicy: 'Orphan' });
    await expectEventually(plane.clock, async () => {
      expect(await counts(plane)).toEqual([0, 1, 3]);
      const [set] = await plane.list(replicasets);
      expect(set?.metadata.ownerReferences ?? []).toEqual([]);
    });
    const again = await plane.client.create(deployments, deployment().withReplicas(3).build());
    await expectEventually(plane.clock, async () => {
      const [set] = await plane.list(replicasets);
      expect(set?.metadata.ownerReferences?.[0]?.uid).toBe(again.metadata.uid);
    });
    expect((await plane.list(pods)).map(({ metadata }) => metadata.uid)).toEqual(before);
  });
});

describe('an object with several owners', () => {
  test('stays with the last of them', async () => {
    await using plane = await ControlPlane.start({ nodes: 0 });
    const { client, clock } = plane;
    const a = await client.create(configmaps, configMap().named('a').build());
    const b = await client.create(configmaps, configMap().named('b').build());
    const reference = { controller: false, blockOwnerDeletion: false };
    const shared = secret().named('shared').ownedBy(a, reference).ownedBy(b, reference);
    await client.create(secrets, shared.build());
    const name = { namespace: 'default', name: 'shared' };
    await client.delete(configmaps, { namespace: 'default', name: 'a' });
    await expectEventually(clock, async () => {
      const { metadata } = await client.get(secrets, name);
      expect(metadata.ownerReferences?.map(({ uid }) => uid)).toEqual([b.metadata.uid]);
    });
    await client.delete(configmaps, { namespace: 'default', name: 'b' });
    await expectEventually(clock, async () => {
      await expect(client.get(secrets, name)).rejects.toSatisfy(isNotFound);
    });
  });

  test('is owned by nothing in another namespace, whatever it says: it goes, and the other stays', async () => {
    await using plane = await ControlPlane.start({ nodes: 0 });
    const { client, clock } = plane;
    await client.create(namespaces, namespace().named('elsewhere').build());
    const far = await client.create(configmaps, configMap().named('far').inNamespace('elsewhere').build());
    const expectGone = (name: string) =>
      expectEventually(clock, async () => {
        await expect(client.get(secrets, { namespace: 'default', name })).rejects.toSatisfy(isNotFound);
      });
    const warned = (regarding: object, where: string) =>
      expectEventually(clock, async () => {
        const told = await plane.list(events, 'default');
        expect(told.filter(({ reason }) => reason === 'OwnerRefInvalidNamespace')).toContainEqual(
          expect.objectContaining({
            type: 'Warning',
            message: `ownerRef [v1/ConfigMap, namespace: ${where}, name: far, uid: ${far.metadata.uid}] does not exist in namespace "${where}"`,
            source: { component: 'garbage-collector-controller' },
            involvedObject: expect.objectContaining(regarding) as unknown,
          }),
        );
      });
    await client.create(secrets, secret().named('claimed').ownedBy(far).build());
    await expectGone('claimed');
    await warned({ kind: 'Secret', name: 'claimed' }, 'default');
    await plane.stopManagers();
    await client.create(secrets, secret().named('claimed-before').ownedBy(far).build());
    plane.startManagers();
    await expectGone('claimed-before');
    await warned({ kind: 'Secret', name: 'claimed-before' }, 'default');
    const { metadata } = await client.get(configmaps, { namespace: 'elsewhere', name: 'far' });
    expect(metadata.uid).toBe(far.metadata.uid);
    const { ownerReferences = [] } = secret().ownedBy(far).build().metadata;
    // Nobody can say where the owner of what is in no namespace is: it stays, and is warned of.
    await client.create(priorityclasses, { metadata: { name: 'wide', ownerReferences }, value: 1 });
    await warned({ kind: 'PriorityClass', name: 'wide' }, '');
    await client.get(priorityclasses, { name: 'wide' });
  });

  test('goes when its owner was gone before the collector began, and stays when one of its kind is unknown', async () => {
    await using plane = await ControlPlane.start({ nodes: 0 });
    const { client, clock } = plane;
    await plane.stopManagers();
    const gone = configMap().named('gone').build();
    await client.create(configmaps, configMap().named('lost').ownedBy(gone).build());
    const strange = { apiVersion: 'example.com/v1', kind: 'Strange' };
    await client.create(configmaps, configMap().named('odd').ownedBy(gone, strange).build());
    plane.startManagers();
    await expectEventually(clock, async () => {
      const names = (await plane.list(configmaps, 'default')).map(({ metadata }) => metadata.name);
      expect(names).not.toContain('lost');
      expect(names).toContain('odd');
    });
    expect(plane.errors.join()).toContain('no kind "Strange" in "example.com/v1" is served');
  });
});

describe('deleting a namespace', () => {
  test('empties it, Pods first, and then lets it go', async () => {
    await using plane = await ControlPlane.start({ kubelets: { stopMs: 1000 } });
    const { client, clock } = plane;
    await client.create(namespaces, namespace().named('shop').build());
    await client.create(deployments, deployment().inNamespace('shop').withReplicas(2).build());
    await client.create(configmaps, configMap().inNamespace('shop').build());
    await client.create(configmaps, configMap().inNamespace('default').build());
    await expectEventually(clock, async () => {
      expect((await plane.list(pods, 'shop')).filter(isReadyPod)).toHaveLength(2);
    });
    await client.delete(namespaces, { name: 'shop' });
    await expectEventually(clock, async () => {
      const { status } = await client.get(namespaces, { name: 'shop' });
      expect(status.phase).toBe('Terminating');
      expect(status.conditions).toContainEqual(
        expect.objectContaining({
          type: 'NamespaceContentRemaining',
          status: 'True',
          message: 'Some resources are remaining: pods. has 2 resource instances',
        }),
      );
      // The settings stay as long as a Pod may need them.
      expect((await plane.list(configmaps, 'shop')).map(({ metadata }) => metadata.name)).toContain(
        'settings',
      );
    });
    await expectEventually(clock, async () => {
      await expect(client.get(namespaces, { name: 'shop' })).rejects.toSatisfy(isNotFound);
    });
    expect(await plane.list(deployments, 'shop')).toEqual([]);
    expect((await plane.list(configmaps, 'default')).map(({ metadata }) => metadata.name)).toContain(
      'settings',
    );
  });

  test('waits for a finalizer and says whose it is', async () => {
    await using plane = await ControlPlane.start({ nodes: 0 });
    const { client, clock } = plane;
    await client.create(namespaces, namespace().named('shop').build());
    await client.create(
      configmaps,
      configMap().inNamespace('shop').withFinalizers('example.com/guard').build(),
    );
    await client.delete(namespaces, { name: 'shop' });
    await expectEventually(clock, async () => {
      const { status } = await client.get(namespaces, { name: 'shop' });
      expect(status.conditions).toContainEqual(
        expect.objectContaining({
          type: 'NamespaceFinalizersRemaining',
          status: 'True',
          reason: 'SomeFinalizersRemain',
          message:
            'Some content in the namespace has finalizers remaining: example.com/guard in 1 resource instances',
        }),
      );
    });
    const name = { namespace: 'shop', name: 'settings' };
    await client.patch(configmaps, name, 'merge', { metadata: { finalizers: null } });
    await expectEventually(
      clock,
      async () => {
        await expect(client.get(namespaces, { name: 'shop' })).rejects.toSatisfy(isNotFound);
      },
      1000,
    );
  });

  test('copes with ten thousand Pods', async () => {
    await using plane = await ControlPlane.start({ nodes: 0 });
    const { client, clock } = plane;
    await client.create(namespaces, namespace().named('crowd').build());
    const builder = pod().inNamespace('crowd');
    for (let i = 0; i < 10_000; i += 500) {
      await Promise.all(
        Array.from({ length: 500 }, (_, j) => client.create(pods, builder.named(`p${i + j}`).build())),
      );
    }
    await client.delete(namespaces, { name: 'crowd' });
    await expectEventually(clock, async () => {
      await expect(client.get(namespaces, { name: 'crowd' })).rejects.toSatisfy(isNotFound);
    });
    expect(await plane.list(pods, 'crowd')).toEqual([]);
  });
});
