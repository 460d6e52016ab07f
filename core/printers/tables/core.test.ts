import { describe, expect, test } from 'vitest';
import { cells, minutesAgo } from '../../../test/expectations/cells.ts';
import type { CellsCase } from '../../../test/expectations/cells.ts';

const containers = [
  { name: 'main', image: 'main:1' },
  { name: 'side', image: 'side:2' },
];

const cases: readonly CellsCase[] = [
  [
    'that runs',
    'v1/Pod',
    {
      spec: {
        nodeName: 'a',
        containers: containers,
        readinessGates: [{ conditionType: 'gate' }],
      },
      status: {
        phase: 'Running',
        podIPs: [{ ip: '10.0.0.1' }],
        conditions: [{ type: 'gate', status: 'True' }],
        containerStatuses: [
          {
            name: 'main',
            ready: true,
            restartCount: 2,
            state: { running: {} },
            lastState: { terminated: { finishedAt: minutesAgo(3) } },
          },
          { name: 'side', ready: false, restartCount: 1, state: { waiting: { reason: 'CrashLoopBackOff' } } },
        ],
      },
    },
    '"it" "1/2" "CrashLoopBackOff" "3 (3m ago)" "60m" | "10.0.0.1" "a" "<none>" "1/1"',
  ],
  [
    'that waits',
    'v1/Pod',
    { spec: { containers: containers }, status: { phase: 'Pending' } },
    '"it" "0/2" "Pending" "0" "60m" | "<none>" "<none>" "<none>" "<none>"',
  ],
  [
    'that is ready, and cordoned',
    'v1/Node',
    {
      metadata: { labels: { 'node-role.kubernetes.io/worker': '', 'kubernetes.io/role': 'edge' } },
      spec: { unschedulable: true },
      status: {
        conditions: [{ type: 'Ready', status: 'True' }],
        nodeInfo: {
          kubeletVersion: 'v1.36.0',
          osImage: 'Debian',
          kernelVersion: '6.1',
          containerRuntimeVersion: 'docker://20.10',
        },
        addresses: [{ type: 'InternalIP', address: '192.0.2.1' }],
      },
    },
    '"it" "Ready,SchedulingDisabled" "edge,worker" "60m" "v1.36.0" | "192.0.2.1" "<none>" "Debian" "6.1" "docker://20.10"',
  ],
  [
    'that never said anything',
    'v1/Node',
    {},
    '"it" "Unknown" "<none>" "60m" "" | "<none>" "<none>" "<unknown>" "<unknown>" "<unknown>"',
  ],
  [
    'on every node',
    'v1/Service',
    {
      spec: {
        type: 'NodePort',
        clusterIP: '10.96.0.1',
        ports: [
          { port: 80, nodePort: 30_080, protocol: 'TCP' },
          { port: 53, protocol: 'UDP' },
        ],
        selector: { app: 'it' },
      },
    },
    '"it" "NodePort" "10.96.0.1" "<none>" "80:30080/TCP,53/UDP" "60m" | "app=it"',
  ],
  [
    'behind a balancer',
    'v1/Service',
    {
      spec: {
        type: 'LoadBalancer',
        clusterIP: '10.96.0.1',
        externalIPs: ['192.0.2.9'],
        ports: [{ port: 80, protocol: 'TCP' }],
      },
      status: {
        loadBalancer: { ingress: [{ hostname: 'lb.example.com' }, { ip: '192.0.2.1' }, { ip: '192.0.2.1' }] },
      },
    },
    '"it" "LoadBalancer" "10.96.0.1" "192.0.2.1,lb.example.com,192.0.2.9" "80/TCP" "60m" | "<none>"',
  ],
  [
    'waiting for its balancer',
    'v1/Service',
    { spec: { type: 'LoadBalancer', clusterIP: '10.96.0.1', ports: [{ port: 80, protocol: 'TCP' }] } },
    '"it" "LoadBalancer" "10.96.0.1" "<pending>" "80/TCP" "60m" | "<none>"',
  ],
  [
    'another name',
    'v1/Service',
    { spec: { type: 'ExternalName', externalName: 'example.com' } },
    '"it" "ExternalName" "<none>" "example.com" "<none>" "60m" | "<none>"',
  ],
  [
    'by port, four and more of them',
    'v1/Endpoints',
    {
      subsets: [
        { addresses: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }], ports: [{ port: 80 }, { port: 443 }] },
        { addresses: [{ ip: '10.0.0.3' }] },
      ],
    },
    '"it" "10.0.0.1:80,[fd00::1]:80,10.0.0.1:443 + 2 more..." "60m"',
  ],
  ['of nobody', 'v1/Endpoints', {}, '"it" "<none>" "60m"'],
  [
    'with both sorts of data',
    'v1/ConfigMap',
    { data: { a: '1', b: '2' }, binaryData: { c: 'AA==' } },
    '"it" 3 "60m"',
  ],
  ['without data', 'v1/Secret', { type: 'Opaque' }, '"it" "Opaque" 0 "60m"'],
  [
    'with a password',
    'v1/Secret',
    { type: 'kubernetes.io/basic-auth', data: { password: 'aA==' } },
    '"it" "kubernetes.io/basic-auth" 1 "60m"',
  ],
  ['with Secrets', 'v1/ServiceAccount', { secrets: [{ name: 'a' }] }, '"it" 1 "60m"'],
  ['that is there', 'v1/Namespace', { status: { phase: 'Active' } }, '"it" "Active" "60m"'],
  [
    'counted',
    'v1/Event',
    {
      involvedObject: { kind: 'Pod', name: 'web', fieldPath: 'spec.containers{main}' },
      type: 'Warning',
      reason: 'BackOff',
      message: 'it falls over\n',
      source: { component: 'kubelet', host: 'a' },
      firstTimestamp: minutesAgo(30),
      lastTimestamp: minutesAgo(2),
      count: 7,
    },
    '"2m" "Warning" "BackOff" "pod/web" "it falls over" | "spec.containers{main}" "kubelet, a" "30m" 7 "it"',
  ],
  [
    'of a series',
    'v1/Event',
    {
      involvedObject: { kind: 'Node' },
      type: 'Normal',
      reason: 'Seen',
      eventTime: minutesAgo(30),
      reportingComponent: 'example.com/c',
      series: { count: 5, lastObservedTime: minutesAgo(1) },
    },
    '"60s" "Normal" "Seen" "node" "" | "" "example.com/c" "30m" 5 "it"',
  ],
  [
    'told once, in the newer form',
    'events.k8s.io/v1/Event',
    {
      regarding: { kind: 'Pod', name: 'web' },
      type: 'Normal',
      reason: 'Seen',
      note: 'hello',
      eventTime: minutesAgo(30),
      reportingController: 'example.com/c',
      reportingInstance: 'one',
    },
    '"30m" "Normal" "Seen" "pod/web" "hello" | "" "example.com/c, one" "30m" 1 "it"',
  ],
  [
    'that is used',
    'v1/PersistentVolume',
    {
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteMany', 'ReadWriteOnce'],
        persistentVolumeReclaimPolicy: 'Retain',
        claimRef: { namespace: 'default', name: 'data' },
        storageClassName: 'fast',
        volumeMode: 'Filesystem',
      },
      status: { phase: 'Bound' },
    },
    '"it" "1Gi" "RWO,RWX" "Retain" "Bound" "default/data" "fast" "<unset>" "" "60m" | "Filesystem"',
  ],
  [
    'that goes, of the older sort',
    'v1/PersistentVolume',
    {
      metadata: {
        deletionTimestamp: minutesAgo(1),
        annotations: { 'volume.beta.kubernetes.io/storage-class': 'old' },
      },
      spec: { storageClassName: 'fast' },
      status: { phase: 'Released', reason: 'why' },
    },
    '"it" "0" "" "" "Terminating" "" "old" "<unset>" "why" "60m" | "<unset>"',
  ],
  [
    'with its volume',
    'v1/PersistentVolumeClaim',
    {
      spec: { volumeName: 'pv', storageClassName: 'fast' },
      status: { phase: 'Bound', capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOncePod'] },
    },
    '"it" "Bound" "pv" "1Gi" "RWOP" "fast" "<unset>" "60m" | "<unset>"',
  ],
  [
    'without a volume yet',
    'v1/PersistentVolumeClaim',
    { spec: { accessModes: ['ReadWriteOnce'] }, status: { phase: 'Pending' } },
    '"it" "Pending" "" "" "" "" "<unset>" "60m" | "<unset>"',
  ],
  [
    'by request and limit',
    'v1/ResourceQuota',
    { status: { hard: { pods: '10', 'limits.cpu': '4', 'requests.cpu': '2' }, used: { pods: '3' } } },
    '"it" "pods: 3/10, requests.cpu: 0/2" "limits.cpu: 0/4" "60m"',
  ],
  [
    'that is well',
    'v1/ComponentStatus',
    { conditions: [{ type: 'Healthy', status: 'True', message: 'ok' }] },
    '"it" "Healthy" "ok" ""',
  ],
  ['of which nothing is known', 'v1/ComponentStatus', {}, '"it" "Unknown" "" ""'],
];

describe('the row of a table', () => {
  test.for(cases)('%s: %s', ([, type, object, expected]) => {
    expect(cells(type, object)).toBe(expected);
  });
});
