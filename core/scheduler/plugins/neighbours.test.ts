import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { node, pod, type PodBuilder } from '../../../test/builders/index.ts';
import type { PodAffinityTerm, TopologySpreadConstraint } from '../../api/generated/core-v1.ts';
import { ClusterState } from '../cluster/cluster-state.ts';
import { PodFactsReader } from '../cluster/pod-facts.ts';
import { PodClass } from '../framework/pod-class.ts';
import { defaultProfile } from './index.ts';

const zone = 'topology.kubernetes.io/zone';
const host = 'kubernetes.io/hostname';
const reader = new PodFactsReader();

/** Nodes x1, x2 of zone x, y1 of zone y, and one that is in none. */
function zones() {
  const state = new ClusterState();
  for (const name of ['x1', 'x2', 'y1'])
    state.setNode(
      node()
        .named(name)
        .inZone(name[0] ?? '')
        .build(),
    );
  state.setNode(node().named('bare').build());
  return state;
}

function place(state: ClusterState, nodeName: string, ...builders: readonly PodBuilder[]) {
  for (const builder of builders) state.setPod(reader.read(builder.onNode(nodeName).build()), nodeName);
}

function classOf(state: ClusterState, builder: PodBuilder): PodClass {
  return new PodClass(defaultProfile, reader.read(builder.build()), state);
}

/** The nodes that take the Pod. */
function takers(state: ClusterState, podClass: PodClass): readonly string[] {
  return [...state.nodes.order]
    .filter((slot) => podClass.allows(slot))
    .map((slot) => state.nodes.nameAt(slot));
}

function bestOf(state: ClusterState, builder: PodBuilder): string {
  const { order } = state.nodes;
  const podClass = classOf(state, builder);
  for (const slot of order) podClass.allows(slot);
  const totals = new Float64Array(order.length);
  podClass.score(order, order.length, totals);
  return state.nodes.nameAt(order[totals.indexOf(Math.max(...totals))] ?? -1);
}

const web = (name: string) => pod().named(name).labelled({ app: 'web' });
const selector = { matchLabels: { app: 'web' } };

