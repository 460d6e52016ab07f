import { describe, expect, test } from 'vitest';
import { builtAtMs, timestamp } from '../../test/builders/object.ts';
import { nodeStatus, sameStatus, type NodeStatusInput } from './node-status.ts';

const input: NodeStatusInput = {
  machine: { machineId: 'm', systemUuid: 's', bootId: 'b' },
  runtimeName: 'docker',
  version: {
    version: '20.10.24+dfsg1',
    operatingSystem: 'Debian GNU/Linux 12',
    kernelVersion: '6.1.0',
    architecture: 'amd64',
    warnings: [],
  },
  capacity: { cpuCores: 4, memoryBytes: 8 * 2 ** 30, storageBytes: 2 ** 40 },
  images: [
    { id: 'i', tags: ['small:1'], digests: [], sizeBytes: 1, user: '' },
    { id: 'j', tags: ['big:1'], digests: ['big@sha256:1'], sizeBytes: 2, user: '' },
    { id: 'k', tags: [], digests: [], sizeBytes: 3, user: '' },
  ],
  pressure: { memory: false, disk: false, processes: false },
  maxPods: 110,
  kubeletVersion: 'v1.36.2+wheelhouse',
  hostIps: ['192.0.2.1'],
  nodeName: 'a',
  notReady: undefined,
  nowMs: builtAtMs,
};

const conditions = (change: Partial<NodeStatusInput>) =>
  nodeStatus({ ...input, ...change }, undefined).conditions?.map(
    ({ type, status, reason }) => `${type} ${status} ${reason}`,
  );

describe('nodeStatus', () => {
  test('tells capacity, and what is left of it for Pods', () => {
    const { capacity, allocatable } = nodeStatus(input, undefined);
    expect(capacity).toEqual({
      cpu: '4',
      memory: '8388608Ki',
      'ephemeral-storage': '1073741824Ki',
      pods: '110',
    });
    expect(allocatable).toEqual({
      cpu: '4',
      memory: '8286208Ki',
      'ephemeral-storage': '989560464998',
      pods: '110',
    });
  });

  test('leaves what others tell of the node, and says the same as before then', () => {
    const before = nodeStatus(input, undefined);
    const advertised = {
      ...before,
      capacity: { ...before.capacity, 'example.com/dongle': '4' },
      allocatable: { ...before.allocatable, 'example.com/dongle': '3' },
    };
    const after = nodeStatus({ ...input, maxPods: 50 }, advertised);
    expect(after.capacity).toMatchObject({ pods: '50', 'example.com/dongle': '4' });
    expect(after.allocatable).toMatchObject({ pods: '50', 'example.com/dongle': '3' });
    expect(sameStatus(nodeStatus(input, advertised), advertised)).toBe(true);
  });

  test('tells the conditions as upstream words them', () => {
    expect(conditions({})).toEqual([
      'MemoryPressure False KubeletHasSufficientMemory',
      'DiskPressure False KubeletHasNoDiskPressure',
      'PIDPressure False KubeletHasSufficientPID',
      'Ready True KubeletReady',
    ]);
    const pressure = { memory: true, disk: true, processes: true };
    expect(conditions({ pressure, notReady: 'container runtime is down' })).toEqual([
      'MemoryPressure True KubeletHasInsufficientMemory',
      'DiskPressure True KubeletHasDiskPressure',
      'PIDPressure True KubeletHasInsufficientPID',
      'Ready False KubeletNotReady',
    ]);
  });

  test('tells named images, the largest first', () => {
    expect(nodeStatus(input, undefined).images).toEqual([
      { names: ['big@sha256:1', 'big:1'], sizeBytes: 2 },
      { names: ['small:1'], sizeBytes: 1 },
    ]);
  });

  test('moves the time of a condition only with its status, and keeps what others wrote', () => {
    const foreign = { type: 'NetworkUnavailable', status: 'False' };
    const first = nodeStatus(input, { conditions: [foreign] });
    const later = nodeStatus({ ...input, nowMs: builtAtMs + 60_000, notReady: 'down' }, first);
    const time = (type: string) =>
      later.conditions?.find((condition) => condition.type === type)?.lastTransitionTime;
    expect([time('DiskPressure'), time('Ready')]).toEqual([
      timestamp(builtAtMs),
      timestamp(builtAtMs + 60_000),
    ]);
    expect(later.conditions).toContainEqual(foreign);
  });

  test('is the same again when only time went by', () => {
    const first = nodeStatus(input, undefined);
    expect(sameStatus(first, nodeStatus({ ...input, nowMs: builtAtMs + 1000 }, first))).toBe(true);
    expect(sameStatus(first, nodeStatus({ ...input, notReady: 'down' }, first))).toBe(false);
  });
});
