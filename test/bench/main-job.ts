import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import type { Pod } from '../../core/api/generated/core-v1.ts';
import { deployments, pods, replicasets } from '../../core/api/generated/resources.ts';
import type { New } from '../../core/api/object.ts';
import type { Client } from '../../core/client/client.ts';
import { connect } from '../../core/client/grpc/connection.ts';
import { createClient } from '../../core/client/typed-client.ts';
import { readKubeconfig, resolveContext } from '../../core/client/kubeconfig.ts';
import { whyNoDocker } from '../environment/docker.ts';
import { busyboxImage, ensureTestImages } from '../environment/images.ts';
import { LocalCluster } from '../environment/local-cluster.ts';
import prepareMachine from '../environment/machine.ts';
import { atMost, median, ratioOf, timed } from './measure.ts';
import type { Measurement } from './measure.ts';

const sequentialPods = 8;
const burstPods = 30;
const commandRuns = 9;
const idleMs = 15_000;

/** What the main job costs: one machine, real etcd and real Docker. */
export async function measureMainJob(): Promise<readonly Measurement[]> {
  await prepareMachine();
  const reason = await whyNoDocker();
  if (reason !== undefined) throw new Error(`Cannot measure: ${reason}`);
  await ensureTestImages();
  const cluster = new LocalCluster('bench');
  try {
    const start = await timed(() => cluster.up('--store', 'etcd', '--runtime', 'docker'));
    const { endpoint, tls } = resolveContext(readKubeconfig([`${cluster.directory}/kubeconfig`]));
    const connection = connect({ endpoint, tls });
    const client = createClient(connection.verbs);
    try {
      return [
        atMost('start to Ready', start, 3_000, 'ms'),
        ...(await measureMemory(cluster)),
        ...(await measurePods(client)),
        atMost('replacement of a deleted Pod begins', await measureReplacement(client), 100, 'ms'),
        await measureOneShot(cluster),
      ];
    } finally {
      connection.close();
    }
  } finally {
    await cluster.destroy();
  }
}

async function measureMemory(cluster: LocalCluster): Promise<readonly Measurement[]> {
  const before = cpuSeconds(cluster);
  await new Promise((resolve) => setTimeout(resolve, idleMs));
  const busy = ((cpuSeconds(cluster) - before) / (idleMs / 1000)) * 100;
  return [
    atMost('core resident, idle', residentMegabytes(cluster.pidOf('core')), 150, 'MB'),
    atMost('agent resident, idle', residentMegabytes(cluster.pidOf('node-agent')), 80, 'MB'),
    atMost('core and agent CPU, idle', busy, 5, '% of a core'),
  ];
}

function residentMegabytes(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}

