import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ContainerState, Pod } from '../../core/api/generated/core-v1.ts';
import { configmaps, leases, nodes } from '../../core/api/generated/resources.ts';
import { RuntimeError } from '../../node-agent/runtime/runtime.ts';
import { pod } from '../builders/pod.ts';
import { expectEventually, expectThroughout } from '../expectations/eventually.ts';
import { kubeletScene, sceneNode, type KubeletScene } from './kubelet-scene.ts';

let dataDirectory: string;
let scene: KubeletScene;

beforeEach(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), 'kubelet-scene-'));
  scene = await kubeletScene({ dataDirectory });
});

afterEach(async () => {
  await scene[Symbol.asyncDispose]();
  await rm(dataDirectory, { recursive: true, force: true });
});

/** Shorter than any back-off. */
const soon = 200;

const web = pod().running('main:1').withSpec({ terminationGracePeriodSeconds: 30 });

function isReady(subject: Pod | undefined): boolean {
  return (
    subject?.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true
  );
}

const eventually = (assertion: () => void | Promise<void>, limitMs?: number) =>
  expectEventually(scene.clock, assertion, limitMs);

async function mainState(): Promise<ContainerState> {
  return (await scene.pod())?.status.containerStatuses?.[0]?.state ?? {};
}

function starts(): readonly string[] {
  return scene.runtime.calls.filter((call) => call.startsWith('start main/'));
}

async function untilReady(name = 'web'): Promise<Pod> {
  await eventually(async () => expect(isReady(await scene.pod(name))).toBe(true));
  return (await scene.pod(name)) as Pod;
}

async function untilWaiting(reason: string, limitMs?: number): Promise<void> {
  await eventually(async () => expect((await mainState()).waiting?.reason).toBe(reason), limitMs);
}

describe('a Pod', () => {
  test('runs: sandbox, container, status, events', async () => {
    await scene.create(web);
    const ready = await untilReady();
    expect(scene.runtime.calls).toEqual(['run web/0', 'start main/0']);
    expect(ready.status).toMatchObject({ phase: 'Running', podIP: '10.0.0.1', hostIP: '192.0.2.1' });
    await eventually(async () => expect(await scene.reasons()).toEqual(['Pulled', 'Created', 'Started']));
  });

  test('is not written again and again while nothing changes', async () => {
    await scene.create(web);
    const { metadata } = await untilReady();
    await expectThroughout(
      scene.clock,
      async () => expect((await scene.pod())?.metadata.resourceVersion).toBe(metadata.resourceVersion),
      20_000,
    );
  });

  test('that ends is started again, then with back-off', async () => {
    await scene.create(web);
    await untilReady();
    scene.runtime.exit('main', 1);
    await eventually(() => expect(scene.runtime.running()).toEqual(['main/1']), soon);
    scene.runtime.exit('main', 1);
    await untilWaiting('CrashLoopBackOff', soon);
    await expectThroughout(scene.clock, () => expect(scene.runtime.running()).toEqual([]), 6_000);
    await eventually(() => expect(scene.runtime.running()).toEqual(['main/2']), 10_000);
    const status = (await untilReady()).status.containerStatuses?.[0];
    expect(status).toMatchObject({
      restartCount: 2,
      lastState: { terminated: { exitCode: 1, reason: 'Error' } },
    });
  });

  test('keeps its back-off over a restart of the agent', async () => {
    await scene.create(web);
    await untilReady();
    scene.runtime.exit('main', 1);
    await eventually(() => expect(scene.runtime.running()).toEqual(['main/1']));
    scene.runtime.exit('main', 1);
    await untilWaiting('CrashLoopBackOff');
    await scene.restartAgent();
    await expectThroughout(scene.clock, () => expect(scene.runtime.running()).toEqual([]), 5_000);
    await eventually(() => expect(scene.runtime.running()).toEqual(['main/2']), 10_000);
  });

  test('is adopted by a new agent as it runs', async () => {
    await scene.create(web);
    const before = await untilReady();
    const calls = scene.runtime.calls.length;
    await scene.restartAgent();
    await expectThroughout(scene.clock, async () => expect(isReady(await scene.pod())).toBe(true), 5_000);
    expect(scene.runtime.calls.slice(calls)).toEqual([]);
    expect((await scene.pod())?.status.containerStatuses).toEqual(before.status.containerStatuses);
  });

  test('keeps at most the last run before the present one', async () => {
    await scene.create(web);
    await untilReady();
    for (let run = 1; run <= 4; run++) {
      scene.runtime.exit('main', 1);
      await eventually(() => expect(scene.runtime.running()).toEqual([`main/${run}`]), 100_000);
    }
    await eventually(() => expect(scene.runtime.calls).toContain('remove main/2'));
    expect(scene.runtime.calls).not.toContain('remove main/3');
  });

  test('gets a new sandbox when it loses its own', async () => {
    const created = await scene.create(web);
    await untilReady();
    scene.runtime.loseSandbox(created.metadata.uid ?? '');
    await eventually(() => expect(scene.runtime.calls).toContain('run web/1'));
    const ready = await untilReady();
    expect(ready.status.podIP).not.toBe('10.0.0.1');
    expect(ready.status.containerStatuses?.[0]).toMatchObject({ restartCount: 1 });
  });

  test('that is done stays as it ended', async () => {
    await scene.create(web.withSpec({ restartPolicy: 'Never' }));
    await untilReady();
    scene.runtime.exit('main', 0);
    await eventually(async () => expect((await scene.pod())?.status.phase).toBe('Succeeded'));
    const calls = scene.runtime.calls.length;
    await scene.restartAgent();
    await expectThroughout(
      scene.clock,
      async () => expect((await scene.pod())?.status.phase).toBe('Succeeded'),
      2_000,
    );
    expect(scene.runtime.calls.slice(calls)).toEqual([]);
  });

  test('that is active too long has failed', async () => {
    await scene.create(web.withSpec({ activeDeadlineSeconds: 60 }));
    await untilReady();
    await eventually(async () => expect((await scene.pod())?.status.phase).toBe('Failed'), 70_000);
    expect((await scene.pod())?.status.reason).toBe('DeadlineExceeded');
    expect(scene.runtime.running()).toEqual([]);
  });

  test('the node cannot hold is refused and never started', async () => {
    await scene.create(web.requesting({ cpu: '64' }));
    await eventually(async () => expect((await scene.pod())?.status.reason).toBe('OutOfcpu'));
    expect((await scene.pod())?.status.phase).toBe('Failed');
    expect(scene.runtime.calls).toEqual([]);
  });
});

