import { describe, expect, test } from 'vitest';
import type { Container, ContainerStatus, Pod, PodStatus } from '../../core/api/generated/core-v1.ts';
import { containerNamed, sandboxWith } from '../../test/builders/observed.ts';
import { builtAtMs, timestamp } from '../../test/builders/object.ts';
import { pod } from '../../test/builders/pod.ts';
import type { SandboxStatus } from '../runtime/runtime.ts';
import type { StatusDetails } from './container-statuses.ts';
import { observePod } from './observed-pod.ts';
import { podStatus, type PodStatusInput } from './pod-status.ts';

const details: StatusDetails = {
  runtimeName: 'docker',
  imageId: () => 'docker-pullable://main@sha256:22',
  terminationMessage: () => undefined,
  waitingReason: () => undefined,
};

const allReady = (status: ContainerStatus, kind?: 'init' | 'regular'): ContainerStatus => {
  const running = status.state?.running !== undefined;
  const succeeded = status.state?.terminated?.exitCode === 0;
  return { ...status, ready: kind === 'init' ? succeeded : running, started: running };
};

function statusOf(
  subject: Pod,
  sandboxes: readonly SandboxStatus[],
  more: Partial<PodStatusInput> = {},
): PodStatus {
  return podStatus({
    pod: subject,
    previous: subject.status,
    observed: observePod(sandboxes),
    details,
    withReadiness: allReady,
    ended: false,
    final: false,
    failure: undefined,
    hostIps: ['192.0.2.1'],
    nowMs: builtAtMs + 5000,
    ...more,
  });
}

function conditionOf(status: PodStatus, type: string) {
  return status.conditions?.find((condition) => condition.type === type);
}

const web = pod();
const never = web.withSpec({ restartPolicy: 'Never' });
const onFailure = web.withSpec({ restartPolicy: 'OnFailure' });
const withInit = web.withInitContainer({ name: 'prepare', image: 'prepare:1' });
const gone = { state: 'not-ready', ips: [] } as const;

describe('the phase', () => {
  const two = (builder: typeof web) => builder.withContainer({ name: 'log', image: 'log:1' }).build();
  test.each([
    ['nothing runs yet', web.build(), [], 'Pending'],
    ['one of two runs', two(web), [sandboxWith([containerNamed()])], 'Pending'],
    ['all run', two(web), [sandboxWith([containerNamed(), containerNamed('log')])], 'Running'],
    [
      'one of two has ended for good',
      two(never),
      [sandboxWith([containerNamed().exited(1), containerNamed('log')])],
      'Running',
    ],
    ['all have ended and will be back', web.build(), [sandboxWith([containerNamed().exited(0)])], 'Running'],
    ['all succeeded for good', never.build(), [sandboxWith([containerNamed().exited(0)])], 'Succeeded'],
    [
      'one failed for good',
      two(never),
      [sandboxWith([containerNamed().exited(0), containerNamed('log').exited(2)])],
      'Failed',
    ],
    ['a failure that is repeated', onFailure.build(), [sandboxWith([containerNamed().exited(1)])], 'Running'],
    ['success that is not', onFailure.build(), [sandboxWith([containerNamed().exited(0)])], 'Succeeded'],
    ['an init container runs', withInit.build(), [sandboxWith([containerNamed('prepare')])], 'Pending'],
    [
      'an init container failed and is repeated',
      withInit.build(),
      [sandboxWith([containerNamed('prepare').exited(1)])],
      'Pending',
    ],
    [
      'an init container failed for good',
      withInit.withSpec({ restartPolicy: 'Never' }).build(),
      [sandboxWith([containerNamed('prepare').exited(1)])],
      'Failed',
    ],
  ])('%s: %s', (_, subject, sandboxes, expected) => {
    expect(statusOf(subject, sandboxes).phase).toBe(expected);
  });

  test('a sidecar that has not started keeps a Pod pending, one that restarts later does not', () => {
    const sidecar: Container = { name: 'mesh', image: 'mesh:1', restartPolicy: 'Always' };
    const meshed = web.withInitContainer(sidecar).build();
    const notStarted = (status: ContainerStatus) =>
      status.name === 'mesh' ? { ...status, started: false } : allReady(status);
    const starting = statusOf(meshed, [sandboxWith([containerNamed('mesh')])], { withReadiness: notStarted });
    const running = statusOf(meshed, [sandboxWith([containerNamed('mesh').exited(1), containerNamed()])]);
    expect([starting.phase, running.phase]).toEqual(['Pending', 'Running']);
  });

  test('a terminal phase is never left', () => {
    const done = web.inPhase('Succeeded').build();
    expect(statusOf(done, [sandboxWith([containerNamed()])]).phase).toBe('Succeeded');
    const told: PodStatus = { phase: 'Failed', reason: 'Evicted', message: 'too much' };
    expect(statusOf(web.build(), [], { previous: told })).toMatchObject(told);
  });

  test('a deleted Pod ends by how its containers ended, though they would have been restarted', () => {
    const ended = { ended: true, final: true };
    expect(
      statusOf(web.terminating().build(), [sandboxWith([containerNamed().exited(0)], gone)], ended).phase,
    ).toBe('Succeeded');
    expect(
      statusOf(web.terminating().build(), [sandboxWith([containerNamed().exited(137)], gone)], ended).phase,
    ).toBe('Failed');
    expect(statusOf(web.terminating().build(), [], ended).phase).toBe('Failed');
  });

  test('what the agent ended carries its reason', () => {
    const failure = { reason: 'DeadlineExceeded', message: 'too long' };
    expect(statusOf(web.build(), [sandboxWith([containerNamed()])], { failure })).toMatchObject({
      phase: 'Failed',
      ...failure,
    });
  });
});

