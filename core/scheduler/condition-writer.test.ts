import { expect, test } from 'vitest';
import { builtAtMs, pod, timestamp } from '../../test/builders/index.ts';
import { withOutcome } from './condition-writer.ts';

const outcome = { reason: 'Unschedulable', message: '0/1 nodes are available: 1 Insufficient cpu.' } as const;
const waiting = pod()
  .withCondition('PodScheduled', 'False', { ...outcome, sinceMs: builtAtMs })
  .build().status;

test('nothing is written that is there already', () => {
  expect(withOutcome(waiting, outcome, builtAtMs + 5000)).toBeUndefined();
});

test('another reason does not make the Pod wait for a shorter time', () => {
  const next = withOutcome(waiting, { ...outcome, message: 'another' }, builtAtMs + 5000);
  expect(next?.conditions).toEqual([
    {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message: 'another',
      lastTransitionTime: timestamp(builtAtMs),
    },
  ]);
});

test('a nomination is kept, set and taken back', () => {
  const nominated = withOutcome(waiting, { ...outcome, nominatedNodeName: 'a' }, builtAtMs);
  expect(nominated?.nominatedNodeName).toBe('a');
  if (nominated === undefined) throw new Error('It changed');
  expect(withOutcome(nominated, outcome, builtAtMs)).toBeUndefined();
  expect(withOutcome(nominated, { ...outcome, nominatedNodeName: '' }, builtAtMs)).not.toHaveProperty(
    'nominatedNodeName',
  );
});
