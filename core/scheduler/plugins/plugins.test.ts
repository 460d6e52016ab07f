import { describe, expect, test } from 'vitest';
import { node, pod, type NodeBuilder, type PodBuilder } from '../../../test/builders/index.ts';
import type { NodeSelectorRequirement, NodeSelectorTerm } from '../../api/generated/core-v1.ts';
import { ClusterState } from '../cluster/cluster-state.ts';
import { PodFactsReader } from '../cluster/pod-facts.ts';
import { describeDiagnosis, diagnose, explainNodes } from '../framework/diagnosis.ts';
import { PodClass } from '../framework/pod-class.ts';
import { defaultProfile } from './index.ts';

const reader = new PodFactsReader();

function cluster(nodes: readonly NodeBuilder[], placed: readonly PodBuilder[] = []) {
  const state = new ClusterState();
  for (const builder of nodes) state.setNode(builder.build());
  for (const builder of placed) {
    const built = builder.build();
    state.setPod(reader.read(built), built.spec.nodeName ?? '');
  }
  return state;
}

/** What one node has against a Pod; an empty text when it takes it. */
function verdict(onNode: NodeBuilder, forPod: PodBuilder, placed: readonly PodBuilder[] = []): string {
  const state = cluster([onNode], placed);
  const podClass = new PodClass(defaultProfile, reader.read(forPod.build()), state);
  const [explained] = explainNodes(podClass, state);
  return (explained?.rejections ?? []).map(({ plugin, reason }) => `${plugin}: ${reason}`).join('; ');
}

function scores(forPod: PodBuilder, nodes: readonly NodeBuilder[], placed: readonly PodBuilder[] = []) {
  const state = cluster(nodes, placed);
  const podClass = new PodClass(defaultProfile, reader.read(forPod.build()), state);
  const { order } = state.nodes;
  for (const slot of order) expect(podClass.allows(slot)).toBe(true);
  const totals = new Float64Array(order.length);
  podClass.score(order, order.length, totals);
  return Object.fromEntries([...order].map((slot, i) => [state.nodes.nameAt(slot), totals[i] ?? 0]));
}

describe('resources', () => {
  test('a Pod fits exactly into what is left', () => {
    const busy = pod().named('busy').onNode('a').requesting({ cpu: '3', memory: '30Gi' });
    expect(verdict(node(), pod().requesting({ cpu: '1', memory: '2Gi' }), [busy])).toBe('');
    expect(verdict(node(), pod().requesting({ cpu: '1001m', memory: '3Gi' }), [busy])).toBe(
      'NodeResourcesFit: Insufficient cpu; NodeResourcesFit: Insufficient memory',
    );
  });

  test('what no node offers is insufficient, and a node may be full of Pods', () => {
    expect(verdict(node(), pod().requesting({ 'example.com/gpu': '1' }))).toBe(
      'NodeResourcesFit: Insufficient example.com/gpu',
    );
    expect(verdict(node().withRoomFor({ pods: '1' }), pod(), [pod().named('one').onNode('a')])).toBe(
      'NodeResourcesFit: Too many pods',
    );
  });

  test('init containers count by the largest, sidecars with everything that runs beside them', () => {
    const init = (cpu: string, restartPolicy?: string) => ({
      name: `init-${cpu}`,
      resources: { requests: { cpu } },
      ...(restartPolicy === undefined ? {} : { restartPolicy }),
    });
    const main = pod().requesting({ cpu: '2' });
    expect(verdict(node(), main.withInitContainer(init('4')))).toBe('');
    expect(verdict(node(), main.withInitContainer(init('5')))).toMatch('Insufficient cpu');
    expect(verdict(node(), main.withInitContainer(init('2', 'Always')))).toBe('');
    expect(verdict(node(), main.withInitContainer(init('3', 'Always')))).toMatch('Insufficient cpu');
    const sidecarThenInit = main.withInitContainer(init('1', 'Always')).withInitContainer(init('4'));
    expect(verdict(node(), sidecarThenInit)).toMatch('Insufficient cpu');
  });

  test('the explanation says what is left, and whether room could be made', () => {
    const state = cluster([node()], [pod().named('busy').onNode('a').requesting({ cpu: '3880m' })]);
    const refusal = (cpu: string) => {
      const podClass = new PodClass(defaultProfile, reader.read(pod().requesting({ cpu }).build()), state);
      return explainNodes(podClass, state)[0]?.rejections[0];
    };
    expect(refusal('500m')).toMatchObject({ detail: 'needs 500m, 120m of 4 left', resolvable: true });
    expect(refusal('5')).toMatchObject({ detail: 'needs 5, 120m of 4 left', resolvable: false });
  });

  test('the emptier node is the better one', () => {
    const busy = pod().named('busy').onNode('a').requesting({ cpu: '2', memory: '16Gi' });
    const { a = 0, b = 0 } = scores(
      pod().requesting({ cpu: '1', memory: '8Gi' }),
      [node(), node().named('b')],
      [busy],
    );
    expect(b).toBeGreaterThan(a);
  });

  test('of two that are equally full the balanced one is the better one', () => {
    const lopsided = pod().named('x').onNode('a').requesting({ cpu: '2', memory: '1Gi' });
    const even = pod().named('y').onNode('b').requesting({ cpu: '1', memory: '9Gi' });
    const { a = 0, b = 0 } = scores(
      pod().requesting({ cpu: '1', memory: '8Gi' }),
      [node(), node().named('b')],
      [lopsided, even],
    );
    expect(b).toBeGreaterThan(a);
  });
});