describe('the conditions', () => {
  test('stand in upstream order, true of a Pod that runs', () => {
    const { conditions = [] } = statusOf(web.build(), [sandboxWith([containerNamed()])]);
    expect(conditions.map(({ type, status }) => `${type} ${status}`)).toEqual([
      'PodReadyToStartContainers True',
      'Initialized True',
      'Ready True',
      'ContainersReady True',
      'PodScheduled True',
    ]);
  });

  test('name what is not ready', () => {
    const status = statusOf(withInit.build(), [sandboxWith([containerNamed('prepare')])]);
    expect(conditionOf(status, 'Initialized')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotInitialized',
      message: 'containers with incomplete status: [prepare]',
    });
    expect(conditionOf(status, 'Ready')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [main]',
    });
  });

  test('say that a Pod completed', () => {
    const status = statusOf(never.build(), [sandboxWith([containerNamed().exited(0)])]);
    expect(conditionOf(status, 'Ready')).toMatchObject({ status: 'False', reason: 'PodCompleted' });
    expect(conditionOf(status, 'Initialized')).toMatchObject({ status: 'True', reason: 'PodCompleted' });
  });

  test('wait for readiness gates that others set, and keep them', () => {
    const gated = web.withSpec({ readinessGates: [{ conditionType: 'example.com/lb' }] });
    const running = [sandboxWith([containerNamed()])];
    expect(conditionOf(statusOf(gated.build(), running), 'Ready')).toMatchObject({
      reason: 'ReadinessGatesNotReady',
      message: 'corresponding condition of pod readiness gate "example.com/lb" does not exist.',
    });
    const open = statusOf(gated.withCondition('example.com/lb', 'True').build(), running);
    expect(conditionOf(open, 'Ready')?.status).toBe('True');
    expect(conditionOf(open, 'example.com/lb')?.status).toBe('True');
  });

  test('change their time only with their status', () => {
    const before = statusOf(web.build(), [], { nowMs: builtAtMs });
    const after = statusOf(web.build(), [sandboxWith([containerNamed()])], {
      previous: before,
      nowMs: builtAtMs + 9000,
    });
    expect(conditionOf(after, 'PodScheduled')?.lastTransitionTime).toBe(timestamp(builtAtMs));
    expect(conditionOf(after, 'Ready')?.lastTransitionTime).toBe(timestamp(builtAtMs + 9000));
  });
});