describe('init containers', () => {
  test('run in order; sidecars start in their turn and end last, in reverse', async () => {
    const image = { image: 'main:1', imagePullPolicy: 'IfNotPresent' as const };
    const sidecar = { ...image, restartPolicy: 'Always' };
    await scene.create(
      web
        .withInitContainer({ name: 'one', ...image })
        .withInitContainer({ name: 'mesh', ...sidecar })
        .withInitContainer({ name: 'log', ...sidecar }),
    );
    await eventually(() => expect(scene.runtime.running()).toEqual(['one/0']));
    expect((await scene.pod())?.status.phase).toBe('Pending');
    scene.runtime.exit('one', 0);
    await untilReady();
    expect(scene.runtime.calls).toEqual([
      'run web/0',
      'start one/0',
      'start mesh/0',
      'start log/0',
      'start main/0',
    ]);
    scene.runtime.calls.length = 0;
    await scene.delete();
    await eventually(async () => expect(await scene.pod()).toBeUndefined());
    expect(scene.runtime.calls).toEqual([
      'stop main 30',
      'stop log 30',
      'stop mesh 30',
      'stop sandbox',
      'remove sandbox',
    ]);
  });
});

describe('images', () => {
  test('that cannot be pulled are tried again with back-off', async () => {
    scene.runtime.pullFailures.set(
      'gone:1',
      new RuntimeError('image-not-found', 'manifest for gone:1 not found'),
    );
    await scene.create(web.running('gone:1'));
    await untilWaiting('ErrImagePull', soon);
    expect((await mainState()).waiting?.message).toBe('manifest for gone:1 not found');
    await untilWaiting('ImagePullBackOff', 2_000);
    expect((await mainState()).waiting?.message).toBe(
      'Back-off pulling image "gone:1": ErrImagePull: manifest for gone:1 not found',
    );
    scene.runtime.pullFailures.clear();
    await untilReady();
    expect(scene.runtime.calls.filter((call) => call === 'pull gone:1')).toHaveLength(2);
  });

  test('that must be there are not pulled', async () => {
    const never = { name: 'main', image: 'gone:1', imagePullPolicy: 'Never' as const };
    await scene.create(web.withSpec({ containers: [never] }));
    await untilWaiting('ErrImageNeverPull');
    expect(scene.runtime.calls).not.toContain('pull gone:1');
  });

  test('that two Pods want at once are pulled once', async () => {
    const release = scene.runtime.hold('pullImage');
    await scene.create(web.running('new:1'));
    await scene.create(web.named('other').running('new:1'));
    await eventually(() => expect(scene.runtime.calls).toContain('run other/0'));
    await expectThroughout(scene.clock, () => undefined, 200);
    release();
    await untilReady('web');
    await untilReady('other');
    expect(scene.runtime.calls.filter((call) => call === 'pull new:1')).toHaveLength(1);
  });
});

