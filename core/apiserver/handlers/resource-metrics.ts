import { notFound } from '../../api/errors.ts';
import type { Pod } from '../../api/generated/core-v1.ts';
import type { NodeMetrics, PodMetrics } from '../../api/generated/metrics-v1beta1.ts';
import { metricsNodes, metricsPods, nodes, pods } from '../../api/generated/resources.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { formatDuration } from '../../machinery/duration.ts';
import { nextTurn } from '../../machinery/next-turn.ts';
import { timestamp } from '../../machinery/timestamp.ts';
import type { Registry } from '../../registry/registry.ts';
import type { NodeUsage, Usage } from '../usage/usage-reader.ts';
import type { VirtualResource } from './virtual.ts';

/** Undefined where nothing is known of a node. */
export type ReadUsage = (node: string) => Promise<NodeUsage | undefined>;

const apiVersion = 'metrics.k8s.io/v1beta1';

/** metrics.k8s.io as metrics-server answers it: objects of what there is, with what was measured. */
export function resourceMetrics(
  registry: Registry,
  read: ReadUsage,
): readonly (readonly [string, VirtualResource])[] {
  return [
    ['metrics.k8s.io/nodes', nodeMetrics(registry, read)],
    ['metrics.k8s.io/pods', podMetrics(registry, read)],
  ];
}

function nodeMetrics(registry: Registry, read: ReadUsage): VirtualResource {
  const store = () => registry.storeFor(nodes);
  const measured = async (node: Brief) => {
    const usage = await read(node.metadata.name ?? '');
    return usage === undefined ? undefined : metricsOfNode(node, usage);
  };
  return {
    async list({ signal }, _target, { labelSelector, fieldSelector }) {
      const found = await store().list(undefined, selectors(labelSelector, fieldSelector), signal);
      const seen = await inSlices(found.items, ({ object }) => briefly(object), signal);
      const all = await Promise.all(seen.map(measured));
      return all.filter((each) => each !== undefined);
    },
    async get({ signal }, { name }) {
      const { object } = await store().get(undefined, name, {}, signal);
      const metrics = await measured(briefly(object));
      if (metrics === undefined) throw notFound(metricsNodes, name);
      return metrics;
    },
  };
}

/** Servers may leave a limit aside, as metrics-server does: what is listed is small. */
function podMetrics(registry: Registry, read: ReadUsage): VirtualResource {
  const store = () => registry.storeFor(pods);
  return {
    async list({ signal }, { namespace }, { labelSelector, fieldSelector }) {
      const found = await store().list(namespace, selectors(labelSelector, fieldSelector), signal);
      const seen = await inSlices(found.items, ({ object }) => podBriefly(object as Pod), signal);
      const names = new Set(seen.map(({ nodeName }) => nodeName).filter((nodeName) => nodeName !== ''));
      const usages = new Map(
        await Promise.all([...names].map(async (nodeName) => [nodeName, await read(nodeName)] as const)),
      );
      const all = await inSlices(seen, (pod) => metricsOfPod(pod, usages.get(pod.nodeName)), signal);
      return all.filter((each) => each !== undefined);
    },
    async get({ signal }, { namespace, name }) {
      const { object } = await store().get(namespace, name, {}, signal);
      const pod = podBriefly(object as Pod);
      const usage = pod.nodeName === '' ? undefined : await read(pod.nodeName);
      const metrics = metricsOfPod(pod, usage);
      if (metrics === undefined) throw notFound(metricsPods, name);
      return metrics;
    },
  };
}

function selectors(labelSelector: string | undefined, fieldSelector: string | undefined) {
  return {
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
}

/** Objects that are read between two turns of the event loop: a few milliseconds of parsing. */
const slice = 200;

async function inSlices<From, To>(
  items: readonly From[],
  form: (item: From) => To,
  signal: AbortSignal | undefined,
): Promise<To[]> {
  const formed: To[] = [];
  for (const item of items) {
    formed.push(form(item));
    if (formed.length % slice > 0) continue;
    await nextTurn();
    signal?.throwIfAborted();
  }
  return formed;
}

/** What metrics say of an object, without the rest of it: readings take a while, and there may be very many. */
interface Brief {
  readonly metadata: Pick<KubernetesObject['metadata'], 'name' | 'namespace' | 'labels'>;
}

interface PodBrief extends Brief {
  readonly uid: string;
  readonly nodeName: string;
}

function briefly({ metadata: { name, namespace, labels } }: KubernetesObject): Brief {
  return {
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
    },
  };
}

function podBriefly(pod: Pod): PodBrief {
  return { ...briefly(pod), uid: pod.metadata.uid ?? '', nodeName: pod.spec.nodeName ?? '' };
}

function metricsOfNode(node: Brief, usage: NodeUsage): NodeMetrics {
  return { kind: 'NodeMetrics', apiVersion, ...head(node, usage), usage: quantities(usage) };
}

/** Undefined where none of the Pod's containers runs, as metrics-server leaves such Pods out. */
function metricsOfPod(pod: PodBrief, usage: NodeUsage | undefined): PodMetrics | undefined {
  const running = usage?.pods.get(pod.uid);
  if (usage === undefined || running === undefined) return undefined;
  const containers = [...running].map(([name, used]) => ({ name, usage: quantities(used) }));
  return { kind: 'PodMetrics', apiVersion, ...head(pod, usage), containers };
}

function head({ metadata }: Brief, { timestampMs, windowMs }: NodeUsage) {
  return {
    metadata: { ...metadata, creationTimestamp: timestamp(timestampMs) },
    timestamp: timestamp(timestampMs),
    window: formatDuration(windowMs),
  };
}

function quantities({ cpuNanocores, memoryBytes }: Usage) {
  return { cpu: `${cpuNanocores}n`, memory: `${Math.floor(memoryBytes / 1024)}Ki` };
}
