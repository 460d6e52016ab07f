import type { AggregationRule, PolicyRule } from '../../api/generated/rbac-v1.ts';

/** A ClusterRole that every cluster has. */
export interface DefaultRole {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly rules: readonly PolicyRule[];
  readonly aggregationRule?: AggregationRule;
}

const read = 'get list watch';
const write = 'create delete deletecollection patch update';

/** Words are separated by spaces; the core's group is "core". */
function rule(verbs: string, groups: string, resources: string, names?: string): PolicyRule {
  return {
    verbs: verbs.split(' '),
    apiGroups: groups.split(' ').map((group) => (group === 'core' ? '' : group)),
    resources: resources.split(' '),
    ...(names === undefined ? {} : { resourceNames: names.split(' ') }),
  };
}

function urls(paths: string): PolicyRule {
  return { verbs: ['get'], nonResourceURLs: paths.split(' ') };
}

function aggregating(to: 'admin' | 'edit' | 'view'): AggregationRule {
  return {
    clusterRoleSelectors: [{ matchLabels: { [`rbac.authorization.k8s.io/aggregate-to-${to}`]: 'true' } }],
  };
}

function partOf(to: 'admin' | 'edit' | 'view'): Record<string, string> {
  return { [`rbac.authorization.k8s.io/aggregate-to-${to}`]: 'true' };
}

const events = rule('create patch update', 'core events.k8s.io', 'events');
const reviews = [
  rule('create', 'authentication.k8s.io', 'tokenreviews'),
  rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
];

function leasesOf(component: string, verbs = 'get update'): readonly PolicyRule[] {
  return [
    rule('create', 'coordination.k8s.io', 'leases'),
    rule(verbs, 'coordination.k8s.io', 'leases', component),
  ];
}

/** What people are given: `view` is in `edit`, `edit` in `admin`, and extensions add to each by a label. */
const forPeople: readonly DefaultRole[] = [
  {
    name: 'cluster-admin',
    rules: [rule('*', '*', '*'), { verbs: ['*'], nonResourceURLs: ['*'] }],
  },
  { name: 'admin', rules: [], aggregationRule: aggregating('admin') },
  { name: 'edit', labels: partOf('admin'), rules: [], aggregationRule: aggregating('edit') },
  { name: 'view', labels: partOf('edit'), rules: [], aggregationRule: aggregating('view') },
  {
    name: 'system:aggregate-to-admin',
    labels: partOf('admin'),
    rules: [
      rule('create', 'authorization.k8s.io', 'localsubjectaccessreviews'),
      rule(`${write} ${read}`, 'rbac.authorization.k8s.io', 'rolebindings roles'),
    ],
  },
  {
    name: 'system:aggregate-to-edit',
    labels: partOf('edit'),
    rules: [
      rule(read, 'core', 'pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy'),
      rule('impersonate', 'core', 'serviceaccounts'),
      rule(write, 'core', 'pods pods/attach pods/exec pods/portforward pods/proxy'),
      rule('create', 'core', 'pods/eviction'),
      rule(
        write,
        'core',
        'configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy',
      ),
      rule('create', 'core', 'serviceaccounts/token'),
      rule(
        write,
        'apps',
        'daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale',
      ),
      rule(write, 'autoscaling', 'horizontalpodautoscalers'),
      rule(write, 'batch', 'cronjobs jobs'),
      rule(write, 'policy', 'poddisruptionbudgets'),
      rule(write, 'networking.k8s.io', 'ingresses networkpolicies'),
      rule(`${write} ${read}`, 'coordination.k8s.io', 'leases'),
    ],
  },
  {
    name: 'system:aggregate-to-view',
    labels: partOf('view'),
    rules: [
      rule(
        read,
        'core',
        'configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status',
      ),
      rule(
        read,
        'core',
        'bindings events limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas resourcequotas/status',
      ),
      rule(read, 'core', 'namespaces'),
      rule(read, 'discovery.k8s.io', 'endpointslices'),
      rule(
        read,
        'apps',
        'controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status',
      ),
      rule(read, 'autoscaling', 'horizontalpodautoscalers horizontalpodautoscalers/status'),
      rule(read, 'batch', 'cronjobs cronjobs/status jobs jobs/status'),
      rule(read, 'policy', 'poddisruptionbudgets poddisruptionbudgets/status'),
      rule(read, 'networking.k8s.io', 'ingresses ingresses/status networkpolicies'),
    ],
  },
];

