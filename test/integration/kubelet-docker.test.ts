import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Container, Pod } from '../../core/api/generated/core-v1.ts';
import { configmaps, events, nodes, pods, secrets } from '../../core/api/generated/resources.ts';
import type { Client } from '../../core/client/client.ts';
import { systemClock, type Clock } from '../../core/machinery/clock.ts';
import { jsonLogger, silentLogger } from '../../core/machinery/logger.ts';
import { systemRandom } from '../../core/machinery/random.ts';
import { createAgent, type Agent } from '../../node-agent/cmd/agent.ts';
import type { ContainerRuntime, ContainerStatus } from '../../node-agent/runtime/runtime.ts';
import { DockerRuntime } from '../../node-agent/runtime/docker/runtime.ts';
import { eventually, logText } from '../expectations/runtime.ts';
import { systemMounter } from '../../node-agent/volumes/mounts.ts';
import { createTestApi, type TestApi } from '../environment/api.ts';
import { removeEverythingOf, whyNoDocker } from '../environment/docker.ts';
import { busyboxImage, ensureTestImages } from '../environment/images.ts';

const why = await whyNoDocker();
if (why !== undefined) console.warn(`skipping the kubelet on Docker: ${why}`);

const owner = `kubelet-test-${process.pid}`;
const nodeName = 'test-node';

let api: TestApi<Clock>;
let client: Client;
let dataDirectory: string;
let running: RunningAgent;

interface RunningAgent {
  readonly runtime: ContainerRuntime;
  readonly agent: Agent;
  stop(): Promise<void>;
}

async function startAgent(): Promise<RunningAgent> {
  const runtime = new DockerRuntime({ owner });
  const agent = await createAgent({
    client,
    runtime,
    clock: systemClock,
    random: systemRandom,
    logger:
      process.env['KUBELET_TEST_LOG'] === undefined
        ? silentLogger
        : jsonLogger((line) => process.stderr.write(line), systemClock),
    nodeName,
    dataDirectory,
    labels: {},
    maxPods: 110,
    podPidsLimit: 1024,
    clusterDns: [],
    clusterDomain: 'cluster.local',
    offlineImages: 'use-present',
  });
  const stop = new AbortController();
  const ended = agent.run(stop.signal);
  await agent.registered;
  return {
    runtime,
    agent,
    async stop() {
      stop.abort();
      await ended;
      await runtime.close();
    },
  };
}

function podSpec(name: string, spec: Partial<Pod['spec']>, command: readonly string[] = ['sleep', '1000']) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: {
      nodeName,
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'main', image: busyboxImage, imagePullPolicy: 'IfNotPresent' as const, command }],
      ...spec,
    },
  };
}

/** The first state of the Pod that the predicate accepts, told by a watch. */
async function podWhen(name: string, accepts: (pod: Pod) => boolean, deadlineMs = 20_000): Promise<Pod> {
  const signal = AbortSignal.timeout(deadlineMs);
  let last: Pod | undefined;
  for await (const batch of client.watch(pods, {
    namespace: 'default',
    fieldSelector: `metadata.name=${name}`,
    signal,
  })) {
    for (const event of batch) {
      if (event.type === 'BOOKMARK') continue;
      last = event.object;
      if (accepts(last)) return last;
    }
  }
  throw new Error(`Pod "${name}" did not get there: ${JSON.stringify(last?.status, undefined, 1)}`);
}

async function podGone(name: string, deadlineMs = 20_000): Promise<void> {
  const signal = AbortSignal.timeout(deadlineMs);
  for await (const batch of client.watch(pods, {
    namespace: 'default',
    fieldSelector: `metadata.name=${name}`,
    signal,
  })) {
    if (batch.some(({ type }) => type === 'DELETED')) return;
  }
  throw new Error(`Pod "${name}" is still there`);
}

const isReady = (pod: Pod) =>
  pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;

