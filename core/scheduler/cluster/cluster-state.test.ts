import { expect, test } from 'vitest';
import { node, pod } from '../../../test/builders/index.ts';
import { ClusterState } from './cluster-state.ts';
import { PodFactsReader } from './pod-facts.ts';

const reader = new PodFactsReader();
const web = reader.read(pod().named('web').requesting({ cpu: '1' }).build());

function usedCpu(state: ClusterState, name: string): number {
  return state.nodes.cpu.requested[state.nodes.slotOf(name) ?? -1] ?? -1;
}

function newState() {
  const state = new ClusterState();
  state.setNode(node().build());
  state.setNode(node().named('b').build());
  return state;
}

test('an assumed Pod takes room at once, and once only when it is bound', () => {
  const state = newState();
  state.assume(web, state.nodes.slotOf('a') ?? -1);
  expect(usedCpu(state, 'a')).toBe(1000);
  state.setPod(reader.read(pod().named('web').requesting({ cpu: '1' }).onNode('a').build()), 'a');
  expect(usedCpu(state, 'a')).toBe(1000);
  state.forget(web.uid);
  expect(usedCpu(state, 'a')).toBe(1000);
  state.removePod(web.uid);
  expect(usedCpu(state, 'a')).toBe(0);
});

test('a Pod that was bound elsewhere than assumed moves there', () => {
  const state = newState();
  state.assume(web, state.nodes.slotOf('a') ?? -1);
  state.setPod(web, 'b');
  expect([usedCpu(state, 'a'), usedCpu(state, 'b')]).toEqual([0, 1000]);
});

test('a forgotten assumption leaves no trace', () => {
  const state = newState();
  state.assume(web, state.nodes.slotOf('a') ?? -1);
  state.forget(web.uid);
  expect(usedCpu(state, 'a')).toBe(0);
  expect(state.isPlaced(web.uid)).toBe(false);
});

test('Pods are counted before their node is known and after it is gone', () => {
  const state = new ClusterState();
  state.setPod(web, 'late');
  expect(state.nodes.order).toHaveLength(0);
  state.setNode(node().named('late').build());
  expect(usedCpu(state, 'late')).toBe(1000);
  state.removeNode('late');
  state.setNode(node().named('late').build());
  expect(usedCpu(state, 'late')).toBe(1000);
  state.removeNode('late');
  state.removePod(web.uid);
  expect(state.nodes.slotOf('late')).toBeUndefined();
});

test('a heartbeat changes nothing, a taint does', () => {
  const state = newState();
  const { version } = state.nodes;
  expect(state.setNode(node().ready(1).build())).toBe(false);
  expect(state.nodes.version).toBe(version);
  expect(state.setNode(node().tainted('team', 'NoSchedule').build())).toBe(true);
  expect(state.nodes.version).toBeGreaterThan(version);
});

test('zones take turns', () => {
  const state = new ClusterState();
  const zones = { a: 'x', b: 'x', c: 'x', d: 'y', e: 'z' };
  for (const [name, zone] of Object.entries(zones)) state.setNode(node().named(name).inZone(zone).build());
  expect([...state.nodes.order].map((slot) => state.nodes.nameAt(slot))).toEqual(['a', 'd', 'e', 'b', 'c']);
});

test('grows beyond its first size and keeps what it knew', () => {
  const state = newState();
  state.setPod(web, 'a');
  for (let i = 0; i < 200; i++) state.setNode(node().named(`n${i}`).build());
  expect(state.nodes.order).toHaveLength(202);
  expect(usedCpu(state, 'a')).toBe(1000);
  expect(state.nodes.cpu.allocatable[state.nodes.slotOf('n199') ?? -1]).toBe(4000);
});

test('a Pod that is being resized counts with the larger of what it has and asks for, unless its node refuses', () => {
  const state = newState();
  const resizing = (asked: string, has: string, reason: string) =>
    pod()
      .named('web')
      .requesting({ cpu: asked })
      .onNode('a')
      .withStatus({
        conditions: [{ type: 'PodResizePending', status: 'True', reason }],
        containerStatuses: [
          {
            name: 'main',
            image: 'main:1',
            imageID: '',
            ready: true,
            restartCount: 0,
            allocatedResources: { cpu: has },
          },
        ],
      })
      .build();
  for (const [asked, has, reason, counted] of [
    ['1', '1', 'Deferred', 1000],
    ['2', '1', 'Deferred', 2000],
    ['1', '2', 'Deferred', 2000],
    ['9', '1', 'Infeasible', 1000],
  ] as const) {
    state.setPod(reader.read(resizing(asked, has, reason)), 'a');
    expect(usedCpu(state, 'a')).toBe(counted);
  }
});