const forEverybody: readonly DefaultRole[] = [
  {
    name: 'system:basic-user',
    rules: [
      rule('create', 'authorization.k8s.io', 'selfsubjectaccessreviews selfsubjectrulesreviews'),
      rule('create', 'authentication.k8s.io', 'selfsubjectreviews'),
    ],
  },
  {
    name: 'system:discovery',
    rules: [urls('/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/')],
  },
  { name: 'system:public-info-viewer', rules: [urls('/healthz /livez /readyz /version /version/')] },
  {
    name: 'system:service-account-issuer-discovery',
    rules: [
      urls(
        '/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/',
      ),
    ],
  },
  {
    name: 'system:monitoring',
    rules: [
      urls('/healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*'),
      rule('get', 'core', 'nodes/metrics'),
    ],
  },
  { name: 'system:auth-delegator', rules: reviews },
];

const forComponents: readonly DefaultRole[] = [
  {
    name: 'system:kube-controller-manager',
    rules: [
      events,
      ...leasesOf('kube-controller-manager'),
      rule('create', 'core', 'secrets serviceaccounts'),
      rule('delete', 'core', 'secrets'),
      rule('get', 'core', 'configmaps namespaces secrets serviceaccounts'),
      rule('update', 'core', 'secrets serviceaccounts'),
      ...reviews,
      rule('list watch', '*', '*'),
      rule('create', 'core', 'serviceaccounts/token'),
    ],
  },
  {
    name: 'system:kube-scheduler',
    rules: [
      events,
      ...leasesOf('kube-scheduler', `update ${read}`),
      rule(read, 'core', 'nodes namespaces'),
      rule(`delete ${read}`, 'core', 'pods'),
      rule('create', 'core', 'bindings pods/binding'),
      rule('patch update', 'core', 'pods/status'),
      rule(read, 'core', 'replicationcontrollers services persistentvolumeclaims persistentvolumes'),
      rule(read, 'apps', 'replicasets statefulsets'),
      rule(read, 'policy', 'poddisruptionbudgets'),
      rule(read, 'storage.k8s.io', 'csinodes csidrivers csistoragecapacities volumeattachments'),
      ...reviews,
    ],
  },
  {
    name: 'system:volume-scheduler',
    rules: [
      rule(`patch update ${read}`, 'core', 'persistentvolumes persistentvolumeclaims'),
      rule(read, 'storage.k8s.io', 'storageclasses'),
    ],
  },
  {
    name: 'system:node',
    rules: [
      rule('create', 'authentication.k8s.io', 'tokenreviews'),
      rule('create', 'authorization.k8s.io', 'localsubjectaccessreviews subjectaccessreviews'),
      rule(read, 'core', 'services'),
      rule(`create patch update ${read}`, 'core', 'nodes'),
      rule('patch update', 'core', 'nodes/status pods/status'),
      rule('create patch update', 'core', 'events'),
      rule(`create delete ${read}`, 'core', 'pods'),
      rule('create', 'core', 'pods/eviction serviceaccounts/token'),
      rule(read, 'core', 'configmaps secrets'),
      rule('get', 'core', 'persistentvolumeclaims persistentvolumes endpoints'),
      rule(`create ${read}`, 'certificates.k8s.io', 'certificatesigningrequests'),
      rule('create delete get patch update', 'coordination.k8s.io', 'leases'),
      rule('get', 'storage.k8s.io', 'volumeattachments'),
      rule('get patch update', 'core', 'persistentvolumeclaims/status'),
      rule(read, 'storage.k8s.io', 'csidrivers'),
      rule('create delete get patch update', 'storage.k8s.io', 'csinodes'),
      rule(read, 'node.k8s.io', 'runtimeclasses'),
      rule('get', 'core', 'serviceaccounts'),
    ],
  },
  {
    name: 'system:node-bootstrapper',
    rules: [rule(`create ${read}`, 'certificates.k8s.io', 'certificatesigningrequests')],
  },
  {
    name: 'system:node-problem-detector',
    rules: [rule('get', 'core', 'nodes'), rule('patch', 'core', 'nodes/status'), events],
  },
  {
    name: 'system:node-proxier',
    rules: [
      rule('list watch', 'core', 'endpoints services'),
      rule(read, 'core', 'nodes'),
      events,
      rule('list watch', 'networking.k8s.io', 'servicecidrs'),
      rule('list watch', 'discovery.k8s.io', 'endpointslices'),
    ],
  },
  {
    name: 'system:kubelet-api-admin',
    rules: [
      rule(`proxy ${read}`, 'core', 'nodes'),
      rule(
        '*',
        'core',
        'nodes/configz nodes/healthz nodes/log nodes/metrics nodes/pods nodes/proxy nodes/stats',
      ),
    ],
  },
  { name: 'system:kube-aggregator', rules: [rule(read, 'core', 'endpoints services')] },
  { name: 'system:kube-dns', rules: [rule('list watch', 'core', 'endpoints services')] },
  {
    name: 'system:persistent-volume-provisioner',
    rules: [
      rule(`create delete ${read}`, 'core', 'persistentvolumes'),
      rule(`update ${read}`, 'core', 'persistentvolumeclaims'),
      rule(read, 'storage.k8s.io', 'storageclasses'),
      rule('watch', 'core', 'events'),
      events,
    ],
  },
];

