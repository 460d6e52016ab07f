import { describe, expect, test } from 'vitest';
import type { ContainerState, Pod } from '../../api/generated/core-v1.ts';
import { pod } from '../../../test/builders/index.ts';
import { chooseContainer, requireAlive, requireLog, requireRunning } from './container-choice.ts';

describe('the container that is meant', () => {
  const annotation = { 'kubectl.kubernetes.io/default-container': 'b' };
  const pair = (annotations = {}): Pod => ({
    ...podNamed('pair'),
    metadata: { name: 'pair', annotations },
    spec: {
      containers: [
        { name: 'a', image: 'x' },
        { name: 'b', image: 'x' },
      ],
      initContainers: [{ name: 'setup', image: 'x' }],
    },
  });

  test('is the one named, init containers included', () => {
    expect(chooseContainer(pair(), 'b')).toBe('b');
    expect(chooseContainer(pair(), 'setup')).toBe('setup');
  });

  test('is the annotated one, or the only one', () => {
    expect(chooseContainer(pair(annotation), undefined)).toBe('b');
    expect(
      chooseContainer({ ...podNamed('one'), spec: { containers: [{ name: 'x', image: 'x' }] } }, ''),
    ).toBe('x');
  });

  test('must be named otherwise', () => {
    expect(() => chooseContainer(pair(), '')).toThrow(
      'a container name must be specified for pod pair, choose one of: [a b] or one of the init containers: [setup]',
    );
    expect(() => chooseContainer(pair(annotation), 'c')).toThrow('container c is not valid for pod pair');
  });
});

describe('a log', () => {
  const withState = (state: ContainerState | undefined, lastState?: ContainerState): Pod => ({
    ...podNamed('web'),
    status: {
      containerStatuses: [
        { name: 'main', state, lastState, ready: false, restartCount: 0, image: '', imageID: '' },
      ],
    },
  });
  const terminated = { terminated: { exitCode: 1 } };
  const crashing = { waiting: { reason: 'CrashLoopBackOff' } };

  test.each([
    [{ waiting: { reason: 'ContainerCreating' } }, 'ContainerCreating'],
    [{ waiting: { reason: 'ErrImagePull' } }, "image can't be pulled"],
    [{ waiting: { reason: 'ImagePullBackOff' } }, 'trying and failing to pull image'],
    [undefined, 'ContainerCreating'],
  ])('is not there while %j', (state, why) => {
    expect(() => requireLog(withState(state), 'main', false)).toThrow(
      `container "main" in pod "web" is waiting to start: ${why}`,
    );
  });

  test('is there once a container ran, and the previous one once it ran twice', () => {
    requireLog(withState({ running: {} }), 'main', false);
    requireLog(withState(terminated), 'main', false);
    requireLog(withState(crashing, terminated), 'main', false);
    requireLog(withState(crashing, terminated), 'main', true);
    expect(() => requireLog(withState({ running: {} }), 'main', true)).toThrow(
      'previous terminated container "main" in pod "web" not found',
    );
  });
});

test('a Pod that has ended takes no exec, one that does not run forwards no port', () => {
  const ended: Pod = { ...podNamed('web'), status: { phase: 'Succeeded' } };
  expect(() => requireAlive(ended)).toThrow(
    'cannot exec into a container in a completed pod; current phase is Succeeded',
  );
  expect(() => requireRunning({ ...ended, status: {} })).toThrow(
    'unable to forward port because pod is not running. Current status=Pending',
  );
});

function podNamed(name: string): Pod {
  return pod().named(name).build();
}
