import { once } from 'node:events';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { whyNoDocker } from '../environment/docker.ts';
import { ensureTestImages } from '../environment/images.ts';
import { LocalCluster } from '../environment/local-cluster.ts';

const reason = await whyNoDocker();
const cluster = new LocalCluster('faults');

interface PodText {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly status: {
    readonly containerStatuses: readonly { readonly containerID: string; readonly restartCount: number }[];
  };
}

/** The containers of Pods that are to stay, by the Pod they belong to. */
async function containers(): Promise<Record<string, string>> {
  const { items } = JSON.parse(await cluster.ok('get', 'pods', '-l', 'app=web', '-o', 'json')) as {
    items: PodText[];
  };
  return Object.fromEntries(
    items
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map(({ metadata, status }) => [
        metadata.name,
        status.containerStatuses.map((c) => c.containerID).join(),
      ]),
  );
}

interface Ports {
  readonly etcdPort: number;
  readonly etcdPeerPort: number;
  readonly corePort: number;
  readonly restPort: number;
}

/** Where the cluster listens. */
function ports(): Ports {
  const state = JSON.parse(readFileSync(join(cluster.directory, 'state.json'), 'utf8')) as Ports;
  const { etcdPort, etcdPeerPort, corePort, restPort } = state;
  return { etcdPort, etcdPeerPort, corePort, restPort };
}

async function listenOn(port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** Changes the size and waits until the node has followed: core, store, controllers, scheduler and agent all work. */
async function proveItWorks(replicas: number): Promise<void> {
  await cluster.eventually('scale', 'deployment', 'web', '--replicas', String(replicas));
  await cluster.eventually('rollout', 'status', 'deployment/web', '--timeout', '40s');
}

describe.skipIf(reason !== undefined)(`a cluster${reason === undefined ? '' : ` (${reason})`}`, () => {
  beforeAll(async () => {
    await ensureTestImages();
    await cluster.up('--store', 'etcd', '--runtime', 'docker');
    await cluster.ok(
      'create',
      'deployment',
      'web',
      '--image',
      'busybox:latest',
      '--replicas',
      '2',
      '--',
      'sleep',
      '3600',
    );
    await cluster.ok('rollout', 'status', 'deployment/web', '--timeout', '40s');
  });

  afterAll(() => cluster.destroy());

  test.each([
    ['core', 3],
    ['node-agent', 4],
    ['core/etcd', 5],
    ['supervisor', 6],
  ])('loses nothing and restarts no container by kill -9 of %s', async (part, replicas) => {
    const before = await containers();
    process.kill(cluster.pidOf(part), 'SIGKILL');
    // Nobody looks after the supervisor: its processes go on, and the next `up` makes a new one.
    if (part === 'supervisor') await cluster.up();
    await proveItWorks(replicas);
    const after = await containers();
    const kept = Object.keys(after).filter((name) => name in before);
    expect(kept.length).toBe(Object.keys(before).length);
    expect(Object.keys(after).length).toBe(replicas);
    for (const name of kept) expect(after[name]).toBe(before[name]);
  });

  test('finishes a rollout in whose middle core and agent are killed', async () => {
    await cluster.ok('rollout', 'restart', 'deployment/web');
    process.kill(cluster.pidOf('core'), 'SIGKILL');
    process.kill(cluster.pidOf('node-agent'), 'SIGKILL');
    await cluster.eventually('rollout', 'status', 'deployment/web', '--timeout', '60s');
    expect(Object.keys(await containers()).length).toBe(6);
  });

  test('of which everything is killed at once keeps its containers, and the next start adopts them', async () => {
    await cluster.eventually('rollout', 'status', 'deployment/web', '--timeout', '60s');
    const before = await containers();
    for (const part of ['supervisor', 'core', 'node-agent', 'core/etcd'])
      process.kill(cluster.pidOf(part), 'SIGKILL');
    await cluster.up();
    await proveItWorks(6);
    expect(await containers()).toEqual(before);
  });

  test('starts beside pid files that name nobody', async () => {
    await cluster.ok('down');
    for (const part of ['supervisor', 'core', 'node-agent']) {
      // A number that belongs to another process by now: this one.
      writeFileSync(join(cluster.directory, `${part}.pid`), `${process.pid} 1\n`);
    }
    await cluster.up();
    expect(cluster.pidOf('core')).not.toBe(process.pid);
    expect(readFileSync(join(cluster.directory, 'core', 'store'), 'utf8')).toBe('etcd\n');
  });

  test('gives way to whoever takes its ports: it moves on, and the kubeconfigs with it', async () => {
    await cluster.ok('user', 'create', 'ada');
    await cluster.ok('down');
    const before = ports();
    const strangers = await Promise.all([before.etcdPort, before.restPort].map(listenOn));
    try {
      const { code, stderr } = await cluster.run(['up', '--yes']);
      expect([code, stderr]).toEqual([0, expect.stringContaining(`127.0.0.1:${before.etcdPort}, where`)]);
      const after = ports();
      expect(after).toEqual({ ...before, etcdPort: after.etcdPort, restPort: after.restPort });
      expect(after.etcdPort).not.toBe(before.etcdPort);
      for (const file of ['kubeconfig', 'users/ada.kubeconfig']) {
        const text = readFileSync(join(cluster.directory, file), 'utf8');
        expect(text).toContain(`https://127.0.0.1:${after.restPort}`);
      }
      await proveItWorks(2);
    } finally {
      for (const stranger of strangers) stranger.close();
    }
  });

  test('gets other authorities, forgets the old ones, and restarts no container', async () => {
    const old = join(cluster.home, 'old.kubeconfig');
    copyFileSync((await cluster.ok('kubeconfig')).trim(), old);
    const asBefore = () => cluster.run(['get', 'nodes'], { env: { KUBECONFIG: old } });
    await proveItWorks(2);
    const before = await containers();
    expect(await cluster.ok('certificates', 'rotate')).toContain('etcd-ca.\n');
    await proveItWorks(3);
    expect((await asBefore()).code).toBe(0);
    expect(await cluster.ok('certificates', 'forget-old')).toContain('etcd-ca.\n');
    await proveItWorks(4);
    expect(await asBefore()).toMatchObject({ code: 1 });
    expect(await containers()).toMatchObject(before);
    const [first = ''] = Object.keys(before);
    expect((await cluster.eventually('exec', first, '--', 'echo', 'here')).trim()).toBe('here');
  });
});