const certificates = 'system:certificates.k8s.io';
const signers = [
  ['kube-apiserver-client-approver', 'kubernetes.io/kube-apiserver-client'],
  ['kube-apiserver-client-kubelet-approver', 'kubernetes.io/kube-apiserver-client-kubelet'],
  ['kubelet-serving-approver', 'kubernetes.io/kubelet-serving'],
  ['legacy-unknown-approver', 'kubernetes.io/legacy-unknown'],
] as const;

const forCertificates: readonly DefaultRole[] = [
  ...['nodeclient', 'selfnodeclient'].map((purpose) => ({
    name: `${certificates}:certificatesigningrequests:${purpose}`,
    rules: [rule('create', 'certificates.k8s.io', `certificatesigningrequests/${purpose}`)],
  })),
  ...signers.map(([name, signer]) => ({
    name: `${certificates}:${name}`,
    rules: [rule('approve', 'certificates.k8s.io', 'signers', signer)],
  })),
];

/** Upstream's, without those of things that are no longer or not yet there (bootstrappolicy/policy.go). */
export const defaultRoles: readonly DefaultRole[] = [
  ...forPeople,
  ...forEverybody,
  ...forComponents,
  ...forCertificates,
];

/** Who has which of them: role, kind of subject, names. */
export const defaultBindings = [
  ['cluster-admin', 'Group', ['system:masters']],
  ['system:discovery', 'Group', ['system:authenticated']],
  ['system:basic-user', 'Group', ['system:authenticated']],
  ['system:public-info-viewer', 'Group', ['system:authenticated', 'system:unauthenticated']],
  ['system:service-account-issuer-discovery', 'Group', ['system:serviceaccounts']],
  ['system:monitoring', 'Group', ['system:monitoring']],
  ['system:node-proxier', 'User', ['system:kube-proxy']],
  ['system:kube-controller-manager', 'User', ['system:kube-controller-manager']],
  ['system:kube-scheduler', 'User', ['system:kube-scheduler']],
  ['system:volume-scheduler', 'User', ['system:kube-scheduler']],
  // A bootstrap token lets a machine become a node, whose agent then replaces its own certificate (KEP-1513).
  ['system:node-bootstrapper', 'Group', ['system:bootstrappers']],
  [`${certificates}:certificatesigningrequests:nodeclient`, 'Group', ['system:bootstrappers']],
  [`${certificates}:certificatesigningrequests:selfnodeclient`, 'Group', ['system:nodes']],
  // Nodes have theirs from the node authorizer; the binding is there for whoever binds to it.
  ['system:node', 'Group', []],
] as const;
