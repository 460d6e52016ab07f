import { describe, expect, test } from 'vitest';
import {
  builtAtMs,
  node,
  pod,
  timestamp,
  type NodeBuilder,
  type PodBuilder,
} from '../../../test/builders/index.ts';
import { seededRandom } from '../../machinery/random.ts';
import { ClusterState } from '../cluster/cluster-state.ts';
import { PodFactsReader } from '../cluster/pod-facts.ts';
import { diagnose } from '../framework/diagnosis.ts';
import { PodClass } from '../framework/pod-class.ts';
import { defaultProfile } from '../plugins/index.ts';
import { planPreemption, type PreemptionPlan } from './preemption.ts';

const reader = new PodFactsReader();

function planned(
  incoming: PodBuilder,
  nodes: readonly NodeBuilder[],
  placed: readonly PodBuilder[],
): PreemptionPlan {
  const cluster = new ClusterState();
  for (const builder of nodes) cluster.setNode(builder.build());
  for (const builder of placed) {
    const built = builder.build();
    cluster.setPod(reader.read(built), built.spec.nodeName ?? '');
  }
  const facts = reader.read(incoming.build());
  const podClass = new PodClass(defaultProfile, facts, cluster);
  const before = cluster.nodes.cpu.requested.slice();
  const result = planPreemption(cluster, podClass, facts, diagnose(podClass, cluster), seededRandom(1));
  expect(cluster.nodes.cpu.requested).toEqual(before);
  return result;
}

/** Whom a Pod would evict, or why nobody. */
function plan(incoming: PodBuilder, nodes: readonly NodeBuilder[], placed: readonly PodBuilder[] = []) {
  const result = planned(incoming, nodes, placed);
  if (result.kind !== 'evict') return result.message;
  return result.candidate.victims.map((victim) => victim.pod.metadata.name);
}

const important = pod().named('important').withPriority(10).requesting({ cpu: '3' });
const running = (name: string, cpu: string, priority = 0) =>
  pod().named(name).onNode('a').withPriority(priority).requesting({ cpu });

describe('a Pod for which there is no room', () => {
  test('evicts no more than it must, and the least important', () => {
    const placed = [
      running('low', '1', 1),
      running('lower', '1', 0),
      running('mid', '1', 5),
      running('high', '1', 20),
    ];
    expect(plan(important.requesting({ cpu: '2' }), [node()], placed)).toEqual(['low', 'lower']);
  });

  test('spares of equal ones those that run longer', () => {
    const startedAt = (name: string, ms: number) =>
      running(name, '2').withStatus({ startTime: timestamp(ms) });
    const placed = [startedAt('young', builtAtMs + 9000), startedAt('old', builtAtMs)];
    expect(plan(important.requesting({ cpu: '2' }), [node()], placed)).toEqual(['young']);
  });

  test('chooses the node where the least important Pods go', () => {
    const nodes = [node(), node().named('b')];
    const placed = [running('a1', '4', 5), running('b1', '4', 1).onNode('b')];
    expect(plan(important, nodes, placed)).toEqual(['b1']);
  });

  test('chooses the node where fewer go', () => {
    const nodes = [node(), node().named('b')];
    const placed = [running('a1', '2'), running('a2', '2'), running('b1', '4').onNode('b')];
    expect(plan(important, nodes, placed)).toEqual(['b1']);
  });
});

describe('nobody is evicted', () => {
  test('by a Pod that is not more important', () => {
    expect(plan(important.withPriority(0), [node()], [running('low', '4')])).toBe(
      '0/1 nodes are available: 1 No preemption victims found for incoming pod.',
    );
  });

  test('where that would not help', () => {
    const nodes = [node().tainted('team', 'NoSchedule'), node().named('b')];
    const placed = [running('b1', '4', 20).onNode('b'), running('low', '1')];
    expect(plan(important, nodes, placed)).toBe(
      '0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.',
    );
  });

  test('where too little would be gained', () => {
    const placed = [running('low', '1'), running('high', '3', 20)];
    expect(plan(important, [node()], placed)).toBe('0/1 nodes are available: 1 Insufficient cpu.');
  });

  test('by a Pod whose victims are still ending, unless their node takes it no more', () => {
    const nominated = important.withStatus({ nominatedNodeName: 'a' });
    const placed = [running('ending', '4').terminating(), running('low', '4').onNode('b')];
    const nodes = [node(), node().named('b')];
    expect(planned(nominated, nodes, placed)).toEqual({
      kind: 'ineligible',
      slot: 0,
      message: 'not eligible due to a terminating pod on the nominated node.',
    });
    const gone = [node().tainted('node.kubernetes.io/unreachable', 'NoExecute'), node().named('b')];
    expect(plan(nominated, gone, placed)).toEqual(['low']);
  });

  test('by a Pod that does not want it', () => {
    const placed = [running('low', '4').terminating()];
    expect(planned(important.withSpec({ preemptionPolicy: 'Never' }), [node()], placed)).toEqual({
      kind: 'ineligible',
      message: 'not eligible due to preemptionPolicy=Never.',
    });
  });
});
