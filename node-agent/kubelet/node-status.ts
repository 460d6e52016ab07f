import type { ContainerImage, NodeCondition, NodeStatus } from '../../core/api/generated/core-v1.ts';
import { timestamp } from '../../core/machinery/timestamp.ts';
import type { Capacity, ImageStatus, RuntimeVersion } from '../runtime/runtime.ts';
import type { MachineFacts, Pressure } from './machine.ts';

/** What a node's status is made of. */
export interface NodeStatusInput {
  readonly machine: MachineFacts;
  readonly runtimeName: string;
  readonly version: RuntimeVersion;
  readonly capacity: Capacity;
  readonly images: readonly ImageStatus[];
  readonly pressure: Pressure;
  readonly maxPods: number;
  readonly kubeletVersion: string;
  readonly hostIps: readonly string[];
  readonly nodeName: string;
  /** Undefined: all is well. */
  readonly notReady: string | undefined;
  readonly nowMs: number;
}

/** Kept free for the node itself: upstream's hard eviction thresholds, of which allocatable is what is left. */
const reservedMemoryBytes = 100 * 2 ** 20;
const reservedStorageShare = 0.1;
/** Images told of at most, the largest first (upstream: nodeStatusMaxImages). */
const maxImages = 50;

/** A node's status as the kubelet tells it (upstream: pkg/kubelet/nodestatus). Pure. */
export function nodeStatus(input: NodeStatusInput, old: NodeStatus | undefined): NodeStatus {
  const { machine, capacity, version, runtimeName, nodeName } = input;
  return {
    ...old,
    // Others tell of what they know of the node there, such as its devices.
    capacity: { ...old?.capacity, ...amounts(input, capacity.memoryBytes, storage(capacity, 'capacity')) },
    allocatable: {
      ...old?.allocatable,
      ...amounts(
        input,
        Math.max(0, capacity.memoryBytes - reservedMemoryBytes),
        storage(capacity, 'allocatable'),
      ),
    },
    conditions: nodeConditions(input, old?.conditions),
    addresses: [
      ...input.hostIps.map((address) => ({ type: 'InternalIP', address })),
      { type: 'Hostname', address: nodeName },
    ],
    nodeInfo: {
      machineID: machine.machineId,
      systemUUID: machine.systemUuid,
      bootID: machine.bootId,
      kernelVersion: version.kernelVersion,
      osImage: version.operatingSystem,
      containerRuntimeVersion: `${runtimeName}://${version.version.replace(/\+.*$/, '')}`,
      kubeletVersion: input.kubeletVersion,
      // Deprecated upstream and empty there since 1.33.
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: version.architecture,
    },
    images: containerImages(input.images),
  };
}

/** Whether two statuses say the same, apart from when. */
export function sameStatus(a: NodeStatus, b: NodeStatus): boolean {
  return JSON.stringify(withoutHeartbeats(a)) === JSON.stringify(withoutHeartbeats(b));
}

function amounts(
  { capacity, maxPods }: NodeStatusInput,
  memoryBytes: number,
  ephemeralStorage: string,
): Record<string, string> {
  return {
    cpu: String(capacity.cpuCores),
    'ephemeral-storage': ephemeralStorage,
    memory: `${Math.floor(memoryBytes / 1024)}Ki`,
    pods: String(maxPods),
  };
}

/** Upstream writes the capacity in Ki and what may be used in plain bytes. */
function storage({ storageBytes }: Capacity, kind: 'capacity' | 'allocatable'): string {
  return kind === 'capacity'
    ? `${Math.floor(storageBytes / 1024)}Ki`
    : String(Math.floor(storageBytes * (1 - reservedStorageShare)));
}

type Condition = Pick<NodeCondition, 'type' | 'status' | 'reason' | 'message'>;

function nodeConditions(
  { pressure, notReady, nowMs }: NodeStatusInput,
  old: readonly NodeCondition[] | undefined,
): NodeCondition[] {
  const own: Condition[] = [
    pressure.memory
      ? on('MemoryPressure', 'KubeletHasInsufficientMemory', 'kubelet has insufficient memory available')
      : off('MemoryPressure', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
    pressure.disk
      ? on('DiskPressure', 'KubeletHasDiskPressure', 'kubelet has disk pressure')
      : off('DiskPressure', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
    pressure.processes
      ? on('PIDPressure', 'KubeletHasInsufficientPID', 'kubelet has insufficient PID available')
      : off('PIDPressure', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
    notReady === undefined
      ? on('Ready', 'KubeletReady', 'kubelet is posting ready status')
      : off('Ready', 'KubeletNotReady', notReady),
  ];
  const now = timestamp(nowMs);
  const types = new Set(own.map(({ type }) => type));
  const kept = (old ?? []).filter(({ type }) => !types.has(type));
  return [
    ...kept,
    ...own.map((condition) => {
      const before = old?.find(({ type }) => type === condition.type);
      const same = before?.status === condition.status ? before.lastTransitionTime : undefined;
      return { ...condition, lastHeartbeatTime: now, lastTransitionTime: same ?? now };
    }),
  ];
}

function on(type: string, reason: string, message: string): Condition {
  return { type, status: 'True', reason, message };
}

function off(type: string, reason: string, message: string): Condition {
  return { type, status: 'False', reason, message };
}

function containerImages(images: readonly ImageStatus[]): ContainerImage[] {
  return [...images]
    .sort((a, b) => b.sizeBytes - a.sizeBytes)
    .slice(0, maxImages)
    .map(({ digests, tags, sizeBytes }) => ({ names: [...digests, ...tags], sizeBytes }))
    .filter(({ names }) => names.length > 0);
}

function withoutHeartbeats(status: NodeStatus): NodeStatus {
  return {
    ...status,
    conditions: (status.conditions ?? []).map((condition) => ({
      ...condition,
      lastHeartbeatTime: undefined,
    })),
  };
}

/** The labels that every node has (upstream: kubelet_node_status.go initialNode). */
export function nodeLabels(nodeName: string, architecture: string): Record<string, string> {
  return {
    'beta.kubernetes.io/arch': architecture,
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': architecture,
    // As upstream, where the node's name stands for the host's: several nodes may be on one machine.
    'kubernetes.io/hostname': nodeName,
    'kubernetes.io/os': 'linux',
  };
}
