import { describe, expect, test } from 'vitest';
import { cells, minutesAgo } from '../../../test/expectations/cells.ts';
import type { CellsCase } from '../../../test/expectations/cells.ts';

const template = {
  metadata: { labels: { app: 'it' } },
  spec: {
    nodeSelector: { disk: 'ssd' },
    containers: [
      { name: 'main', image: 'main:1' },
      { name: 'side', image: 'side:2' },
    ],
  },
};
const selector = { matchLabels: { app: 'it' }, matchExpressions: [{ key: 'b', operator: 'Exists' }] };
const owner = (apiVersion: string, kind: string) => ({
  ownerReferences: [{ apiVersion, kind, name: 'parent', uid: '1', controller: true }],
});

const cases: readonly CellsCase[] = [
  [
    'as it runs',
    'apps/v1/Deployment',
    {
      spec: { replicas: 3, selector, template },
      status: { readyReplicas: 2, updatedReplicas: 1, availableReplicas: 2 },
    },
    '"it" "2/3" 1 2 "60m" | "main,side" "main:1,side:2" "app=it,b"',
  ],
  [
    'nothing told yet',
    'apps/v1/Deployment',
    { spec: { replicas: 3, selector, template } },
    '"it" "0/3" 0 0 "60m" | "main,side" "main:1,side:2" "app=it,b"',
  ],
  [
    'as it runs',
    'apps/v1/ReplicaSet',
    { spec: { replicas: 3, selector, template }, status: { replicas: 2, readyReplicas: 1 } },
    '"it" 3 2 1 "60m" | "main,side" "main:1,side:2" "app=it,b"',
  ],
  [
    'as it runs',
    'apps/v1/StatefulSet',
    { spec: { replicas: 3, selector, template }, status: { readyReplicas: 1 } },
    '"it" "1/3" "60m" | "main,side" "main:1,side:2"',
  ],
  [
    'as it runs',
    'apps/v1/DaemonSet',
    {
      spec: { selector, template },
      status: {
        desiredNumberScheduled: 5,
        currentNumberScheduled: 4,
        numberReady: 3,
        updatedNumberScheduled: 2,
        numberAvailable: 1,
      },
    },
    '"it" 5 4 3 2 1 "disk=ssd" "60m" | "main,side" "main:1,side:2" "app=it,b"',
  ],
  [
    'of a StatefulSet',
    'apps/v1/ControllerRevision',
    { metadata: owner('apps/v1', 'StatefulSet'), revision: 4 },
    '"it" "statefulset.apps/parent" 4 "60m"',
  ],
  ['of nobody', 'apps/v1/ControllerRevision', { revision: 1 }, '"it" "<none>" 1 "60m"'],
  [
    'as it runs',
    'v1/ReplicationController',
    {
      spec: { replicas: 3, selector: { b: '2', a: '1' }, template },
      status: { replicas: 2, readyReplicas: 1 },
    },
    '"it" 3 2 1 "60m" | "main,side" "main:1,side:2" "a=1,b=2"',
  ],
  [
    'that runs',
    'batch/v1/Job',
    { spec: { completions: 3, selector, template }, status: { succeeded: 1, startTime: minutesAgo(5) } },
    '"it" "Running" "1/3" "5m" "60m" | "main,side" "main:1,side:2" "app=it,b"',
  ],
  [
    'that is done',
    'batch/v1/Job',
    {
      spec: { completions: 1, selector, template },
      status: {
        succeeded: 1,
        startTime: minutesAgo(5),
        completionTime: minutesAgo(2),
        conditions: [{ type: 'Complete', status: 'True' }],
      },
    },
    '"it" "Complete" "1/1" "3m" "60m" | "main,side" "main:1,side:2" "app=it,b"',
  ],
  [
    'of a work queue, suspended',
    'batch/v1/Job',
    {
      spec: { parallelism: 4, selector, template },
      status: { conditions: [{ type: 'Suspended', status: 'True' }] },
    },
    '"it" "Suspended" "0/1 of 4" "" "60m" | "main,side" "main:1,side:2" "app=it,b"',
  ],
  [
    'that failed, and is deleted',
    'batch/v1/Job',
    {
      metadata: { deletionTimestamp: minutesAgo(1) },
      spec: { completions: 1, selector, template },
      status: { conditions: [{ type: 'Failed', status: 'True' }] },
    },
    '"it" "Failed" "0/1" "" "60m" | "main,side" "main:1,side:2" "app=it,b"',
  ],
  [
    'in a time zone',
    'batch/v1/CronJob',
    {
      spec: {
        schedule: '@daily',
        timeZone: 'Asia/Tokyo',
        suspend: true,
        jobTemplate: { spec: { template } },
      },
      status: { active: [{}, {}], lastScheduleTime: minutesAgo(30) },
    },
    '"it" "@daily" "Asia/Tokyo" "True" 2 "30m" "60m" | "main,side" "main:1,side:2" "<none>"',
  ],
  [
    'that never ran',
    'batch/v1/CronJob',
    { spec: { schedule: '@daily', suspend: false, jobTemplate: { spec: { template, selector } } } },
    '"it" "@daily" "<none>" "False" 0 "<none>" "60m" | "main,side" "main:1,side:2" "app=it,b"',
  ],
  [
    'with several metrics',
    'autoscaling/v2/HorizontalPodAutoscaler',
    {
      spec: {
        scaleTargetRef: { kind: 'Deployment', name: 'web' },
        minReplicas: 2,
        maxReplicas: 9,
        metrics: [
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
          },
          {
            type: 'External',
            external: { metric: { name: 'queue' }, target: { type: 'AverageValue', averageValue: '10' } },
          },
          {
            type: 'Pods',
            pods: { metric: { name: 'rps' }, target: { type: 'AverageValue', averageValue: '5' } },
          },
        ],
      },
      status: {
        currentReplicas: 3,
        currentMetrics: [
          { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 55 } } },
        ],
      },
    },
    '"it" "Deployment/web" "cpu: 55%/80%, <unknown>/10 (avg) + 1 more..." "2" 9 3 "60m"',
  ],
  [
    'without metrics',
    'autoscaling/v2/HorizontalPodAutoscaler',
    { spec: { scaleTargetRef: { kind: 'Deployment', name: 'web' }, maxReplicas: 9 } },
    '"it" "Deployment/web" "<none>" "<unset>" 9 0 "60m"',
  ],
  [
    'of processor time',
    'autoscaling/v1/HorizontalPodAutoscaler',
    {
      spec: {
        scaleTargetRef: { kind: 'Deployment', name: 'web' },
        minReplicas: 1,
        maxReplicas: 9,
        targetCPUUtilizationPercentage: 80,
      },
    },
    '"it" "Deployment/web" "cpu: <unknown>/80%" "1" 9 0 "60m"',
  ],
  [
    'of a Deployment',
    'autoscaling/v1/Scale',
    { spec: { replicas: 3 }, status: { replicas: 2 } },
    '"it" 3 2 "60m"',
  ],
  [
    'in percent',
    'policy/v1/PodDisruptionBudget',
    { spec: { minAvailable: '50%' }, status: { disruptionsAllowed: 1 } },
    '"it" "50%" "N/A" 1 "60m"',
  ],
];

describe('the row of a table', () => {
  test.for(cases)('%s: %s', ([, type, object, expected]) => {
    expect(cells(type, object)).toBe(expected);
  });
});