describe('what cannot be configured or started', () => {
  test('waits for a ConfigMap and starts when it comes', async () => {
    const env = [{ name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'color' } } }];
    await scene.create(web.withSpec({ containers: [{ name: 'main', image: 'main:1', env }] }));
    await untilWaiting('CreateContainerConfigError');
    expect((await mainState()).waiting?.message).toBe('configmap "settings" not found');
    await scene.api.client.create(configmaps, {
      metadata: { name: 'settings', namespace: 'default' },
      data: { color: 'blue' },
    });
    // Long before the next try would be due.
    await eventually(async () => expect(isReady(await scene.pod())).toBe(true), soon);
    expect(scene.runtime.configs.get('main')?.env).toContainEqual({ name: 'COLOR', value: 'blue' });
  });

  test('what the runtime refuses to create is told, and tried again later', async () => {
    const message = 'Cannot create container "main": Minimum memory limit allowed is 6MB';
    scene.runtime.createFailures.set('main', message);
    await scene.create(web);
    await untilWaiting('CreateContainerError', soon);
    expect((await mainState()).waiting?.message).toBe(message);
    await eventually(async () => expect(await scene.reasons()).toEqual(['Pulled', 'Failed']));
    await expectThroughout(scene.clock, () => expect(starts()).toHaveLength(1), 9_000);
    scene.runtime.createFailures.clear();
    const { status } = await untilReady();
    expect(status.containerStatuses?.[0]).toMatchObject({ restartCount: 0, lastState: {} });
    expect(starts()).toHaveLength(2);
  });

  test('a profile for seccomp is looked for where the node keeps its own', async () => {
    const seccompProfile = { type: 'Localhost' as const, localhostProfile: 'profiles/strict.json' };
    await scene.create(web.withSpec({ securityContext: { seccompProfile } }));
    await untilReady();
    expect(scene.runtime.configs.get('main')?.security.seccompProfile).toBe(
      `localhost/${join(dataDirectory, 'seccomp/profiles/strict.json')}`,
    );
  });

  test('a command that is not in the image', async () => {
    scene.runtime.startFailures.set('main', 'exec: "/none": no such file or directory');
    await scene.create(web);
    await untilWaiting('CrashLoopBackOff');
    const status = (await scene.pod())?.status.containerStatuses?.[0];
    expect(status?.lastState?.terminated).toMatchObject({
      reason: 'StartError',
      exitCode: 128,
      message: 'exec: "/none": no such file or directory',
    });
    expect(await scene.reasons()).toContain('Failed');
  });

  test('a container that would run as root and must not', async () => {
    await scene.create(web.withSpec({ securityContext: { runAsNonRoot: true } }));
    await untilWaiting('CreateContainerConfigError');
    expect((await mainState()).waiting?.message).toContain('image will run as root');
  });
});

describe('deletion', () => {
  test('stops with the grace of the Pod and confirms once nothing is left', async () => {
    await scene.create(web);
    await untilReady();
    scene.runtime.calls.length = 0;
    const release = scene.runtime.hold('stopContainer');
    await scene.delete();
    await eventually(() => expect(scene.runtime.calls).toEqual(['stop main 30']));
    expect((await scene.pod())?.metadata.deletionTimestamp).toBeDefined();
    release();
    await eventually(async () => expect(await scene.pod()).toBeUndefined());
    expect(scene.runtime.sandboxCount).toBe(0);
    await eventually(() => expect(scene.agent.kubelet.workers).toEqual([]));
    expect(await scene.reasons()).toContain('Killing');
  });

  test('with a shorter grace interrupts one with a longer', async () => {
    await scene.create(web);
    await untilReady();
    const release = scene.runtime.hold('stopContainer');
    await scene.delete();
    await eventually(() => expect(scene.runtime.calls).toContain('stop main 30'));
    await scene.delete('web', 5);
    await eventually(() => expect(scene.runtime.calls).toContain('stop main 5'));
    release();
    await eventually(async () => expect(await scene.pod()).toBeUndefined());
  });

  test('by force leaves nothing behind', async () => {
    await scene.create(web);
    await untilReady();
    await scene.delete('web', 0);
    await eventually(() => expect(scene.runtime.sandboxCount).toBe(0));
  });

  test('interrupts a start', async () => {
    scene.runtime.hold('pullImage');
    await scene.create(web.running('slow:1'));
    await eventually(() => expect(scene.runtime.calls).toContain('pull slow:1'));
    await scene.delete();
    await eventually(async () => expect(await scene.pod()).toBeUndefined());
    expect(scene.runtime.sandboxCount).toBe(0);
  });

  test('runs the preStop hook first, within the grace', async () => {
    const lifecycle = { preStop: { exec: { command: ['drain'] } } };
    await scene.create(web.withSpec({ containers: [{ name: 'main', image: 'main:1', lifecycle }] }));
    await untilReady();
    const release = scene.runtime.hold('exec');
    await scene.delete();
    await eventually(() => expect(scene.runtime.calls).toContain('exec main drain'));
    await scene.clock.advanceAsync(20_000);
    release();
    await eventually(() => expect(scene.runtime.calls).toContain('stop main 10'));
  });

  test('while the agent was away is caught up with', async () => {
    await scene.create(web);
    await untilReady();
    await scene.stopAgent();
    await scene.delete('web', 0);
    expect(scene.runtime.running()).toEqual(['main/0']);
    await scene.startAgent();
    await eventually(() => expect(scene.runtime.sandboxCount).toBe(0));
  });

  test('does not touch a Pod of the same name', async () => {
    await scene.create(web);
    await untilReady();
    const release = scene.runtime.hold('stopContainer');
    await scene.delete('web', 0);
    await scene.create(web.withUid('another'));
    release();
    await untilReady();
    await eventually(() => expect(scene.runtime.sandboxCount).toBe(1));
    expect(isReady(await scene.pod())).toBe(true);
  });
});

