import type {
  FlowSchema,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  ResourcePolicyRule,
  Subject,
} from '../../api/generated/flowcontrol-v1.ts';

/** Upstream's objects (apiserver/pkg/apis/flowcontrol/bootstrap): without them nothing could be decided. */
const apiVersion = 'flowcontrol.apiserver.k8s.io/v1';
/** "false" keeps a suggested object as somebody changed it. */
export const autoUpdate = 'apf.kubernetes.io/autoupdate-spec';
const annotations = { [autoUpdate]: 'true' };

function level(name: string, spec: PriorityLevelConfigurationSpec): PriorityLevelConfiguration {
  return {
    apiVersion,
    kind: 'PriorityLevelConfiguration',
    metadata: { name, annotations },
    spec,
    status: {},
  };
}

function queued(
  name: string,
  nominalConcurrencyShares: number,
  lendablePercent: number,
  queues: number,
  handSize: number,
): PriorityLevelConfiguration {
  const limitResponse = { type: 'Queue', queuing: { queues, handSize, queueLengthLimit: 50 } };
  return level(name, {
    type: 'Limited',
    limited: { nominalConcurrencyShares, lendablePercent, limitResponse },
  });
}

export const exemptLevel = level('exempt', {
  type: 'Exempt',
  exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 },
});

export const catchAllLevel = level('catch-all', {
  type: 'Limited',
  limited: { nominalConcurrencyShares: 5, lendablePercent: 0, limitResponse: { type: 'Reject' } },
});

export const suggestedLevels: readonly PriorityLevelConfiguration[] = [
  queued('system', 30, 33, 64, 6),
  queued('node-high', 40, 25, 64, 6),
  queued('leader-election', 10, 0, 16, 4),
  queued('workload-high', 40, 50, 128, 6),
  queued('workload-low', 100, 90, 128, 6),
  queued('global-default', 20, 50, 128, 6),
];

const all = ['*'];
const everything = {
  resourceRules: [{ verbs: all, apiGroups: all, resources: all, namespaces: all, clusterScope: true }],
  nonResourceRules: [{ verbs: all, nonResourceURLs: all }],
};

function schema(
  name: string,
  levelName: string,
  matchingPrecedence: number,
  flowsBy: 'ByUser' | 'ByNamespace' | undefined,
  rule: NonNullable<FlowSchema['spec']['rules']>[number],
): FlowSchema {
  return {
    apiVersion,
    kind: 'FlowSchema',
    metadata: { name, annotations },
    spec: {
      priorityLevelConfiguration: { name: levelName },
      matchingPrecedence,
      ...(flowsBy === undefined ? {} : { distinguisherMethod: { type: flowsBy } }),
      rules: [rule],
    },
    status: {},
  };
}

const groups = (...names: readonly string[]): Subject[] =>
  names.map((name) => ({ kind: 'Group', group: { name } }));
const users = (...names: readonly string[]): Subject[] =>
  names.map((name) => ({ kind: 'User', user: { name } }));
const systemAccounts = (...names: readonly string[]): Subject[] =>
  names.map((name) => ({ kind: 'ServiceAccount', serviceAccount: { name, namespace: 'kube-system' } }));

const everybody = groups('system:unauthenticated', 'system:authenticated');
const controllerManager = users('system:kube-controller-manager');

function writing(group: string, resource: string): ResourcePolicyRule {
  return {
    verbs: ['get', 'create', 'update'],
    apiGroups: [group],
    resources: [resource],
    namespaces: all,
    clusterScope: false,
  };
}

const leases = writing('coordination.k8s.io', 'leases');

export const exemptSchema = schema('exempt', 'exempt', 1, undefined, {
  subjects: groups('system:masters'),
  ...everything,
});

export const catchAllSchema = schema('catch-all', 'catch-all', 10_000, 'ByUser', {
  subjects: everybody,
  ...everything,
});

export const suggestedSchemas: readonly FlowSchema[] = [
  schema('probes', 'exempt', 2, undefined, {
    subjects: everybody,
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
  }),
  schema('system-leader-election', 'leader-election', 100, 'ByUser', {
    subjects: [...users('system:kube-controller-manager', 'system:kube-scheduler'), ...systemAccounts('*')],
    resourceRules: [leases],
  }),
  schema('endpoint-controller', 'workload-high', 150, 'ByUser', {
    subjects: [
      ...controllerManager,
      ...systemAccounts('endpoint-controller', 'endpointslicemirroring-controller'),
    ],
    resourceRules: [writing('', 'endpoints')],
  }),
  schema('workload-leader-election', 'leader-election', 200, 'ByUser', {
    subjects: systemAccounts('*'),
    resourceRules: [leases],
  }),
  schema('system-node-high', 'node-high', 400, 'ByUser', {
    subjects: groups('system:nodes'),
    resourceRules: [
      {
        verbs: all,
        apiGroups: [''],
        resources: ['nodes', 'nodes/status'],
        namespaces: all,
        clusterScope: true,
      },
      {
        verbs: all,
        apiGroups: ['coordination.k8s.io'],
        resources: ['leases'],
        namespaces: all,
        clusterScope: false,
      },
    ],
  }),
  schema('system-nodes', 'system', 500, 'ByUser', { subjects: groups('system:nodes'), ...everything }),
  schema('kube-controller-manager', 'workload-high', 800, 'ByNamespace', {
    subjects: controllerManager,
    ...everything,
  }),
  schema('kube-scheduler', 'workload-high', 800, 'ByNamespace', {
    subjects: users('system:kube-scheduler'),
    ...everything,
  }),
  schema('kube-system-service-accounts', 'workload-high', 900, 'ByNamespace', {
    subjects: systemAccounts('*'),
    ...everything,
  }),
  schema('service-accounts', 'workload-low', 9000, 'ByUser', {
    subjects: groups('system:serviceaccounts'),
    ...everything,
  }),
  schema('global-default', 'global-default', 9900, 'ByUser', { subjects: everybody, ...everything }),
];
