import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Pod } from '../../api/generated/core-v1.ts';
import { nodes, poddisruptionbudgets, pods } from '../../api/generated/resources.ts';
import { node, pod, replicaSet } from '../../../test/builders/index.ts';
import { createTestApi, type TestApi } from '../../../test/environment/api.ts';
import { expectEventually } from '../../../test/expectations/eventually.ts';
import { drainNode, planDrain } from './nodes.ts';

describe('draining a node', () => {
  const signal = AbortSignal.timeout(60_000);
  let api: TestApi;

  beforeEach(async () => {
    api = await createTestApi();
    await api.client.create(nodes, node().named('a').build());
  });

  afterEach(() => api.close());

  const owner = (kind: string) => ({ ...replicaSet().named('owner').withUid('owner').build(), kind });
  const onNode = (name: string) =>
    pod().named(name).onNode('a').withSpec({ terminationGracePeriodSeconds: 0 });
  const create = (object: Pod) => api.client.create(pods, object);
  const names = (list: readonly Pod[]) => list.map(({ metadata }) => metadata.name);

  test('tells Pods that come back from those that do not, and from those that stay', async () => {
    await create(onNode('web').ownedBy(owner('ReplicaSet')).build());
    await create(onNode('daemon').ownedBy(owner('DaemonSet')).build());
    await create(
      onNode('alone')
        .withSpec({ volumes: [{ name: 'files', emptyDir: {} }] })
        .build(),
    );
    const plan = await planDrain(api.client, 'a', signal);
    expect(names(plan.evicted)).toEqual(['web']);
    expect(names(plan.lost)).toEqual(['alone']);
    expect(names(plan.withLocalData)).toEqual(['alone']);
    expect(names(plan.staying)).toEqual(['daemon']);
  });

  test('cordons the node and waits until its Pods are gone', async () => {
    await create(onNode('one').build());
    await create(onNode('two').build());
    const plan = await planDrain(api.client, 'a', signal);
    const gone: string[] = [];
    await drainNode(api.client, 'a', plan, {
      clock: api.clock,
      signal,
      onPod: ({ metadata: { name = '' } }, state) => state === 'gone' && gone.push(name),
    });
    expect(gone.toSorted()).toEqual(['one', 'two']);
    expect((await api.client.get(nodes, { name: 'a' })).spec.unschedulable).toBe(true);
    expect((await api.client.list(pods)).items).toEqual([]);
  });

  test('waits where a disruption budget holds a Pod back, and asks again', async () => {
    await create(onNode('kept').labelled({ app: 'kept' }).ready().build());
    const stored = await api.client.get(pods, { namespace: 'default', name: 'kept' });
    await api.client.updateStatus(pods, {
      ...stored,
      status: onNode('kept').inPhase('Running').ready().build().status,
    });
    await api.client.create(poddisruptionbudgets, {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { namespace: 'default', name: 'kept' },
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'kept' } } },
    });
    const states: string[] = [];
    const drained = drainNode(api.client, 'a', await planDrain(api.client, 'a', signal), {
      clock: api.clock,
      signal,
      onPod: (_pod, state) => states.push(state),
    });
    await expectEventually(api.clock, () => expect(states).toContain('held back'));
    await api.client.delete(poddisruptionbudgets, { namespace: 'default', name: 'kept' });
    await expectEventually(api.clock, () => expect(states).toContain('gone'));
    await drained;
  });
});
