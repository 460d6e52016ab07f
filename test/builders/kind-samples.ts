/** What an object of a kind says beside its name. */
export type Members = Readonly<Record<string, unknown>>;

export const podSpec = { containers: [{ name: 'main', image: 'web:1' }] };
export const template = { metadata: { labels: { app: 'web' } }, spec: podSpec };
export const selector = { matchLabels: { app: 'web' } };
export const jobTemplate = {
  metadata: { labels: { app: 'web' } },
  spec: { ...podSpec, restartPolicy: 'Never' },
};
const role = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'reader' };
const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];

const podRule = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] };
const webhook = {
  name: 'check.example.com',
  clientConfig: { url: 'https://127.0.0.1:1/check' },
  rules: [podRule],
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
};
/** For "O=developers, CN=kim"; its key is not kept. */
const signingRequest = Buffer.from(
  [
    '-----BEGIN CERTIFICATE REQUEST-----',
    'MIHeMIGFAgEAMCMxEzARBgNVBAoMCmRldmVsb3BlcnMxDDAKBgNVBAMMA2tpbTBZ',
    'MBMGByqGSM49AgEGCCqGSM49AwEHA0IABIrvQcOZGDSHtVz95VMP8WBfg6UZ389y',
    'UN3eLOUIRuMP0oC+pW3g17VNMMRfnZaJ013WbDifWbX2TKfVOkdfksCgADAKBggq',
    'hkjOPQQDAgNIADBFAiEA42g4Fcnw86CMXz3zJMkFGMxzlVap6jY+rw3sZd+yvNEC',
    'IFjIOtP+U4+1KyETInLPC4XwdTGrsWodMsf1ocfI7LjW',
    '-----END CERTIFICATE REQUEST-----',
  ].join('\n'),
).toString('base64');

export interface KindSample {
  /** "web" is no name for every kind. */
  readonly name?: string;
  readonly given?: Members;
  readonly expected?: Members;
}