/** User and system time of both processes; the kernel counts hundredths. */
function cpuSeconds(cluster: LocalCluster): number {
  return ['core', 'node-agent'].reduce((sum, part) => {
    const stat = readFileSync(`/proc/${cluster.pidOf(part)}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return sum + (Number(fields[11]) + Number(fields[12])) / 100;
  }, 0);
}

async function measurePods(client: Client): Promise<readonly Measurement[]> {
  const docker = new Docker({ socketPath: '/var/run/docker.sock' });
  const floor: number[] = [];
  const ours: number[] = [];
  // In turn, so that a machine that gets slower slows both down.
  for (let index = 0; index < sequentialPods; index++) {
    floor.push(await timed(() => runByHand(docker, `bench-floor-${index}`)));
    ours.push(await timed(() => runPods(client, [`bench-one-${index}`])));
  }
  await removeByHand(docker);
  await removePods(client);
  const names = Array.from({ length: burstPods }, (_, index) => `${index}`);
  const floorBurst = await timed(() =>
    inFlight(names, 4, (name) => runByHand(docker, `bench-floor-${name}`)),
  );
  await removeByHand(docker);
  const oursBurst = await timed(() =>
    runPods(
      client,
      names.map((name) => `bench-burst-${name}`),
    ),
  );
  await removePods(client);
  return [
    ratioOf('Pod create → Running, one at a time', median(ours), median(floor), 1.5),
    ratioOf(`${burstPods} Pods at once, all Running`, oursBurst, floorBurst, 1.5),
  ];
}

async function inFlight(
  names: readonly string[],
  most: number,
  work: (name: string) => Promise<unknown>,
): Promise<void> {
  const waiting = [...names];
  const worker = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) await work(name);
  };
  await Promise.all(Array.from({ length: most }, worker));
}

const floorLabel = 'wheelhouse.dev/bench-floor';

/** The two containers of a Pod, by the same calls straight to Docker: a sandbox, and one that joins it. */
async function runByHand(docker: Docker, name: string): Promise<void> {
  const Labels = { [floorLabel]: 'true' };
  const command = { Cmd: ['sleep', '3600'], Image: busyboxImage, Labels };
  const sandbox = await docker.createContainer({ ...command, name, HostConfig: { NetworkMode: 'bridge' } });
  await sandbox.start();
  await sandbox.inspect();
  const container = await docker.createContainer({
    ...command,
    name: `${name}-main`,
    HostConfig: {
      NetworkMode: `container:${sandbox.id}`,
      IpcMode: 'private',
      LogConfig: { Type: 'json-file', Config: {} },
    },
  });
  await container.start();
  await container.inspect();
}

async function removeByHand(docker: Docker): Promise<void> {
  const left = await docker.listContainers({ all: true, filters: { label: [floorLabel] } });
  await Promise.all(left.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true })));
}

function podNamed(name: string): New<Pod> {
  return {
    metadata: { name, namespace: 'default', labels: { app: 'bench' } },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [
        { name: 'main', image: busyboxImage, imagePullPolicy: 'IfNotPresent', command: ['sleep', '3600'] },
      ],
    },
  };
}

/** Creates Pods and resolves when the API says that all of them run. */
async function runPods(client: Client, names: readonly string[]): Promise<void> {
  const stop = new AbortController();
  const { resourceVersion } = await client.list(pods, { namespace: 'default' });
  const events = client.watch(pods, { namespace: 'default', resourceVersion, signal: stop.signal });
  const waiting = new Set(names);
  const creating = Promise.all(names.map((name) => client.create(pods, podNamed(name))));
  for await (const batch of events) {
    for (const event of batch) {
      if (event.type === 'BOOKMARK' || event.object.status.phase !== 'Running') continue;
      waiting.delete(event.object.metadata.name ?? '');
    }
    if (waiting.size === 0) break;
  }
  stop.abort();
  await creating;
}

async function removePods(client: Client): Promise<void> {
  const { items, resourceVersion } = await client.list(pods, { namespace: 'default' });
  const left = new Set(items.map(({ metadata }) => metadata.name));
  const stop = new AbortController();
  const events = client.watch(pods, { namespace: 'default', resourceVersion, signal: stop.signal });
  await Promise.all(
    items.map(({ metadata: { name = '' } }) => client.delete(pods, { namespace: 'default', name })),
  );
  for await (const batch of events) {
    for (const event of batch) if (event.type === 'DELETED') left.delete(event.object.metadata.name);
    if (left.size === 0) break;
  }
  stop.abort();
}

/** From the moment the deletion is answered to the creation of the Pod that takes its place. */
async function measureReplacement(client: Client): Promise<number> {
  const labels = { app: 'replaced' };
  await client.create(deployments, {
    metadata: { name: 'replaced', namespace: 'default' },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { ...podNamed('x').spec } },
    },
  });
  const stop = new AbortController();
  const samples: number[] = [];
  let deletedMs: number | undefined;
  const list = await client.list(pods, { namespace: 'default' });
  const watch = client.watch(pods, {
    namespace: 'default',
    labelSelector: 'app=replaced',
    resourceVersion: list.resourceVersion,
    signal: stop.signal,
  });
  const remove = async (name: string) => {
    deletedMs = performance.now();
    await client.delete(pods, { namespace: 'default', name });
  };
  const current = list.items.find(({ metadata }) => metadata.labels?.['app'] === 'replaced');
  if (current?.status.phase === 'Running') await remove(current.metadata.name ?? '');
  for await (const batch of watch) {
    for (const event of batch) {
      if (event.type === 'BOOKMARK') continue;
      const { metadata, status } = event.object;
      if (event.type === 'ADDED' && deletedMs !== undefined) {
        samples.push(performance.now() - deletedMs);
        deletedMs = undefined;
      }
      const running = status.phase === 'Running' && metadata.deletionTimestamp === undefined;
      if (event.type === 'MODIFIED' && running && deletedMs === undefined) await remove(metadata.name ?? '');
    }
    if (samples.length >= 5) break;
  }
  stop.abort();
  await client.delete(deployments, { namespace: 'default', name: 'replaced' });
  const { items } = await client.list(replicasets, { namespace: 'default' });
  if (items.length > 0) await removePods(client).catch(() => undefined);
  return median(samples);
}

async function measureOneShot(cluster: LocalCluster): Promise<Measurement> {
  const run = promisify(execFile);
  const ours: number[] = [];
  const floor: number[] = [];
  for (let index = 0; index < commandRuns; index++) {
    ours.push(await timed(() => cluster.ok('get', 'pods')));
    floor.push(await timed(() => run('kubectl', ['version', '--client'])));
  }
  return ratioOf('wh get pods, whole command, beside kubectl version --client', median(ours), median(floor));
}
