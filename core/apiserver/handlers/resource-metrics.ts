import { notFound } from '../../api/errors.ts';
import type { Pod } from '../../api/generated/core-v1.ts';
import type { NodeMetrics, PodMetrics } from '../../api/generated/metrics-v1beta1.ts';
import { metricsNodes, metricsPods, nodes, pods } from '../../api/generated/resources.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { formatDuration } from '../../machinery/duration.ts';
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
  const measured = async (object: KubernetesObject) => {
    const usage = await read(object.metadata.name ?? '');
    return usage === undefined ? undefined : metricsOfNode(object, usage);
  };
  return {
    async list({ signal }, _target, { labelSelector, fieldSelector }) {
      const found = await store().list(undefined, selectors(labelSelector, fieldSelector), signal);
      const all = await Promise.all(found.items.map(({ object }) => measured(object)));
      return all.filter((each) => each !== undefined);
    },
    async get({ signal }, { name }) {
      const { object } = await store().get(undefined, name, {}, signal);
      const metrics = await measured(object);
      if (metrics === undefined) throw notFound(metricsNodes, name);
      return metrics;
    },
  };
}

function podMetrics(registry: Registry, read: ReadUsage): VirtualResource {
  const store = () => registry.storeFor(pods);
  const measured = async (pod: Pod) => {
    const { nodeName = '' } = pod.spec;
    const usage = nodeName === '' ? undefined : await read(nodeName);
    return usage === undefined ? undefined : metricsOfPod(pod, usage);
  };
  return {
    async list({ signal }, { namespace }, { labelSelector, fieldSelector }) {
      const found = await store().list(namespace, selectors(labelSelector, fieldSelector), signal);
      const all = await Promise.all(found.items.map(({ object }) => measured(object as Pod)));
      return all.filter((each) => each !== undefined);
    },
    async get({ signal }, { namespace, name }) {
      const { object } = await store().get(namespace, name, {}, signal);
      const metrics = await measured(object as Pod);
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

function metricsOfNode(node: KubernetesObject, usage: NodeUsage): NodeMetrics {
  return { kind: 'NodeMetrics', apiVersion, ...head(node, usage), usage: quantities(usage) };
}

/** Undefined where none of the Pod's containers runs, as metrics-server leaves such Pods out. */
function metricsOfPod(pod: Pod, usage: NodeUsage): PodMetrics | undefined {
  const running = usage.pods.get(pod.metadata.uid ?? '');
  if (running === undefined) return undefined;
  const containers = [...running].map(([name, used]) => ({ name, usage: quantities(used) }));
  return { kind: 'PodMetrics', apiVersion, ...head(pod, usage), containers };
}

function head({ metadata }: KubernetesObject, { timestampMs, windowMs }: NodeUsage) {
  const { name, namespace, labels } = metadata;
  return {
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      creationTimestamp: timestamp(timestampMs),
      ...(labels === undefined ? {} : { labels }),
    },
    timestamp: timestamp(timestampMs),
    window: formatDuration(windowMs),
  };
}

function quantities({ cpuNanocores, memoryBytes }: Usage) {
  return { cpu: `${cpuNanocores}n`, memory: `${Math.floor(memoryBytes / 1024)}Ki` };
}
