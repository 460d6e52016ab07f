import { execFile } from 'node:child_process';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import type { Pod } from '../../core/api/generated/core-v1.ts';
import { pods } from '../../core/api/generated/resources.ts';
import type { ContainerStreams } from '../../core/api/streams.ts';
import type { Client } from '../../core/client/client.ts';
import { connect } from '../../core/client/grpc/connection.ts';
import { readKubeconfig, resolveContext } from '../../core/client/kubeconfig.ts';
import { createClient } from '../../core/client/typed-client.ts';
import { whyNoDocker } from '../environment/docker.ts';
import { busyboxImage, ensureTestImages } from '../environment/images.ts';
import { LocalCluster } from '../environment/local-cluster.ts';
import prepareMachine from '../environment/machine.ts';
import { median, ratioOf, timed } from './measure.ts';
import type { Measurement } from './measure.ts';

const socketPath = '/var/run/docker.sock';
const runs = 5;
const lines = 105_000;
const line =
  'a line of a log, about a hundred bytes long, as programs write them that say what they are doing now';
const logBytes = lines * (line.length + 1);
const copiedMegabytes = 100;
const noisy = { namespace: 'default', name: 'noisy' };

/** 10 MB of a log and 100 MB through exec, each beside the same bytes straight from Docker. */
export async function measureLogs(): Promise<readonly Measurement[]> {
  await prepareMachine();
  const reason = await whyNoDocker();
  if (reason !== undefined) throw new Error(`Cannot measure: ${reason}`);
  await ensureTestImages();
  const cluster = new LocalCluster('bench-logs');
  try {
    await cluster.up('--store', 'etcd', '--runtime', 'docker');
    const kubeconfig = `${cluster.directory}/kubeconfig`;
    const { endpoint, tls } = resolveContext(readKubeconfig([kubeconfig]));
    const connection = connect({ endpoint, tls });
    try {
      const id = await noisyContainer(createClient(connection.verbs));
      await readByHand(id, false);
      return [
        ...(await measureLog(connection.containers, kubeconfig, id, false)),
        ...(await measureLog(connection.containers, kubeconfig, id, true)),
        ...(await measureExec(connection.containers, kubeconfig, id)),
      ];
    } finally {
      connection.close();
    }
  } finally {
    await cluster.destroy();
  }
}

/** Docker's id of a container that has written its log and waits. */
async function noisyContainer(client: Client): Promise<string> {
  const { resourceVersion } = await client.list(pods, { namespace: 'default' });
  const stop = new AbortController();
  const events = client.watch(pods, { namespace: 'default', resourceVersion, signal: stop.signal });
  await client.create(pods, {
    metadata: { ...noisy },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'main',
          image: busyboxImage,
          imagePullPolicy: 'IfNotPresent',
          command: ['sh', '-c', `yes '${line}' | head -n ${lines}; touch /done; sleep 3600`],
          readinessProbe: { exec: { command: ['test', '-e', '/done'] }, periodSeconds: 1 },
        },
      ],
    },
  });
  try {
    for await (const batch of events) {
      for (const event of batch) {
        const id = event.type === 'BOOKMARK' ? undefined : readyContainer(event.object);
        if (id !== undefined) return id;
      }
    }
  } finally {
    stop.abort();
  }
  throw new Error('Cannot measure: the watch ended before the Pod was ready');
}

function readyContainer({ status }: Pod): string | undefined {
  const [container] = status.containerStatuses ?? [];
  return container?.ready === true ? container.containerID?.split('://')[1] : undefined;
}

async function measureLog(
  containers: ContainerStreams,
  kubeconfig: string,
  id: string,
  timestamps: boolean,
): Promise<readonly Measurement[]> {
  const [floor, grpc, kubectl, bare]: [number[], number[], number[], number[]] = [[], [], [], []];
  // In turn, so that a machine that gets slower slows all of them down.
  for (let run = 0; run < runs; run++) {
    floor.push(await timed(() => readByHand(id, timestamps)));
    grpc.push(await timed(() => readAll(containers.logs({}, noisy, { timestamps }))));
    bare.push(await timed(() => runKubectl(kubeconfig, 'version', '--client')));
    kubectl.push(
      await timed(() => runKubectl(kubeconfig, 'logs', `--timestamps=${String(timestamps)}`, noisy.name)),
    );
  }
  const what = `10 MB of logs${timestamps ? ' with times' : ''}`;
  const limit = timestamps ? 2 : 1.5;
  // kubectl prints them as well, on the same two cores.
  const printedLimit = 2;
  const [floorMs, startMs] = [median(floor), median(bare)];
  return [
    ratioOf(`${what} over gRPC, beside Docker's API`, median(grpc), floorMs, limit),
    ratioOf(`${what} by kubectl over REST, less its start`, median(kubectl) - startMs, floorMs, printedLimit),
  ];
}

/** The log as Docker sends it, counted and thrown away. */
async function readByHand(id: string, timestamps: boolean): Promise<void> {
  const path = `/containers/${id}/logs?stdout=1&stderr=1&timestamps=${Number(timestamps)}`;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ socketPath, path }, resolve).on('error', reject).end();
  });
  await readAll(response as AsyncIterable<Buffer>);
}

async function readAll(pieces: AsyncIterable<Buffer>): Promise<void> {
  let bytes = 0;
  for await (const piece of pieces) bytes += piece.length;
  if (bytes < logBytes) throw new Error(`Cannot measure: ${bytes} bytes came of at least ${logBytes}`);
}

async function runKubectl(kubeconfig: string, ...words: readonly string[]): Promise<void> {
  const options = { maxBuffer: 2 ** 30, encoding: 'buffer' } as const;
  await promisify(execFile)('kubectl', ['--kubeconfig', kubeconfig, ...words], options);
}

async function measureExec(
  containers: ContainerStreams,
  kubeconfig: string,
  id: string,
): Promise<readonly Measurement[]> {
  const [floor, grpc, kubectl]: [number[], number[], number[]] = [[], [], []];
  const command = ['head', '-c', String(copiedMegabytes * 1_000_000), '/dev/zero'];
  for (let run = 0; run < runs; run++) {
    floor.push(await timed(() => execByHand(id, command)));
    grpc.push(
      await timed(async () => {
        const process = await containers.exec({}, noisy, { command, stdin: false, tty: false });
        process.stderr?.resume();
        await readAll(process.stdout as AsyncIterable<Buffer>);
        await process.exitCode;
      }),
    );
    kubectl.push(await timed(() => runKubectl(kubeconfig, 'exec', noisy.name, '--', ...command)));
  }
  const what = `${copiedMegabytes} MB out of a container`;
  return [
    ratioOf(`${what} over gRPC, beside Docker's exec`, median(grpc), median(floor)),
    ratioOf(`${what} by kubectl exec`, median(kubectl), median(floor)),
  ];
}

async function execByHand(id: string, command: readonly string[]): Promise<void> {
  const docker = new Docker({ socketPath });
  const exec = await docker.getContainer(id).exec({ Cmd: [...command], AttachStdout: true });
  await readAll(await exec.start({ hijack: true }));
}
