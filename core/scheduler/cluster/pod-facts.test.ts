import { expect, test } from 'vitest';
import { node, pod, type PodBuilder } from '../../../test/builders/index.ts';
import type { Pod } from '../../api/generated/core-v1.ts';
import type { Handle } from '../../client/client.ts';
import { PodClass } from '../framework/pod-class.ts';
import { diagnose } from '../framework/diagnosis.ts';
import { defaultProfile } from '../plugins/index.ts';
import { ClusterState } from './cluster-state.ts';
import { PodFactsReader, type PodFacts } from './pod-facts.ts';

const reader = new PodFactsReader();

/** Facts that are all there is: whoever reads the Pod again finds out. */
function forgotten(builder: PodBuilder): PodFacts {
  const handle: Handle<Pod> = {
    get object(): Pod {
      throw new Error('The Pod was read again');
    },
    resourceVersion: '7',
  };
  return reader.read(builder.build(), handle);
}

function kept(builder: PodBuilder): PodFacts {
  return reader.read(builder.build());
}

test('the facts of a Pod are its own, and the Pod is read for the rest', () => {
  const facts = forgotten(pod().named('web').inNamespace('shop').labelled({ app: 'web' }).withPriority(7));
  expect(facts).toMatchObject({
    key: 'shop/web',
    namespace: 'shop',
    name: 'web',
    labels: { app: 'web' },
    priority: 7,
    isTerminating: false,
    nominatedNodeName: '',
    resourceVersion: '7',
  });
  expect(() => facts.pod).toThrow('read again');
  const built = pod().named('api').build();
  expect(reader.read(built).pod).toBe(built);
});

test('Pods on nodes are counted, spread among, kept away from and left without being read again', () => {
  const cluster = new ClusterState();
  for (const name of ['a', 'b']) cluster.setNode(node().named(name).build());
  const web = pod().labelled({ app: 'web' }).requesting({ cpu: '1' });
  const selector = { matchLabels: { app: 'web' } };
  const placed = forgotten(web.named('web-1').onNode('a'));
  cluster.setPod(placed, 'a');
  const topologyKey = 'kubernetes.io/hostname';
  const incoming = [
    web.spreadOver({
      maxSkew: 1,
      topologyKey,
      whenUnsatisfiable: 'DoNotSchedule',
      labelSelector: selector,
    }),
    web.withAffinity({
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey, labelSelector: selector }],
      },
    }),
  ].map((builder) => new PodClass(defaultProfile, kept(builder.named('web-2')), cluster));
  for (const podClass of incoming) {
    expect(diagnose(podClass, cluster).nodeCount).toBe(2);
    expect([0, 1].map((slot) => podClass.allows(slot))).toEqual([false, true]);
  }
  cluster.setPod(forgotten(web.named('web-1').onNode('b').ready()), 'b');
  for (const podClass of incoming) expect([0, 1].map((slot) => podClass.allows(slot))).toEqual([true, false]);
  cluster.removePod(placed.uid);
  for (const podClass of incoming) expect([0, 1].map((slot) => podClass.allows(slot))).toEqual([true, true]);
});