describe('topology spread', () => {
  const over = (key: string, more: Partial<TopologySpreadConstraint> = {}): TopologySpreadConstraint => ({
    topologyKey: key,
    maxSkew: 1,
    whenUnsatisfiable: 'DoNotSchedule',
    labelSelector: selector,
    ...more,
  });

  test('keeps domains even, and needs the label', () => {
    const state = zones();
    place(state, 'x1', web('a'));
    const podClass = classOf(state, web('new').spreadOver(over(zone)));
    expect(takers(state, podClass)).toEqual(['y1']);
    expect(podClass.explain(state.nodes.slotOf('x2') ?? -1)[0]).toMatchObject({
      reason: "node(s) didn't match pod topology spread constraints",
      resolvable: true,
    });
    expect(podClass.explain(state.nodes.slotOf('bare') ?? -1)[0]?.reason).toBe(
      "node(s) didn't match pod topology spread constraints (missing required label)",
    );
  });

  test('follows Pods and nodes as they come and go', () => {
    const state = zones();
    const podClass = classOf(state, web('new').spreadOver(over(zone)));
    expect(takers(state, podClass).length).toBe(3);
    place(state, 'x1', web('a'));
    expect(takers(state, podClass)).toEqual(['y1']);
    place(state, 'y1', web('b'));
    expect(takers(state, podClass).length).toBe(3);
    state.removePod('pod-b');
    expect(takers(state, podClass)).toEqual(['y1']);
    state.setNode(node().named('z1').inZone('z').build());
    expect([...takers(state, podClass)].sort()).toEqual(['y1', 'z1']);
  });

  test('counts neither other Pods, nor other namespaces, nor those on their way out', () => {
    const state = zones();
    place(
      state,
      'x1',
      pod().named('db').labelled({ app: 'db' }),
      web('b').inNamespace('other'),
      web('c').terminating(),
    );
    expect(takers(state, classOf(state, web('new').spreadOver(over(zone)))).length).toBe(3);
  });

  test('counts missing domains as empty, and only nodes that the Pod may use', () => {
    const state = zones();
    place(state, 'x1', web('a'));
    place(state, 'y1', web('b'));
    expect(takers(state, classOf(state, web('new').spreadOver(over(zone, { minDomains: 3 }))))).toEqual([]);
    const onlyX = { key: zone, operator: 'In' as const, values: ['x'] };
    const nodeAffinity = {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [onlyX] }] },
    };
    const choosy = web('new').withAffinity({ nodeAffinity }).spreadOver(over(host));
    expect(takers(state, classOf(state, choosy))).toEqual(['x2']);
  });

  test('tells revisions apart by the keys to match', () => {
    const state = zones();
    place(state, 'x1', web('old').labelled({ revision: '1' }));
    const next = web('new')
      .labelled({ revision: '2' })
      .spreadOver(over(zone, { matchLabelKeys: ['revision'] }));
    expect(takers(state, classOf(state, next)).length).toBe(3);
  });

  test('that is only wished for draws Pods to the emptier domain', () => {
    const state = zones();
    place(state, 'x1', web('a'), web('b'));
    expect(bestOf(state, web('new').spreadOver(over(zone, { whenUnsatisfiable: 'ScheduleAnyway' })))).toBe(
      'y1',
    );
  });

  test('counted step by step is the same as counted afresh', () => {
    const step = fc.record({
      id: fc.nat({ max: 8 }),
      node: fc.constantFrom('x1', 'x2', 'y1'),
      add: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const state = zones();
        const newcomer = web('new').spreadOver(over(zone), over(host, { maxSkew: 2 }));
        const kept = classOf(state, newcomer);
        for (const { id, node: name, add } of steps) {
          if (add) place(state, name, web(`p${id}`));
          else state.removePod(`pod-p${id}`);
          expect(takers(state, kept)).toEqual(takers(state, classOf(state, newcomer)));
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('affinity between Pods', () => {
  const near = (topologyKey: string, more: Partial<PodAffinityTerm> = {}): PodAffinityTerm => ({
    topologyKey,
    labelSelector: selector,
    ...more,
  });
  const wanting = (name: string, term: PodAffinityTerm) =>
    pod()
      .named(name)
      .withAffinity({ podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } });
  const avoiding = (name: string, term: PodAffinityTerm) =>
    pod()
      .named(name)
      .withAffinity({ podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } });
  const reasonAt = (state: ClusterState, name: string, builder: PodBuilder) =>
    classOf(state, builder).explain(state.nodes.slotOf(name) ?? -1)[0]?.reason;

  test('brings a Pod to where the wanted ones are', () => {
    const state = zones();
    place(state, 'x1', web('a'));
    expect(takers(state, classOf(state, wanting('db', near(zone))))).toEqual(['x1', 'x2']);
    expect(takers(state, classOf(state, wanting('db', near(host))))).toEqual(['x1']);
    expect(reasonAt(state, 'y1', wanting('db', near(zone)))).toBe("node(s) didn't match pod affinity rules");
  });

  test('lets the first of those that want each other begin anywhere', () => {
    const state = zones();
    expect(takers(state, classOf(state, wanting('db', near(zone))))).toEqual([]);
    const first = wanting('db', near(zone)).labelled({ app: 'web' });
    expect(takers(state, classOf(state, first))).toEqual(['x1', 'y1', 'x2']);
  });

  test('keeps a Pod away from those it avoids, and from those that avoid it', () => {
    const state = zones();
    place(state, 'x1', web('a'));
    expect([...takers(state, classOf(state, avoiding('db', near(zone))))].sort()).toEqual(['bare', 'y1']);
    expect(reasonAt(state, 'x2', avoiding('db', near(zone)))).toBe(
      "node(s) didn't match pod anti-affinity rules",
    );
    const shy = zones();
    place(shy, 'x1', avoiding('shy', near(zone)));
    expect([...takers(shy, classOf(shy, web('new')))].sort()).toEqual(['bare', 'y1']);
    expect(reasonAt(shy, 'x2', web('new'))).toBe("node(s) didn't satisfy existing pods anti-affinity rules");
  });

  test('is about the own namespace unless others are named or selected', () => {
    const state = zones();
    place(state, 'x1', web('a').inNamespace('shop'));
    expect(takers(state, classOf(state, wanting('db', near(host))))).toEqual([]);
    expect(takers(state, classOf(state, wanting('db', near(host, { namespaces: ['shop'] }))))).toEqual([
      'x1',
    ]);
    const selected = near(host, { namespaceSelector: { matchLabels: { team: 'blue' } } });
    const podClass = classOf(state, wanting('db', selected));
    expect(takers(state, podClass)).toEqual([]);
    state.setNamespace('shop', { team: 'blue' });
    expect(takers(state, podClass)).toEqual(['x1']);
    expect(takers(state, classOf(state, wanting('db', near(host, { namespaceSelector: {} }))))).toEqual([
      'x1',
    ]);
  });

  test('that is only preferred decides between nodes', () => {
    const state = zones();
    place(state, 'y1', web('a'));
    const preferring = (kind: 'podAffinity' | 'podAntiAffinity') =>
      pod()
        .named('db')
        .withAffinity({
          [kind]: {
            preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: near(zone) }],
          },
        });
    expect(bestOf(state, preferring('podAffinity'))).toBe('y1');
    expect(bestOf(state, preferring('podAntiAffinity'))).not.toBe('y1');
  });

  test('counted step by step is the same as counted afresh', () => {
    const kinds = [
      web,
      (name: string) => avoiding(name, near(zone)),
      (name: string) => wanting(name, near(host)),
    ];
    const step = fc.record({
      id: fc.nat({ max: 6 }),
      kind: fc.nat({ max: 2 }),
      node: fc.constantFrom('x1', 'x2', 'y1', 'bare'),
      add: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const state = zones();
        place(
          state,
          'bare',
          avoiding('first', near(host, { labelSelector: { matchLabels: { app: 'none' } } })),
        );
        const newcomer = avoiding('new', near(host)).labelled({ app: 'web' });
        const kept = classOf(state, newcomer);
        for (const { id, kind, node: name, add } of steps) {
          if (add) place(state, name, (kinds[kind] ?? web)(`p${id}-${kind}`));
          else state.removePod(`pod-p${id}-${kind}`);
          expect(takers(state, kept)).toEqual(takers(state, classOf(state, newcomer)));
        }
      }),
      { numRuns: 30 },
    );
  });
});
