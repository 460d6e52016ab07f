import { describe, expect, test } from 'vitest';
import { pod } from '../../test/builders/pod.ts';
import { summarisePod } from './pod-status.ts';
import type { Pod, PodStatus } from '../api/generated/core-v1.ts';

const running = { name: 'c', ready: true, restartCount: 0, image: 'i', imageID: '', state: { running: {} } };

function podWith(status: Partial<PodStatus>, metadata: Partial<Pod['metadata']> = {}): Pod {
  const built = pod().named('web').build();
  return { ...built, metadata: { ...built.metadata, ...metadata }, status };
}

describe('summarisePod()', () => {
  test('says Running for a Pod whose container runs and is ready', () => {
    const summary = summarisePod(podWith({ phase: 'Running', containerStatuses: [running] }));
    expect(summary).toMatchObject({ status: 'Running', readyContainers: 1, totalContainers: 1, restarts: 0 });
  });

  test('prefers the reason a container waits for over the phase', () => {
    const waiting = { ...running, ready: false, state: { waiting: { reason: 'ImagePullBackOff' } } };
    expect(summarisePod(podWith({ phase: 'Pending', containerStatuses: [waiting] })).status).toBe(
      'ImagePullBackOff',
    );
  });

  test('says how many init containers are done', () => {
    const init = { ...running, name: 'setup', ready: false };
    expect(summarisePod(podWith({ phase: 'Pending', initContainerStatuses: [init] })).status).toBe(
      'Init:0/0',
    );
  });

  test('says Terminating once deletion has begun, but leaves finished Pods their word', () => {
    const deletionTimestamp = '2030-01-01T00:00:00Z';
    expect(
      summarisePod(podWith({ phase: 'Running', containerStatuses: [running] }, { deletionTimestamp })).status,
    ).toBe('Terminating');
    const done = { ...running, ready: false, state: { terminated: { exitCode: 0, reason: 'Completed' } } };
    expect(
      summarisePod(podWith({ phase: 'Succeeded', containerStatuses: [done] }, { deletionTimestamp })).status,
    ).toBe('Completed');
  });

  test('says so when containers are only simulated', () => {
    const simulated = { ...running, containerID: 'simulated://1' };
    expect(summarisePod(podWith({ phase: 'Running', containerStatuses: [simulated] })).status).toBe(
      'Running (simulated)',
    );
  });

  test('counts restarts and remembers the latest', () => {
    const lastState = { terminated: { exitCode: 1, finishedAt: '2030-01-01T00:00:00Z' } };
    const summary = summarisePod(
      podWith({ phase: 'Running', containerStatuses: [{ ...running, restartCount: 3, lastState }] }),
    );
    expect(summary).toMatchObject({ restarts: 3, lastRestart: '2030-01-01T00:00:00Z' });
  });
});
