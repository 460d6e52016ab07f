import { expect, test } from 'vitest';
import { node, pod } from '../../test/builders/index.ts';
import { seededRandom } from '../machinery/random.ts';
import { ClusterState } from './cluster/cluster-state.ts';
import { PodFactsReader } from './cluster/pod-facts.ts';
import { PodClasses } from './framework/pod-classes.ts';
import { enoughCandidates, Placement } from './placement.ts';
import { defaultProfile } from './plugins/index.ts';

const reader = new PodFactsReader();

function newCluster(nodeCount: number) {
  const cluster = new ClusterState();
  for (let i = 0; i < nodeCount; i++) cluster.setNode(node().named(`n${i}`).build());
  const classes = new PodClasses(defaultProfile, cluster);
  const placement = new Placement(cluster, seededRandom(1));
  const place = (name: string, cpu: string) => {
    const facts = reader.read(pod().named(name).requesting({ cpu, memory: '500Mi' }).build());
    const slot = placement.findSlot(classes.of(facts));
    if (slot !== undefined) cluster.assume(facts, slot);
    return slot;
  };
  return { cluster, classes, placement, place };
}

test.each([
  [1, 1],
  [99, 99],
  [100, 100],
  [500, 230],
  [5000, 500],
  [10_000, 500],
])('of %i nodes, %i that fit are enough', (nodeCount, enough) => {
  expect(enoughCandidates(nodeCount)).toBe(enough);
});

test('Pods spread evenly until the cluster is full, and no node is overcommitted', () => {
  const { cluster, place } = newCluster(10);
  for (let i = 0; i < 40; i++) {
    expect(place(`p${i}`, '1')).toBeDefined();
    const counts = [...cluster.nodes.order].map((slot) => cluster.nodes.podCount[slot] ?? 0);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  }
  expect(place('one too many', '1')).toBeUndefined();
});

test('a search that fails is not repeated until something changes', () => {
  const { cluster, classes, place } = newCluster(2);
  expect(place('large', '5')).toBeUndefined();
  const large = classes.of(reader.read(pod().requesting({ cpu: '5', memory: '500Mi' }).build()));
  expect(large.isHopeless).toBe(true);
  cluster.setNode(node().named('larger').withRoomFor({ cpu: '8' }).build());
  expect(large.isHopeless).toBe(false);
  expect(cluster.nodes.nameAt(place('large', '5') ?? -1)).toBe('larger');
});

test('equal nodes are chosen by chance', () => {
  const chosen = new Set(
    Array.from({ length: 20 }, () => newCluster(50)).map(({ place }, i) => place(`p${i}`, '1')),
  );
  // One seed, one choice.
  expect(chosen.size).toBe(1);
  const { cluster, classes, placement } = newCluster(50);
  const facts = reader.read(pod().build());
  const slots = new Set(Array.from({ length: 50 }, () => placement.findSlot(classes.of(facts))));
  expect(slots.size).toBeGreaterThan(10);
  expect(cluster.nodes.order).toHaveLength(50);
});
