import { describe, expect, test } from 'vitest';
import { cells, minutesAgo } from '../../../test/expectations/cells.ts';
import type { CellsCase } from '../../../test/expectations/cells.ts';

const cases: readonly CellsCase[] = [
  [
    'of many hosts',
    'networking.k8s.io/v1/Ingress',
    {
      spec: { ingressClassName: 'nginx', rules: ['a', 'b', 'c', 'd'].map((host) => ({ host })), tls: [{}] },
      status: { loadBalancer: { ingress: [{ ip: '192.0.2.2' }, { ip: '192.0.2.1' }] } },
    },
    '"it" "nginx" "a,b,c + 1 more..." "192.0.2.1,192.0.2.2" "80, 443" "60m"',
  ],
  [
    'of any host',
    'networking.k8s.io/v1/Ingress',
    { metadata: { annotations: { 'kubernetes.io/ingress.class': 'old' } }, spec: { rules: [{}] } },
    '"it" "<none>" "*" "" "80" "60m"',
  ],
  [
    'with parameters',
    'networking.k8s.io/v1/IngressClass',
    {
      spec: {
        controller: 'example.com/c',
        parameters: { apiGroup: 'example.com', kind: 'Knobs', name: 'k' },
      },
    },
    '"it" "example.com/c" "Knobs.example.com/k" "60m"',
  ],
  ['of all Pods', 'networking.k8s.io/v1/NetworkPolicy', { spec: { podSelector: {} } }, '"it" "<none>" "60m"'],
  [
    'of a Service',
    'networking.k8s.io/v1/IPAddress',
    { spec: { parentRef: { group: '', resource: 'services', namespace: 'default', name: 'web' } } },
    '"it" "services/default/web" "60m"',
  ],
  [
    'of two families',
    'networking.k8s.io/v1/ServiceCIDR',
    { spec: { cidrs: ['10.96.0.0/12', 'fd00::/108'] } },
    '"it" "10.96.0.0/12,fd00::/108" "60m"',
  ],
  [
    'of two Pods',
    'discovery.k8s.io/v1/EndpointSlice',
    {
      addressType: 'IPv4',
      ports: [{ port: 80 }, { name: 'any' }],
      endpoints: [{ addresses: ['10.0.0.1'] }, { addresses: ['10.0.0.2'] }],
    },
    '"it" "IPv4" "80,any" "10.0.0.1,10.0.0.2" "60m"',
  ],
  [
    'of nobody',
    'discovery.k8s.io/v1/EndpointSlice',
    { addressType: 'IPv4', endpoints: [] },
    '"it" "IPv4" "<unset>" "<unset>" "60m"',
  ],
  ['that is held', 'coordination.k8s.io/v1/Lease', { spec: { holderIdentity: 'a' } }, '"it" "a" "60m"'],
  [
    'of all sorts',
    'rbac.authorization.k8s.io/v1/RoleBinding',
    {
      roleRef: { kind: 'ClusterRole', name: 'view' },
      subjects: [
        { kind: 'User', name: 'ann' },
        { kind: 'User', name: 'bob' },
        { kind: 'Group', name: 'developers' },
        { kind: 'ServiceAccount', namespace: 'default', name: 'bot' },
      ],
    },
    '"it" "ClusterRole/view" "60m" | "ann, bob" "developers" "default/bot"',
  ],
  ['by time of making', 'rbac.authorization.k8s.io/v1/Role', {}, `"it" "${minutesAgo(60)}"`],
  ['by time of making', 'apiextensions.k8s.io/v1/CustomResourceDefinition', {}, `"it" "${minutesAgo(60)}"`],
  [
    'that is the default',
    'storage.k8s.io/v1/StorageClass',
    {
      metadata: { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner: 'p',
      allowVolumeExpansion: true,
    },
    '"it (default)" "p" "Delete" "Immediate" true "60m"',
  ],
  [
    'that is attached',
    'storage.k8s.io/v1/VolumeAttachment',
    {
      spec: { attacher: 'csi', source: { persistentVolumeName: 'pv' }, nodeName: 'a' },
      status: { attached: true },
    },
    '"it" "csi" "pv" "a" true "60m"',
  ],
  [
    'with its defaults',
    'storage.k8s.io/v1/CSIDriver',
    {},
    '"it" true false false "<unset>" false "<none>" "60m"',
  ],
  [
    'of a class',
    'storage.k8s.io/v1/CSIStorageCapacity',
    { storageClassName: 'fast', capacity: '1Ti' },
    '"it" "fast" "1Ti"',
  ],
  [
    'that preempts',
    'scheduling.k8s.io/v1/PriorityClass',
    { value: 100, globalDefault: true, preemptionPolicy: 'Never' },
    '"it" 100 true "60m" "Never"',
  ],
  ['of gVisor', 'node.k8s.io/v1/RuntimeClass', { handler: 'runsc' }, '"it" "runsc" "60m"'],
  [
    'that has its certificate',
    'certificates.k8s.io/v1/CertificateSigningRequest',
    {
      spec: { signerName: 's', username: 'ann', expirationSeconds: 7200 },
      status: { conditions: [{ type: 'Approved' }], certificate: 'AA==' },
    },
    '"it" "60m" "s" "ann" "120m" "Approved,Issued"',
  ],
  [
    'that failed before anybody decided',
    'certificates.k8s.io/v1/CertificateSigningRequest',
    { spec: { signerName: 's', username: 'ann' }, status: { conditions: [{ type: 'Failed' }] } },
    '"it" "60m" "s" "ann" "<none>" "Pending,Failed"',
  ],
  [
    'of two',
    'admissionregistration.k8s.io/v1/MutatingWebhookConfiguration',
    { webhooks: [{}, {}] },
    '"it" 2 "60m"',
  ],
  [
    'with parameters',
    'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy',
    { spec: { validations: [{}], paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } } },
    '"it" 1 "v1/ConfigMap" "60m"',
  ],
  [
    'of one object anywhere',
    'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding',
    { spec: { policyName: 'p', paramRef: { name: 'limits' } } },
    '"it" "p" "*/limits" "60m"',
  ],
  [
    'by user',
    'flowcontrol.apiserver.k8s.io/v1/FlowSchema',
    {
      spec: {
        priorityLevelConfiguration: { name: 'l' },
        matchingPrecedence: 500,
        distinguisherMethod: { type: 'ByUser' },
      },
      status: { conditions: [{ type: 'Dangling', status: 'False' }] },
    },
    '"it" "l" 500 "ByUser" "60m" "False"',
  ],
  [
    'with queues',
    'flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration',
    {
      spec: {
        type: 'Limited',
        limited: {
          nominalConcurrencyShares: 40,
          limitResponse: { queuing: { queues: 64, handSize: 6, queueLengthLimit: 50 } },
        },
      },
    },
    '"it" "Limited" 40 64 6 50 "60m"',
  ],
  [
    'that waits for nobody',
    'flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration',
    { spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0 } } },
    '"it" "Exempt" "<none>" "<none>" "<none>" "<none>" "60m"',
  ],
  [
    'that does not answer',
    'apiregistration.k8s.io/v1/APIService',
    {
      spec: { service: { namespace: 'default', name: 'web' } },
      status: { conditions: [{ type: 'Available', status: 'False', reason: 'MissingEndpoints' }] },
    },
    '"it" "default/web" "False (MissingEndpoints)" "60m"',
  ],
];

describe('the row of a table', () => {
  test.for(cases)('%s: %s', ([, type, object, expected]) => {
    expect(cells(type, object)).toBe(expected);
  });
});