describe.skipIf(why !== undefined)('the kubelet on Docker', () => {
  beforeAll(async () => {
    await ensureTestImages();
    dataDirectory = await mkdtemp(join(tmpdir(), 'kubelet-test-'));
    api = await createTestApi<Clock>({ clock: systemClock });
    client = api.client;
    running = await startAgent();
  });

  const removePods = async () => {
    const { items } = await client.list(pods, { namespace: 'default' });
    await Promise.all(
      items.map(async ({ metadata: { name = '' } }) => {
        const gone = podGone(name);
        await client.delete(pods, { namespace: 'default', name });
        await gone;
      }),
    );
  };

  // A second try makes its Pods anew.
  beforeEach(async ({ task }) => {
    if ((task.result?.retryCount ?? 0) > 0) await removePods();
  });

  afterAll(async () => {
    await removePods();
    await eventually(() => {
      const left = running.agent.kubelet.workers.map(({ lifecycle }) => lifecycle);
      return left.length === 0 ? Promise.resolve() : Promise.reject(new Error(`left: ${left.join(', ')}`));
    });
    await running?.stop();
    await removeEverythingOf(owner);
    await api?.close();
    for (const point of await systemMounter.below(dataDirectory)) await systemMounter.unmount(point);
    await rm(dataDirectory, { recursive: true, force: true });
  });

  test('registers a Ready node with what the machine has', async () => {
    const node = await client.get(nodes, { name: nodeName });
    expect(node.status.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({ status: 'True' });
    expect(node.status.nodeInfo?.containerRuntimeVersion).toMatch(/^docker:\/\/\d+\./);
    expect(Number(node.status.capacity?.['cpu'])).toBeGreaterThan(0);
  });

  test('runs a Pod and tells its state, then ends it and confirms', async () => {
    await client.create(pods, podSpec('simple', {}));
    const pod = await podWhen('simple', isReady);
    expect(pod.status.phase).toBe('Running');
    expect(pod.status.podIP).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    expect(pod.status.containerStatuses?.[0]).toMatchObject({ ready: true, started: true, restartCount: 0 });
    expect(pod.status.containerStatuses?.[0]?.containerID).toMatch(/^docker:\/\/[0-9a-f]{64}$/);
    const gone = podGone('simple');
    await client.delete(pods, { namespace: 'default', name: 'simple' });
    await gone;
    const left = await client.list(events, { namespace: 'default' });
    expect(left.items.map(({ reason }) => reason)).toEqual(
      expect.arrayContaining(['Pulled', 'Created', 'Started', 'Killing']),
    );
  });

  test('gives a container its environment, files and limits', async () => {
    await client.create(configmaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', namespace: 'default' },
      data: { color: 'blue', 'app.conf': 'x=1\n' },
    });
    const script = [
      'set -e',
      'echo "$COLOR $NAME $IP $CPU" > /dev/termination-log',
      'cat /config/app.conf /etc/hosts >> /dev/termination-log',
      'cat /one >> /dev/termination-log',
      'touch /scratch/written',
    ].join('\n');
    await client.create(
      pods,
      podSpec('configured', {
        restartPolicy: 'Never',
        volumes: [
          { name: 'config', configMap: { name: 'settings' } },
          { name: 'scratch', emptyDir: {} },
        ],
        hostAliases: [{ ip: '10.9.8.7', hostnames: ['elsewhere'] }],
        containers: [
          {
            name: 'main',
            image: busyboxImage,
            imagePullPolicy: 'IfNotPresent',
            command: ['sh', '-c', script],
            env: [
              { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'color' } } },
              { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
              { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
              { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
            ],
            resources: { limits: { cpu: '250m', memory: '64Mi' } },
            volumeMounts: [
              { name: 'config', mountPath: '/config' },
              { name: 'config', mountPath: '/one', subPath: 'color' },
              { name: 'scratch', mountPath: '/scratch' },
            ],
          },
        ],
      }),
    );
    const pod = await podWhen(
      'configured',
      ({ status }) => status.phase === 'Succeeded' || status.phase === 'Failed',
    );
    const message = pod.status.containerStatuses?.[0]?.state?.terminated?.message ?? '';
    expect(message).toContain(`blue configured ${pod.status.podIP} 250\n`);
    expect(message).toContain('x=1\n');
    expect(message).toContain('10.9.8.7\telsewhere');
    expect(message).toMatch(/blue$/);
    expect(pod.status.phase).toBe('Succeeded');
    expect(pod.status.containerStatuses?.[0]?.state?.terminated?.reason).toBe('Completed');
  });

  test('follows a changed ConfigMap in the volumes of a running container', async () => {
    await client.create(configmaps, {
      metadata: { name: 'live', namespace: 'default' },
      data: { color: 'blue' },
    });
    await client.create(
      pods,
      podSpec('live', {
        restartPolicy: 'Never',
        volumes: [{ name: 'config', configMap: { name: 'live' } }],
        containers: [
          {
            name: 'main',
            image: busyboxImage,
            imagePullPolicy: 'IfNotPresent',
            command: ['sh', '-c', 'until grep -q red /config/color; do sleep 0.05; done'],
            volumeMounts: [{ name: 'config', mountPath: '/config' }],
          },
        ],
      }),
    );
    await podWhen('live', isReady);
    await client.patch(configmaps, { namespace: 'default', name: 'live' }, 'merge', {
      data: { color: 'red' },
    });
    await podWhen('live', ({ status }) => status.phase === 'Succeeded');
  });

  test('keeps secrets off the disk and gives them to the container', async () => {
    await client.create(secrets, {
      metadata: { name: 'login', namespace: 'default' },
      data: { password: Buffer.from('hush').toString('base64') },
    });
    const script =
      'cat /secret/password > /dev/termination-log; touch /secret/x 2>/dev/null && exit 1; exit 0';
    await client.create(
      pods,
      podSpec('keeper', {
        restartPolicy: 'Never',
        volumes: [{ name: 'login', secret: { secretName: 'login', defaultMode: 0o400 } }],
        containers: [
          {
            name: 'main',
            image: busyboxImage,
            imagePullPolicy: 'IfNotPresent',
            command: ['sh', '-c', script],
            volumeMounts: [{ name: 'login', mountPath: '/secret' }],
          },
        ],
      }),
    );
    const pod = await podWhen('keeper', hasEnded);
    expect(pod.status.phase).toBe('Succeeded');
    expect(terminated(pod)?.message).toBe('hush');
  });

  test('probes a Pod: ready when it answers, restarted when it no longer lives', async () => {
    const serve = 'mkdir /www; echo ok > /www/index.html; httpd -p 8080 -h /www; touch /live; sleep 1000';
    await client.create(
      pods,
      podSpec('probed', {
        containers: [
          {
            name: 'main',
            image: busyboxImage,
            imagePullPolicy: 'IfNotPresent',
            command: ['sh', '-c', serve],
            ports: [{ name: 'web', containerPort: 8080 }],
            startupProbe: { tcpSocket: { port: 'web' }, periodSeconds: 1 },
            readinessProbe: { httpGet: { port: 'web', path: '/' }, periodSeconds: 1 },
            livenessProbe: {
              exec: { command: ['test', '-e', '/live'] },
              periodSeconds: 1,
              failureThreshold: 1,
            },
          },
        ],
      }),
    );
    const ready = await podWhen('probed', isReady);
    const { id } = await containerOf(ready);
    await runtime().exec(
      id,
      { command: ['rm', '/live'], tty: false, stdin: false },
      AbortSignal.timeout(5_000),
    );
    const back = await podWhen('probed', (pod) => restarts(pod) === 1 && isReady(pod));
    expect(back.status.containerStatuses?.[0]?.lastState?.terminated?.exitCode).toBe(137);
    const { items } = await client.list(events, { namespace: 'default' });
    const about = items.filter(({ involvedObject }) => involvedObject.name === 'probed');
    expect(about.map(({ message }) => message)).toContain(
      'Container main failed liveness probe, will be restarted',
    );
    expect(about.map(({ reason }) => reason)).toContain('Unhealthy');
  });

  test('tells how containers end: out of memory, failed with its log, not startable', async () => {
    await client.create(
      pods,
      podSpec('ends', {
        restartPolicy: 'Never',
        containers: [
          { ...container('hog', 'tail', '/dev/zero'), resources: { limits: { memory: '16Mi' } } },
          {
            ...container('loud', 'sh', '-c', 'echo went wrong; exit 3'),
            terminationMessagePolicy: 'FallbackToLogsOnError',
          },
          container('none', '/none'),
        ],
      }),
    );
    const pod = await podWhen('ends', hasEnded);
    expect(pod.status.phase).toBe('Failed');
    expect(terminated(pod, 'loud')).toMatchObject({ exitCode: 3, reason: 'Error', message: 'went wrong\n' });
    expect(terminated(pod, 'none')).toMatchObject({ exitCode: 128, reason: 'StartError' });
    expect(terminated(pod, 'none')?.message).toContain('/none');
    expect(terminated(pod, 'hog')).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
  });

  const main = {
    name: 'main',
    image: busyboxImage,
    imagePullPolicy: 'IfNotPresent',
    command: ['sleep', '9'],
  };
  test.each<[why: string, container: object, reason: string, message: string, told: readonly string[]]>([
    [
      'too little memory',
      { ...main, resources: { limits: { memory: '1Mi' } } },
      'CreateContainerError',
      'Minimum memory limit allowed is 6MB',
      ['Pulled', 'Failed'],
    ],
    [
      'no ConfigMap',
      { ...main, env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'none', key: 'k' } } }] },
      'CreateContainerConfigError',
      'configmap "none" not found',
      ['Pulled', 'Failed'],
    ],
    [
      'no Secret',
      { ...main, envFrom: [{ secretRef: { name: 'none' } }] },
      'CreateContainerConfigError',
      'secret "none" not found',
      ['Pulled', 'Failed'],
    ],
    [
      'an image that must be there and is not',
      { ...main, image: 'wheelhouse/none:1', imagePullPolicy: 'Never' },
      'ErrImageNeverPull',
      'Container image "wheelhouse/none:1" is not present with pull policy of Never',
      ['ErrImageNeverPull', 'Failed'],
    ],
    [
      'a registry that does not answer',
      { ...main, image: '127.0.0.1:9/none:1' },
      // The second comes soon after the first.
      'ErrImagePull|ImagePullBackOff',
      'connection refused',
      ['Pulling', 'Failed', 'Failed'],
    ],
    [
      'no image name',
      { ...main, image: 'Not//A:NAME' },
      'InvalidImageName',
      'invalid reference format',
      ['InspectFailed', 'Failed'],
    ],
  ])('a container with %s waits, and tells why', async (why, container, reason, message, told) => {
    const name = why.toLowerCase().replaceAll(' ', '-');
    await client.create(pods, podSpec(name, { containers: [container as Container] }));
    const waitingOf = ({ status }: Pod) => status.containerStatuses?.[0]?.state?.waiting;
    const pod = await podWhen(name, (each) => reason.split('|').includes(waitingOf(each)?.reason ?? ''));
    expect(waitingOf(pod)?.message).toContain(message);
    const fieldSelector = `involvedObject.name=${name}`;
    await eventually(async () => {
      const { items } = await client.list(events, { namespace: 'default', fieldSelector });
      const reasons = items.map((event) => event.reason);
      expect(reasons).toEqual(expect.arrayContaining([...told]));
      expect(reasons).not.toContain('Created');
    });
    await client.delete(pods, { namespace: 'default', name });
  });

  test('runs preStop within the grace, then stops', async () => {
    const script = 'trap "exit 0" TERM; touch /up; while :; do sleep 0.1; done';
    const lifecycle = { preStop: { exec: { command: ['sh', '-c', 'echo drained > /proc/1/fd/1'] } } };
    await client.create(
      pods,
      podSpec('drained', {
        terminationGracePeriodSeconds: 10,
        containers: [{ ...container('main', 'sh', '-c', script), lifecycle }],
      }),
    );
    const pod = await podWhen('drained', isReady);
    const { id } = await containerOf(pod);
    const log = logText(runtime(), id, AbortSignal.timeout(20_000), { follow: true });
    const gone = podGone('drained');
    await client.delete(pods, { namespace: 'default', name: 'drained' });
    await gone;
    expect(await log).toBe('drained\n');
  });

  test('is adopted by the next agent: the same containers, and what was deleted meanwhile is gone', async () => {
    await client.create(pods, podSpec('kept', {}));
    await client.create(pods, podSpec('dropped', {}));
    const before = await podWhen('kept', isReady);
    const dropped = await podWhen('dropped', isReady);
    await running.stop();
    await client.delete(pods, { namespace: 'default', name: 'dropped' }, { gracePeriodSeconds: 0 });
    running = await startAgent();
    await eventually(async () => {
      const left = await runtime().list(AbortSignal.timeout(5_000), dropped.metadata.uid);
      expect(left).toEqual([]);
    });
    const after = await podWhen('kept', isReady);
    expect(after.status.containerStatuses).toEqual(before.status.containerStatuses);
  });
});

const hasEnded = ({ status }: Pod) => status.phase === 'Succeeded' || status.phase === 'Failed';

const restarts = ({ status }: Pod) => status.containerStatuses?.[0]?.restartCount;

function terminated({ status }: Pod, name = 'main') {
  return status.containerStatuses?.find((container) => container.name === name)?.state?.terminated;
}

function container(name: string, ...command: readonly string[]): Container {
  return { name, image: busyboxImage, imagePullPolicy: 'IfNotPresent', command };
}

function runtime(): ContainerRuntime {
  return running.runtime;
}

async function containerOf(pod: Pod): Promise<ContainerStatus> {
  const [sandbox] = await runtime().list(AbortSignal.timeout(5_000), pod.metadata.uid);
  return sandbox?.containers[0] as ContainerStatus;
}