describe('the runtime', () => {
  test('may go away: statuses stay, the node is NotReady, and all goes on after', async () => {
    await scene.create(web);
    await untilReady();
    scene.runtime.down = true;
    const ready = async () =>
      (await scene.api.client.get(nodes, { name: sceneNode })).status.conditions?.find(
        ({ type }) => type === 'Ready',
      );
    await eventually(async () =>
      expect(await ready()).toMatchObject({ status: 'False', reason: 'KubeletNotReady' }),
    );
    await scene.create(web.named('later'));
    await scene.clock.advanceAsync(5_000);
    expect(isReady(await scene.pod())).toBe(true);
    scene.runtime.reconnect();
    await untilReady('later');
    await eventually(async () => expect(await ready()).toMatchObject({ status: 'True' }));
  });
});

describe('the node', () => {
  test('renews its Lease every ten seconds', async () => {
    const lease = () => scene.api.client.get(leases, { namespace: 'kube-node-lease', name: sceneNode });
    await eventually(async () => expect((await lease()).spec.leaseDurationSeconds).toBe(40));
    const before = await lease();
    await scene.clock.advanceAsync(10_000);
    await eventually(async () => expect((await lease()).spec.renewTime).not.toBe(before.spec.renewTime), 100);
  });

  test('tells how it is every five minutes, and leaves what others set on it', async () => {
    const role = { 'node-role.kubernetes.io/control-plane': '' };
    const { client } = scene.api;
    await client.patch(nodes, { name: sceneNode }, 'merge', { metadata: { labels: role } });
    const seen = async () => {
      const { status, metadata } = await client.get(nodes, { name: sceneNode });
      expect(metadata.labels).toMatchObject(role);
      return status.conditions?.find(({ type }) => type === 'Ready')?.lastHeartbeatTime;
    };
    const before = await seen();
    await scene.clock.advanceAsync(300_000);
    await eventually(async () => expect(await seen()).not.toBe(before));
  });

  test('tells what it has', async () => {
    const { status, metadata } = await scene.api.client.get(nodes, { name: sceneNode });
    expect(status.capacity).toEqual({
      cpu: '4',
      memory: '8Gi',
      'ephemeral-storage': '100Gi',
      pods: '110',
    });
    expect(status.nodeInfo?.containerRuntimeVersion).toBe('docker://20.10.24');
    expect(metadata.labels).toMatchObject({ 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' });
  });
});

describe('files', () => {
  test('of a volume of a kind nobody knows keep a Pod from starting', async () => {
    await scene[Symbol.asyncDispose]();
    scene = await kubeletScene({ dataDirectory, files: true });
    await scene.create(web.withSpec({ volumes: [{ name: 'disk', nfs: { server: 's', path: '/' } }] }));
    await eventually(async () => expect(await scene.reasons()).toContain('FailedMount'));
    const failed = (await scene.events()).find(({ reason }) => reason === 'FailedMount');
    expect(failed?.message).toContain('volumes of type "nfs" are not supported');
    expect((await mainState()).waiting?.reason).toBe('ContainerCreating');
  });
});
