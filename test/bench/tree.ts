import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectCluster } from '../../core/client/cluster.ts';
import type { ClusterContext } from '../../core/client/kubeconfig.ts';
import { ensurePki } from '../../core/cmd/pki.ts';
import { systemClock } from '../../core/machinery/clock.ts';
import { deferred } from '../../core/machinery/deferred.ts';
import { systemRandom } from '../../core/machinery/random.ts';
import { TreeModel } from '../../vscode-extension/explorer/tree-model.ts';
import type { KindNode, TreeNode } from '../../vscode-extension/explorer/tree-node.ts';
import { ClusterSession } from '../../vscode-extension/session/cluster-session.ts';
import { startChild } from './api/child.ts';
import { atMost, cpuTimed, median, timed } from './measure.ts';
import type { Measurement } from './measure.ts';

const pods = 10_000;
const rounds = 7;
const idleMs = 10_000;

/** What the extension host does when somebody opens the Pods of a large cluster, core in a process of its own. */
export async function measureTree(): Promise<readonly Measurement[]> {
  const directory = await mkdtemp(join(tmpdir(), 'wheelhouse-bench-'));
  try {
    const { serverCa, admin } = await ensurePki(directory, systemClock);
    await using core = await startChild('tree-server', directory, String(pods));
    const endpoint = await core.call<string>('grpcAddress');
    const context: ClusterContext = {
      name: 'bench',
      namespace: 'default',
      endpoint,
      tls: { ca: Buffer.from(serverCa.cert), cert: Buffer.from(admin.cert), key: Buffer.from(admin.key) },
    };
    const first: number[] = [];
    const whole: number[] = [];
    for (let round = 0; round < rounds; round++) {
      await using tree = await openTree(context);
      first.push(await timed(() => tree.expandPods()));
      whole.push(await cpuTimed(() => tree.wholly()));
    }
    await using tree = await openTree(context);
    await tree.expandPods();
    await tree.wholly();
    const again: number[] = [];
    for (let round = 0; round < rounds; round++) again.push(await timed(() => tree.expandPods()));
    const idleCpuMs = await cpuTimed(() => new Promise((resolve) => setTimeout(resolve, idleMs)));
    return [
      atMost(`${pods} Pods in the tree: opened for the first time`, median(first), 300, 'ms'),
      atMost('… opened again', median(again), 300, 'ms'),
      atMost('… all of them there, in time of the processor', median(whole), 1_000, 'ms'),
      atMost('… CPU, idle', (100 * idleCpuMs) / idleMs, 1, '% of a core'),
    ];
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

interface OpenTree extends AsyncDisposable {
  /** Opens the kinds of workloads and their Pods, as one does. */
  expandPods(): Promise<void>;
  /** Resolves when every Pod is known. */
  wholly(): Promise<void>;
}

async function openTree(context: ClusterContext): Promise<OpenTree> {
  const session = new ClusterSession({
    connect: (place) => Promise.resolve(connectCluster(place, 'bench/1.0')),
    clock: systemClock,
    random: systemRandom,
    onError: (error, doing) => console.error(`Cannot ${doing}: ${String(error)}`),
  });
  await session.open(context);
  const { current } = session;
  if (current === undefined) throw new Error('No cluster is open');
  const complete = deferred();
  const model = new TreeModel(current, undefined, {
    clock: systemClock,
    contexts: () => [],
    onChange: (nodes) => {
      const kind = nodes.find((node): node is KindNode => node.type === 'kind' && isPods(node));
      if (kind !== undefined && model.counts(kind)?.total === pods) complete.resolve();
    },
  });
  const workloads = (await model.roots()).find(({ id }) => id === 'workloads');
  if (workloads === undefined) throw new Error('The tree has no workloads');
  return {
    async expandPods() {
      const kind = (await model.children(workloads)).find(isPods);
      if (kind === undefined) throw new Error('The tree has no Pods');
      const below = await model.children(kind);
      if (below[0]?.type !== 'range') throw new Error(`The tree shows a ${below[0]?.type} instead of Pods`);
      await model.children(below[0]);
    },
    wholly: () => complete.promise,
    async [Symbol.asyncDispose]() {
      model.close();
      session.close();
    },
  };
}

function isPods(node: TreeNode): boolean {
  return node.type === 'kind' && node.resource.plural === 'pods';
}
