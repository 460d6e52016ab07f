import { describe, expect, test } from 'vitest';
import { builtAtMs, deployment, replicaSet, timestamp } from '../../../test/builders/index.ts';
import { conditionOf, isComplete, progressCheckInMs, rolloutStatus, withCondition } from './status.ts';

const nowMs = builtAtMs + 60_000;
const web = deployment().withReplicas(4).rollingWith(1, 1);
const progressing = {
  type: 'Progressing',
  status: 'True',
  reason: 'NewReplicaSetCreated',
  lastUpdateTime: timestamp(builtAtMs),
  lastTransitionTime: timestamp(builtAtMs),
};

function progressOf(status: ReturnType<typeof rolloutStatus>) {
  const { status: value, reason, message } = conditionOf(status, 'Progressing') ?? {};
  return { value, reason, message };
}

describe('a rollout', () => {
  test('counts old and new Pods', () => {
    const newest = replicaSet().named('new').withReplicas(2).allAvailable(1).build();
    const old = replicaSet().named('old').withReplicas(3).allAvailable(3).build();
    expect(rolloutStatus(web.build(), { newest, old: [old] }, nowMs)).toMatchObject({
      replicas: 4,
      updatedReplicas: 1,
      readyReplicas: 4,
      availableReplicas: 4,
      unavailableReplicas: 1,
      observedGeneration: 1,
    });
  });

  test('makes progress when a new Pod appears', () => {
    const newest = replicaSet().named('new').withReplicas(2).allAvailable(1).build();
    const status = rolloutStatus(web.withCondition(progressing).build(), { newest, old: [] }, nowMs);
    expect(progressOf(status)).toEqual({
      value: 'True',
      reason: 'ReplicaSetUpdated',
      message: 'ReplicaSet "new" is progressing.',
    });
    expect(conditionOf(status, 'Progressing')).toMatchObject({
      lastUpdateTime: timestamp(nowMs),
      lastTransitionTime: timestamp(builtAtMs),
    });
  });

  test('is complete when all Pods are new and available', () => {
    const newest = replicaSet().named('new').withReplicas(4).allAvailable().build();
    const status = rolloutStatus(web.withCondition(progressing).build(), { newest, old: [] }, nowMs);
    expect(isComplete(web.build(), status)).toBe(true);
    expect(progressOf(status)).toEqual({
      value: 'True',
      reason: 'NewReplicaSetAvailable',
      message: 'ReplicaSet "new" has successfully progressed.',
    });
  });

  test('stays complete when a Pod is lost later', () => {
    const done = { ...progressing, reason: 'NewReplicaSetAvailable' };
    const newest = replicaSet().named('new').withReplicas(4).allAvailable(3).build();
    const status = rolloutStatus(web.withCondition(done).build(), { newest, old: [] }, nowMs);
    expect(progressOf(status).reason).toBe('NewReplicaSetAvailable');
  });

  test('times out when nothing moves until the deadline', () => {
    const newest = replicaSet().named('new').withReplicas(1).withStatus({ replicas: 1 }).build();
    const stuck = web
      .withSpec({ progressDeadlineSeconds: 30 })
      .withStatus({ replicas: 1, updatedReplicas: 1 })
      .withCondition(progressing);
    expect(progressOf(rolloutStatus(stuck.build(), { newest, old: [] }, builtAtMs + 30_000)).value).toBe(
      'True',
    );
    expect(progressOf(rolloutStatus(stuck.build(), { newest, old: [] }, builtAtMs + 31_000))).toEqual({
      value: 'False',
      reason: 'ProgressDeadlineExceeded',
      message: 'ReplicaSet "new" has timed out progressing.',
    });
  });

  test('is looked at again just after its deadline, and not when nothing is awaited', () => {
    const { status } = web.withSpec({ progressDeadlineSeconds: 30 }).withCondition(progressing).build();
    const limited = web.withSpec({ progressDeadlineSeconds: 30 }).build();
    expect(progressCheckInMs(limited, status, builtAtMs + 10_000)).toBe(21_000);
    const timedOut = web.withCondition({ ...progressing, reason: 'ProgressDeadlineExceeded' }).build().status;
    expect(progressCheckInMs(limited, timedOut, nowMs)).toBeUndefined();
  });

  test('passes on why Pods cannot be made', () => {
    const failure = {
      type: 'ReplicaFailure',
      status: 'True',
      reason: 'FailedCreate',
      message: 'exceeded quota',
    };
    const newest = replicaSet()
      .named('new')
      .withStatus({ conditions: [failure] })
      .build();
    const status = rolloutStatus(web.build(), { newest, old: [] }, nowMs);
    expect(conditionOf(status, 'ReplicaFailure')).toMatchObject({
      status: 'True',
      message: 'exceeded quota',
    });
    const healed = web.withStatus(status).build();
    const next = rolloutStatus(healed, { newest: replicaSet().named('new').build(), old: [] }, nowMs);
    expect(conditionOf(next, 'ReplicaFailure')).toBeUndefined();
  });
});

describe('availability', () => {
  test.each([
    { available: 3, status: 'True', reason: 'MinimumReplicasAvailable' },
    { available: 2, status: 'False', reason: 'MinimumReplicasUnavailable' },
  ])('$available of 4 with one that may be missing', ({ available, ...expected }) => {
    const newest = replicaSet().withReplicas(4).allAvailable(available).build();
    const status = rolloutStatus(web.build(), { newest, old: [] }, nowMs);
    expect(conditionOf(status, 'Available')).toMatchObject(expected);
  });
});

test('a condition moves its transition time only with its status', () => {
  const first = withCondition(
    {},
    { type: 'Available', status: 'True', reason: 'A', message: 'a' },
    builtAtMs,
  );
  expect(withCondition(first, { type: 'Available', status: 'True', reason: 'A', message: 'b' }, nowMs)).toBe(
    first,
  );
  const second = withCondition(
    first,
    { type: 'Available', status: 'True', reason: 'B', message: 'b' },
    nowMs,
  );
  expect(conditionOf(second, 'Available')).toMatchObject({
    lastTransitionTime: timestamp(builtAtMs),
    lastUpdateTime: timestamp(nowMs),
  });
});
