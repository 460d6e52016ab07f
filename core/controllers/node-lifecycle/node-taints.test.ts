import { describe, expect, test } from 'vitest';
import { builtAtMs, node, type NodeBuilder } from '../../../test/builders/index.ts';
import { desiredTaints } from './node-taints.ts';

function taintsOf(builder: NodeBuilder, evict: boolean | 'keep') {
  return desiredTaints(builder.build(), evict, builtAtMs).map(
    ({ key, effect }) => `${key.split('/').at(-1)}:${effect}`,
  );
}

const lost = node().withCondition('Ready', 'Unknown');

describe('taints of a node', () => {
  test('that is ready are none of ours', () => {
    const recovered = node()
      .tainted('node.kubernetes.io/unreachable', 'NoExecute')
      .tainted('node.kubernetes.io/unreachable', 'NoSchedule')
      .tainted('example.com/mine', 'NoExecute');
    expect(taintsOf(recovered, false)).toEqual(['mine:NoExecute']);
  });

  test('that is lost say so at once, and evict only when it is its turn', () => {
    expect(taintsOf(lost, 'keep')).toEqual(['unreachable:NoSchedule']);
    expect(taintsOf(lost, true)).toEqual(['unreachable:NoSchedule', 'unreachable:NoExecute']);
  });

  test('that was not ready and is now lost are exchanged', () => {
    const marked = lost
      .tainted('node.kubernetes.io/not-ready', 'NoExecute')
      .tainted('node.kubernetes.io/not-ready', 'NoSchedule');
    expect(taintsOf(marked, 'keep')).toEqual(['unreachable:NoSchedule', 'unreachable:NoExecute']);
  });

  test('that is marked stay while nothing changes', () => {
    const marked = lost
      .tainted('node.kubernetes.io/unreachable', 'NoSchedule')
      .tainted('node.kubernetes.io/unreachable', 'NoExecute')
      .build();
    expect(desiredTaints(marked, 'keep', builtAtMs)).toBe(marked.spec.taints);
  });

  test('that all are lost with evict nobody', () => {
    expect(taintsOf(lost.tainted('node.kubernetes.io/unreachable', 'NoExecute'), false)).toEqual([
      'unreachable:NoSchedule',
    ]);
  });

  test('follow pressure and cordons', () => {
    const full = node()
      .withCondition('DiskPressure', 'True')
      .withCondition('MemoryPressure', 'False')
      .cordoned();
    expect(taintsOf(full, false)).toEqual(['disk-pressure:NoSchedule', 'unschedulable:NoSchedule']);
  });
});
