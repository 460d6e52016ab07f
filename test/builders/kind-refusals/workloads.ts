import { jobTemplate } from '../kind-samples.ts';
import { declared, immutable, negativeReplicas, required } from './refusal.ts';
import type { KindRefusals, Refusal } from './refusal.ts';

const otherLabels = { matchLabels: { app: 'other' } };
const otherPods = { selector: otherLabels, template: { metadata: { labels: { app: 'other' } } } };
const emptySelector = (kind: string): Refusal => [
  { spec: { selector: { matchLabels: null } } },
  'spec.selector',
  `Invalid value: {}: empty selector is invalid for ${kind}`,
];
const unmatched: Refusal = [
  { spec: { selector: otherLabels } },
  'spec.template.metadata.labels',
  'Invalid value: {"app":"web"}: `selector` does not match template `labels`',
];

/** What is refused of the kinds of workloads. */
export const workloadsRefusals: Readonly<Record<string, KindRefusals>> = {
  'autoscaling/horizontalpodautoscalers': {
    create: [
      [
        { spec: { minReplicas: 5 } },
        'spec.maxReplicas',
        'Invalid value: 3: must be greater than or equal to `minReplicas`',
      ],
      [
        { spec: { minReplicas: 0 } },
        'spec.minReplicas',
        'Invalid value: 0: must be greater than or equal to 1',
      ],
      [{ spec: { scaleTargetRef: { name: '' } } }, 'spec.scaleTargetRef.name', required],
    ],
    update: declared,
  },
  'policy/poddisruptionbudgets': {
    create: [
      [
        { spec: { minAvailable: 1 } },
        'spec',
        'Invalid value: {"minAvailable":1,"maxUnavailable":"50%"}: minAvailable and maxUnavailable cannot be both set',
      ],
      [
        { spec: { maxUnavailable: -1 } },
        'spec.maxUnavailable',
        'Invalid value: -1: must be greater than or equal to 0',
      ],
    ],
    update: declared,
  },
  'apps/controllerrevisions': {
    create: [
      [{ data: null }, 'data', 'Required value: data is mandatory'],
      [{ revision: -1 }, 'revision', 'Invalid value: -1: must be greater than or equal to 0'],
    ],
    update: [[{ data: { spec: { a: 'b' } } }, 'data', immutable]],
  },
  'apps/daemonsets': {
    create: [
      emptySelector('daemonset'),
      unmatched,
      [
        { spec: { updateStrategy: { type: 'Guess' } } },
        'spec.updateStrategy.type',
        'Unsupported value: "Guess": supported values: "OnDelete", "RollingUpdate"',
      ],
    ],
    update: [[{ spec: otherPods }, 'spec.selector', immutable]],
  },
  'apps/deployments': {
    create: [
      negativeReplicas,
      emptySelector('deployment'),
      unmatched,
      [
        { spec: { strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } } },
        'spec.strategy.rollingUpdate',
        "Forbidden: may not be specified when strategy `type` is 'Recreate'",
      ],
    ],
    update: [[{ spec: otherPods }, 'spec.selector', immutable]],
  },
  'apps/replicasets': {
    create: [negativeReplicas, emptySelector('deployment'), unmatched],
    update: [[{ spec: otherPods }, 'spec.selector', immutable]],
  },
  'apps/statefulsets': {
    create: [
      negativeReplicas,
      emptySelector('statefulset'),
      unmatched,
      [
        { spec: { podManagementPolicy: 'Anyhow' } },
        'spec.podManagementPolicy',
        'Unsupported value: "Anyhow": supported values: "OrderedReady", "Parallel"',
      ],
    ],
    update: [{ serviceName: 'other' }, otherPods, { podManagementPolicy: 'Parallel' }].map((spec) => [
      { spec },
      'spec',
      "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ]),
  },
  'batch/cronjobs': {
    create: [
      [{ spec: { schedule: '' } }, 'spec.schedule', required],
      [
        { spec: { concurrencyPolicy: 'Queue' } },
        'spec.concurrencyPolicy',
        'Unsupported value: "Queue": supported values: "Allow", "Forbid", "Replace"',
      ],
      [
        { spec: { timeZone: 'Middle/Earth' } },
        'spec.timeZone',
        'Invalid value: "Middle/Earth": unknown time zone Middle/Earth',
      ],
    ],
    update: 'its next Jobs are made of what it then says',
  },
  'batch/jobs': {
    create: [
      [
        { spec: { template: { spec: { restartPolicy: 'Always' } } } },
        'spec.template.spec.restartPolicy',
        'Required value: valid values: "OnFailure", "Never"',
      ],
      [
        { spec: { completionMode: 'Indexed', parallelism: 2 } },
        'spec.completions',
        'Required value: when completion mode is Indexed',
      ],
      [
        { spec: { parallelism: -1 } },
        'spec.parallelism',
        'Invalid value: -1: must be greater than or equal to 0',
      ],
    ],
    given: {
      spec: {
        completionMode: 'Indexed',
        completions: 2,
        parallelism: 1,
        template: jobTemplate,
      },
    },
    update: [
      [{ spec: { completions: 3 } }, 'spec.completions', immutable],
      [{ spec: { backoffLimitPerIndex: 2 } }, 'spec.backoffLimitPerIndex', immutable],
      [{ spec: { template: { spec: { hostname: 'other' } } } }, 'spec.template', immutable],
      [
        {
          spec: {
            podFailurePolicy: {
              rules: [
                { action: 'FailJob', onExitCodes: { operator: 'In', values: [1] }, onPodConditions: [] },
              ],
            },
          },
        },
        'spec.podFailurePolicy',
        immutable,
      ],
      [{ spec: { completionMode: 'NonIndexed' } }, 'spec.completionMode', immutable],
      [{ spec: { selector: otherLabels } }, 'spec.selector', immutable],
    ],
  },
};