describe('taints', () => {
  const tainted = node().tainted('team', 'NoSchedule', 'blue');

  test.each([
    { toleration: { key: 'team', operator: 'Equal', value: 'blue' }, fits: true },
    { toleration: { key: 'team', operator: 'Equal', value: 'red' }, fits: false },
    { toleration: { key: 'team', operator: 'Exists' }, fits: true },
    { toleration: { operator: 'Exists' }, fits: true },
    { toleration: { key: 'team', operator: 'Exists', effect: 'NoExecute' }, fits: false },
  ] as const)('$toleration tolerates team=blue: $fits', ({ toleration, fits }) => {
    expect(verdict(tainted, pod().tolerating(toleration))).toBe(
      fits ? '' : 'TaintToleration: node(s) had untolerated taint {team: blue}',
    );
  });

  test('PreferNoSchedule only lowers the score', () => {
    const { a = 0, b = 0 } = scores(pod(), [node().tainted('old', 'PreferNoSchedule'), node().named('b')]);
    expect(b - a).toBe(300);
  });

  test('a cordoned node takes only Pods that tolerate that', () => {
    expect(verdict(node().cordoned(), pod())).toBe('NodeUnschedulable: node(s) were unschedulable');
    const toleration = { key: 'node.kubernetes.io/unschedulable', operator: 'Exists' } as const;
    expect(verdict(node().cordoned(), pod().tolerating(toleration))).toBe('');
  });
});

describe('node affinity', () => {
  const didNotMatch = "NodeAffinity: node(s) didn't match Pod's node affinity/selector";
  const requiring = (...nodeSelectorTerms: readonly NodeSelectorTerm[]) =>
    pod().withAffinity({
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
    });

  test('a node selector demands every label', () => {
    const ssd = node().labelled({ disk: 'ssd' });
    expect(verdict(ssd, pod().selectingNodes({ disk: 'ssd' }))).toBe('');
    expect(verdict(ssd, pod().selectingNodes({ disk: 'ssd', zone: 'x' }))).toBe(didNotMatch);
  });

  test('one of several terms is enough, and an empty one matches nothing', () => {
    const expression = (key: string, operator: NodeSelectorRequirement['operator'], ...values: string[]) => ({
      matchExpressions: [{ key, operator, values }],
    });
    const large = node().labelled({ cores: '64' });
    expect(verdict(large, requiring(expression('gpu', 'Exists'), expression('cores', 'Gt', '32')))).toBe('');
    expect(verdict(large, requiring(expression('cores', 'Lt', '32')))).toBe(didNotMatch);
    expect(verdict(large, requiring({}))).toBe(didNotMatch);
    const byName = { matchFields: [{ key: 'metadata.name', operator: 'In' as const, values: ['a'] }] };
    expect(verdict(large, requiring(byName))).toBe('');
  });

  test('a preference weighs twice its share of the highest', () => {
    const preferring = pod().withAffinity({
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 10, preference: { matchExpressions: [{ key: 'disk', operator: 'Exists' }] } },
        ],
      },
    });
    const { a = 0, b = 0 } = scores(preferring, [node().labelled({ disk: 'ssd' }), node().named('b')]);
    expect(a - b).toBe(200);
  });
});

describe('host ports', () => {
  const taken = pod().named('one').onNode('a').exposingHostPort(80, { hostIP: '10.0.0.1' });

  test.each([
    { port: 80, more: {}, fits: false },
    { port: 80, more: { hostIP: '10.0.0.2' }, fits: true },
    { port: 80, more: { hostIP: '10.0.0.1', protocol: 'UDP' as const }, fits: true },
    { port: 81, more: { hostIP: '10.0.0.1' }, fits: true },
  ])('port $port $more beside 10.0.0.1:80 fits: $fits', ({ port, more, fits }) => {
    expect(verdict(node(), pod().exposingHostPort(port, more), [taken])).toBe(
      fits ? '' : "NodePorts: node(s) didn't have free ports for the requested pod ports",
    );
  });
});

test('a large image that some node has draws Pods there', () => {
  const images = [{ names: ['main:1'], sizeBytes: 800 * 1024 * 1024 }];
  const { a = 0, b = 0 } = scores(pod(), [node().withStatus({ images }), node().named('b')]);
  expect(a).toBeGreaterThan(b);
});

test('the diagnosis counts nodes by reason, in order of the text', () => {
  const nodes = [
    node().named('a').withRoomFor({ cpu: '1' }),
    node().named('b').withRoomFor({ cpu: '1' }),
    node().named('c').tainted('team', 'NoSchedule', 'blue'),
    node().named('d').cordoned(),
  ];
  const state = cluster(nodes);
  const podClass = new PodClass(defaultProfile, reader.read(pod().requesting({ cpu: '2' }).build()), state);
  const diagnosis = diagnose(podClass, state);
  expect(describeDiagnosis(diagnosis)).toBe(
    '0/4 nodes are available: 1 node(s) had untolerated taint {team: blue}, 1 node(s) were unschedulable, 2 Insufficient cpu.',
  );
  expect([...diagnosis.refusedBy].sort()).toEqual([
    'NodeResourcesFit',
    'NodeUnschedulable',
    'TaintToleration',
  ]);
});