describe('container statuses', () => {
  const first = (status: PodStatus) => status.containerStatuses?.[0];

  test('tell of a running container by the runtime', () => {
    expect(first(statusOf(web.build(), [sandboxWith([containerNamed().attempt(2)])]))).toMatchObject({
      state: { running: { startedAt: timestamp(builtAtMs) } },
      restartCount: 2,
      containerID: 'docker://main-2',
      imageID: 'docker-pullable://main@sha256:22',
      ready: true,
      started: true,
    });
  });

  test('wait in ContainerCreating, or PodInitializing behind init containers', () => {
    expect(first(statusOf(web.build(), []))?.state).toEqual({ waiting: { reason: 'ContainerCreating' } });
    expect(first(statusOf(withInit.build(), []))?.state).toEqual({ waiting: { reason: 'PodInitializing' } });
  });

  test('remember the run before', () => {
    const status = first(
      statusOf(web.build(), [sandboxWith([containerNamed().exited(3), containerNamed().attempt(1)])]),
    );
    expect(status).toMatchObject({
      state: { running: {} },
      lastState: { terminated: { exitCode: 3, reason: 'Error', containerID: 'docker://main-0' } },
    });
  });

  test.each([
    ['Completed', containerNamed().exited(0), 0],
    ['Error', containerNamed().exited(2), 2],
    ['OOMKilled', containerNamed().oomKilled(), 137],
    ['StartError', containerNamed().failedToStart('no such program'), 128],
  ])('give %s as the reason of an end', (reason, container, exitCode) => {
    const status = first(statusOf(never.build(), [sandboxWith([container])]));
    expect(status?.state?.terminated).toMatchObject({ reason, exitCode });
  });

  test('show the last words of a container', () => {
    const talking = { ...details, terminationMessage: () => 'bye' };
    const status = statusOf(never.build(), [sandboxWith([containerNamed().exited(1)])], { details: talking });
    expect(first(status)?.state?.terminated?.message).toBe('bye');
  });

  test('wait with the reason of the last try, and move the end to the last state', () => {
    const waiting = {
      ...details,
      waitingReason: () => ({ reason: 'CrashLoopBackOff', message: 'back-off 10s' }),
    };
    const status = first(
      statusOf(web.build(), [sandboxWith([containerNamed().exited(1)])], { details: waiting }),
    );
    expect(status?.state).toEqual({ waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s' } });
    expect(status?.lastState?.terminated?.exitCode).toBe(1);
  });

  test('do not let a stale reason hide a container that runs', () => {
    const waiting = { ...details, waitingReason: () => ({ reason: 'ErrImagePull', message: '' }) };
    expect(
      first(statusOf(web.build(), [sandboxWith([containerNamed()])], { details: waiting }))?.state?.running,
    ).toBeDefined();
  });

  test('count a container that the runtime lost as ended and restarted', () => {
    const previous = statusOf(web.build(), [sandboxWith([containerNamed()])]);
    const status = first(statusOf(web.build(), [], { previous }));
    expect(status).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { reason: 'ContainerStatusUnknown', exitCode: 137 } },
    });
  });

  test('keep an end that the runtime has forgotten', () => {
    const previous = statusOf(never.build(), [sandboxWith([containerNamed().exited(0)])]);
    expect(first(statusOf(never.build(), [], { previous }))?.state?.terminated?.exitCode).toBe(0);
  });

  test('take what never reported its end as failed once the Pod has ended', () => {
    const previous = statusOf(web.build(), [sandboxWith([containerNamed()])]);
    const status = statusOf(web.terminating().build(), [], { previous, ended: true, final: true });
    expect(first(status)?.state?.terminated).toMatchObject({
      exitCode: 137,
      reason: 'ContainerStatusUnknown',
    });
  });
});

describe('addresses', () => {
  test('are those of the sandbox, all of them', () => {
    const status = statusOf(web.build(), [sandboxWith([containerNamed()], { ips: ['10.0.0.7', 'fd00::7'] })]);
    expect(status).toMatchObject({
      podIP: '10.0.0.7',
      podIPs: [{ ip: '10.0.0.7' }, { ip: 'fd00::7' }],
      hostIP: '192.0.2.1',
    });
  });

  test('are the node ones on the host network', () => {
    const status = statusOf(web.withSpec({ hostNetwork: true }).build(), [sandboxWith([], { ips: [] })]);
    expect(status.podIP).toBe('192.0.2.1');
  });

  test('stay while the sandbox is replaced', () => {
    const previous = statusOf(web.build(), [sandboxWith([containerNamed()])]);
    expect(statusOf(web.build(), [sandboxWith([], gone)], { previous }).podIP).toBe('10.0.0.7');
  });

  test('the start time is set once', () => {
    const previous = statusOf(web.build(), []);
    expect(previous.startTime).toBe(timestamp(builtAtMs + 5000));
    expect(statusOf(web.build(), [], { previous, nowMs: builtAtMs + 60_000 }).startTime).toBe(
      previous.startTime,
    );
  });
});