/** By "group/plural": the least that each kind takes, and what of it must come back completed. */
export const kindSamples: Readonly<Record<string, KindSample>> = {
  '/configmaps': { given: { data: { a: 'b' } } },
  '/endpoints': {
    given: { subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80, protocol: 'TCP' }] }] },
  },
  '/events': { given: { involvedObject: { namespace: 'default' } } },
  '/namespaces': { expected: { status: { phase: 'Active' }, spec: { finalizers: ['kubernetes'] } } },
  '/nodes': {
    given: { spec: {}, status: { capacity: { cpu: '4000m' } } },
    expected: { status: { capacity: { cpu: '4' } } },
  },
  '/persistentvolumeclaims': {
    given: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1024Mi' } } } },
    expected: {
      spec: { volumeMode: 'Filesystem', resources: { requests: { storage: '1Gi' } } },
      status: { phase: 'Pending' },
    },
  },
  '/persistentvolumes': {
    given: {
      spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/x' } },
    },
    expected: { spec: { persistentVolumeReclaimPolicy: 'Retain' } },
  },
  '/pods': { given: { spec: podSpec }, expected: { status: { phase: 'Pending', qosClass: 'BestEffort' } } },
  '/podtemplates': { given: { template }, expected: { template: { spec: { dnsPolicy: 'ClusterFirst' } } } },
  '/replicationcontrollers': {
    given: { spec: { template } },
    expected: { spec: { replicas: 1, selector: { app: 'web' } } },
  },
  '/secrets': { given: { stringData: { a: 'b' } }, expected: { type: 'Opaque', data: { a: 'Yg==' } } },
  '/serviceaccounts': {},
  '/limitranges': {
    given: { spec: { limits: [{ type: 'Container', max: { cpu: '1' } }] } },
    expected: { spec: { limits: [{ default: { cpu: '1' }, defaultRequest: { cpu: '1' } }] } },
  },
  '/resourcequotas': {
    given: { spec: { hard: { pods: '10', 'requests.cpu': '1000m' } } },
    expected: { spec: { hard: { 'requests.cpu': '1' } } },
  },
  '/services': { given: { spec: { ports: [{ port: 80 }] } }, expected: { spec: { type: 'ClusterIP' } } },
  'admissionregistration.k8s.io/mutatingadmissionpolicies': {
    given: {
      spec: {
        matchConstraints: { resourceRules: [podRule] },
        mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: '[]' } }],
        reinvocationPolicy: 'Never',
      },
    },
    expected: { spec: { failurePolicy: 'Fail' } },
  },
  'admissionregistration.k8s.io/mutatingadmissionpolicybindings': { given: { spec: { policyName: 'web' } } },
  'admissionregistration.k8s.io/mutatingwebhookconfigurations': {
    given: { webhooks: [webhook] },
    expected: { webhooks: [{ failurePolicy: 'Fail', timeoutSeconds: 10, reinvocationPolicy: 'Never' }] },
  },
  'admissionregistration.k8s.io/validatingadmissionpolicies': {
    given: {
      spec: {
        matchConstraints: { resourceRules: [podRule] },
        validations: [{ expression: 'object.metadata.name != "x"' }],
      },
    },
    expected: { spec: { failurePolicy: 'Fail', matchConstraints: { matchPolicy: 'Equivalent' } } },
  },
  'admissionregistration.k8s.io/validatingadmissionpolicybindings': {
    given: { spec: { policyName: 'web', validationActions: ['Deny'] } },
  },
  'admissionregistration.k8s.io/validatingwebhookconfigurations': {
    given: { webhooks: [webhook] },
    expected: { webhooks: [{ failurePolicy: 'Fail', matchPolicy: 'Equivalent', timeoutSeconds: 10 }] },
  },
  'apiextensions.k8s.io/customresourcedefinitions': {
    name: 'widgets.example.com',
    given: {
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'widgets', kind: 'Widget' },
        versions: [
          { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
        ],
      },
    },
    expected: {
      spec: { names: { singular: 'widget', listKind: 'WidgetList' }, conversion: { strategy: 'None' } },
    },
  },
  'apiregistration.k8s.io/apiservices': {
    name: 'v1.example.com',
    given: {
      spec: {
        group: 'example.com',
        version: 'v1',
        groupPriorityMinimum: 10,
        versionPriority: 10,
        service: { namespace: 'default', name: 'web' },
      },
    },
    expected: { spec: { service: { port: 443 } } },
  },
  'autoscaling/horizontalpodautoscalers': {
    given: { spec: { scaleTargetRef: { kind: 'Deployment', name: 'web' }, maxReplicas: 3 } },
    expected: { spec: { minReplicas: 1 } },
  },
  'certificates.k8s.io/certificatesigningrequests': {
    given: { spec: { request: signingRequest, signerName: 'example.com/signer', usages: ['client auth'] } },
    expected: { spec: { username: 'system:apiserver', groups: ['system:masters'] } },
  },
  'flowcontrol.apiserver.k8s.io/flowschemas': {
    given: {
      spec: {
        priorityLevelConfiguration: { name: 'level' },
        rules: [
          {
            subjects: [{ kind: 'Group', group: { name: 'system:authenticated' } }],
            nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
          },
        ],
      },
    },
    expected: { spec: { matchingPrecedence: 1000 } },
  },
  'flowcontrol.apiserver.k8s.io/prioritylevelconfigurations': {
    given: { spec: { type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing: {} } } } },
    expected: {
      spec: { limited: { nominalConcurrencyShares: 30, limitResponse: { queuing: { queues: 64 } } } },
    },
  },
  'networking.k8s.io/ipaddresses': {
    name: '10.0.0.1',
    given: { spec: { parentRef: { resource: 'services', namespace: 'default', name: 'web' } } },
  },
  'networking.k8s.io/networkpolicies': {
    given: { spec: { podSelector: {}, egress: [{}] } },
    expected: { spec: { policyTypes: ['Ingress', 'Egress'] } },
  },
  'networking.k8s.io/servicecidrs': { given: { spec: { cidrs: ['10.7.0.0/24'] } } },
  'node.k8s.io/runtimeclasses': { given: { handler: 'runc' } },
  'policy/poddisruptionbudgets': { given: { spec: { maxUnavailable: '50%', selector } } },
  'apps/controllerrevisions': { given: { data: { spec: {} }, revision: 1 } },
  'apps/daemonsets': {
    given: { spec: { selector, template } },
    expected: {
      spec: { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } } },
    },
  },
  'apps/deployments': { given: { spec: { selector, template } }, expected: { spec: { replicas: 1 } } },
  'apps/replicasets': { given: { spec: { selector, template } }, expected: { spec: { replicas: 1 } } },
  'apps/statefulsets': {
    given: { spec: { serviceName: 'web', selector, template } },
    expected: {
      spec: {
        replicas: 1,
        podManagementPolicy: 'OrderedReady',
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      },
    },
  },
  'batch/cronjobs': {
    given: { spec: { schedule: '*/5 * * * mon-fri', jobTemplate: { spec: { template: jobTemplate } } } },
    expected: {
      spec: { concurrencyPolicy: 'Allow', successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 },
    },
  },
  'batch/jobs': {
    given: { spec: { template: jobTemplate } },
    expected: { spec: { completions: 1, parallelism: 1, backoffLimit: 6, completionMode: 'NonIndexed' } },
  },
  'networking.k8s.io/ingressclasses': { given: { spec: { controller: 'example.com/ingress' } } },
  'networking.k8s.io/ingresses': {
    given: { spec: { defaultBackend: { service: { name: 'web', port: { number: 80 } } } } },
  },
  'discovery.k8s.io/endpointslices': {
    given: { addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'] }], ports: [{ port: 80 }] },
    expected: { ports: [{ name: '', protocol: 'TCP', port: 80 }] },
  },
  'events.k8s.io/events': {
    given: {
      eventTime: '2030-01-01T00:00:00.000000Z',
      reportingController: 'example.com/controller',
      reportingInstance: 'one',
      action: 'Start',
      reason: 'Started',
      type: 'Normal',
      regarding: { namespace: 'default' },
      note: 'It runs',
    },
  },
  'coordination.k8s.io/leases': { given: { spec: { holderIdentity: 'a', leaseDurationSeconds: 40 } } },
  'rbac.authorization.k8s.io/clusterrolebindings': {
    given: { roleRef: role, subjects: [{ kind: 'User', name: 'kim' }] },
    expected: { subjects: [{ kind: 'User', name: 'kim', apiGroup: 'rbac.authorization.k8s.io' }] },
  },
  'rbac.authorization.k8s.io/clusterroles': { given: { rules } },
  'rbac.authorization.k8s.io/rolebindings': { given: { roleRef: role } },
  'rbac.authorization.k8s.io/roles': { given: { rules } },
  'storage.k8s.io/csidrivers': { given: { spec: {} }, expected: { spec: { attachRequired: true } } },
  'storage.k8s.io/csinodes': { given: { spec: { drivers: [] } } },
  'storage.k8s.io/csistoragecapacities': { given: { storageClassName: 'fast' } },
  'storage.k8s.io/storageclasses': {
    given: { provisioner: 'example.com/disk' },
    expected: { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' },
  },
  'storage.k8s.io/volumeattachments': {
    given: {
      spec: { attacher: 'example.com/disk', nodeName: 'a', source: { persistentVolumeName: 'data' } },
    },
  },
  'storage.k8s.io/volumeattributesclasses': {
    given: { driverName: 'example.com/disk', parameters: { speed: 'fast' } },
  },
  'scheduling.k8s.io/priorityclasses': {
    given: { value: 10 },
    expected: { preemptionPolicy: 'PreemptLowerPriority' },
  },
};
