import { expect, test } from 'vitest';
import { builtAtMs, pod, replicaSet } from '../../../test/builders/index.ts';
import { nextAvailabilityMs, replicaSetStatus } from './status.ts';

const nowMs = builtAtMs + 10_000;
const set = replicaSet().withReplicas(3).withSpec({ minReadySeconds: 10 });
const labelled = (name: string) => pod().named(name).labelled({ app: 'web' });
const active = [
  labelled('available').ready(builtAtMs),
  labelled('ready').ready(builtAtMs + 4000),
  pod().named('starting').notReady(),
].map((builder) => builder.build());
const nothingWrong = { active, terminating: 1, failure: undefined, tried: true };

test('counts what is there, ready, and ready for long enough', () => {
  expect(replicaSetStatus(set.build(), nothingWrong, nowMs)).toEqual({
    replicas: 3,
    fullyLabeledReplicas: 2,
    readyReplicas: 2,
    availableReplicas: 1,
    terminatingReplicas: 1,
    observedGeneration: 1,
  });
});

test('knows when the next Pod becomes available', () => {
  expect(nextAvailabilityMs(set.build(), active, nowMs)).toBe(4000);
  expect(nextAvailabilityMs(set.build(), active, nowMs + 4000)).toBeUndefined();
});

test('a failure stays until a try succeeds', () => {
  const failure = { reason: 'FailedCreate', message: 'exceeded quota' } as const;
  const failed = replicaSetStatus(set.build(), { ...nothingWrong, failure }, nowMs);
  expect(failed.conditions).toMatchObject([{ type: 'ReplicaFailure', status: 'True', ...failure }]);
  const broken = set.withStatus(failed).build();
  expect(replicaSetStatus(broken, { ...nothingWrong, tried: false }, nowMs)).toEqual(failed);
  expect(replicaSetStatus(broken, nothingWrong, nowMs).conditions).toBeUndefined();
});
