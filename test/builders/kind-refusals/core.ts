import { declared, immutable, negativeReplicas, required } from './refusal.ts';
import type { KindRefusals } from './refusal.ts';

/** What is refused of the kinds of core. */
export const coreRefusals: Readonly<Record<string, KindRefusals>> = {
  '/configmaps': {
    create: [
      [
        { data: { 'a b': '' } },
        'data[a b]',
        "Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
      ],
      [
        { binaryData: { a: 'Yg==' } },
        'data[a]',
        'Invalid value: "a": duplicate of key present in binaryData',
      ],
    ],
    given: { immutable: true },
    update: [
      [{ data: { a: 'c' } }, 'data', 'Forbidden: field is immutable when `immutable` is set'],
      [{ binaryData: { c: 'Yg==' } }, 'binaryData', 'Forbidden: field is immutable when `immutable` is set'],
      [{ immutable: false }, 'immutable', 'Forbidden: field is immutable when `immutable` is set'],
    ],
  },
  '/endpoints': {
    create: [
      [
        { subsets: [{ ports: [{ port: 80, protocol: 'TCP' }] }] },
        'subsets[0]',
        'Required value: must specify `addresses` or `notReadyAddresses`',
      ],
      [
        { subsets: [{ addresses: [{ ip: '169.254.1.1' }] }] },
        'subsets[0].addresses[0].ip',
        'Invalid value: "169.254.1.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
      ],
    ],
    update: 'where Pods are changes with them',
  },
  '/events': {
    create: [
      [
        { involvedObject: { namespace: 'other' } },
        'involvedObject.namespace',
        'Invalid value: "other": does not match event.namespace',
      ],
    ],
    update: 'the older form of Events takes what clients correct',
  },
  '/namespaces': {
    create: [
      [
        { spec: { finalizers: ['not a name'] } },
        'spec.finalizers[0]',
        "Invalid value: \"not a name\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
      ],
    ],
    update: 'its finalizers are kept by their subresource, and there is nothing else to it',
  },
  '/nodes': {
    create: [
      [
        { spec: { taints: [{ key: 'a', effect: 'Sometimes' }] } },
        'spec.taints[0].effect',
        'Unsupported value: "Sometimes": supported values: "NoExecute", "NoSchedule", "PreferNoSchedule"',
      ],
      [
        { status: { capacity: { cpu: '-1' } } },
        'status.capacity[cpu]',
        'Invalid value: "-1": must be greater than or equal to 0',
      ],
    ],
    given: { spec: { podCIDR: '10.1.0.0/24', podCIDRs: ['10.1.0.0/24'], providerID: 'example://one' } },
    update: [
      [
        { spec: { podCIDR: '10.2.0.0/24', podCIDRs: ['10.2.0.0/24'] } },
        'spec.podCIDRs',
        'Forbidden: node updates may not change podCIDR except from "" to valid',
      ],
      [
        { spec: { providerID: 'example://two' } },
        'spec.providerID',
        'Forbidden: node updates may not change providerID except from "" to valid',
      ],
    ],
    writeStatus: [
      [
        { status: { allocatable: { memory: '-1' } } },
        'status.allocatable[memory]',
        'Invalid value: "-1": must be greater than or equal to 0',
      ],
    ],
  },
  '/persistentvolumeclaims': {
    create: [
      [
        { spec: { accessModes: [] } },
        'spec.accessModes',
        'Required value: at least 1 access mode is required',
      ],
      [
        { spec: { accessModes: ['ReadWriteOncePod', 'ReadOnlyMany'] } },
        'spec.accessModes',
        'Forbidden: may not use ReadWriteOncePod with other access modes',
      ],
      [{ spec: { resources: null } }, 'spec.resources[storage]', required],
      [
        { spec: { volumeMode: 'Tape' } },
        'spec.volumeMode',
        'Unsupported value: "Tape": supported values: "Block", "Filesystem"',
      ],
    ],
    status: { phase: 'Bound' },
    update: [
      [
        { spec: { accessModes: ['ReadOnlyMany'] } },
        'spec',
        'Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
      ],
      [
        { spec: { resources: { requests: { storage: '1Mi' } } } },
        'spec.resources.requests.storage',
        'Forbidden: field can not be less than status.capacity',
      ],
    ],
  },
  '/persistentvolumes': {
    create: [
      [{ spec: { hostPath: null } }, 'spec', 'Required value: must specify a volume type'],
      [
        { spec: { nfs: { server: 'a', path: '/b' } } },
        'spec.nfs',
        'Forbidden: may not specify more than 1 volume type',
      ],
      [{ spec: { capacity: null } }, 'spec.capacity', required],
      [
        { spec: { persistentVolumeReclaimPolicy: 'Burn' } },
        'spec.persistentVolumeReclaimPolicy',
        'Unsupported value: "Burn": supported values: "Delete", "Recycle", "Retain"',
      ],
    ],
    given: {
      spec: {
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }],
          },
        },
      },
    },
    update: [
      [
        { spec: { hostPath: { path: '/y' } } },
        'spec.persistentvolumesource',
        'Forbidden: spec.persistentvolumesource is immutable after creation',
      ],
      [{ spec: { volumeMode: 'Block' } }, 'spec.volumeMode', immutable],
      [{ spec: { nodeAffinity: null } }, 'spec.nodeAffinity', immutable],
    ],
  },
  '/pods': {
    create: [
      [{ spec: { containers: [] } }, 'spec.containers', required],
      [
        { spec: { restartPolicy: 'Sometimes' } },
        'spec.restartPolicy',
        'Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"',
      ],
    ],
    update: [
      [
        { spec: { containers: [{ name: 'main', image: 'web:1', command: ['x'] }] } },
        'spec',
        'spec.containers[0].command: null -> ["x"]',
      ],
      [
        {
          spec: {
            containers: [
              { name: 'main', image: 'web:1' },
              { name: 'more', image: 'web:1' },
            ],
          },
        },
        'spec.containers',
        'Forbidden: pod updates may not add or remove containers',
      ],
    ],
  },
  '/podtemplates': {
    create: [[{ template: { spec: { containers: [] } } }, 'template.spec.containers', required]],
    update: 'nothing follows a template',
  },
  '/replicationcontrollers': {
    create: [
      negativeReplicas,
      [
        { spec: { selector: { app: 'other' } } },
        'spec.template.metadata.labels',
        'Invalid value: {"app":"web"}: `selector` does not match template `labels`',
      ],
    ],
    update: declared,
  },
  '/secrets': {
    create: [
      [{ type: 'kubernetes.io/tls', stringData: { a: null, 'tls.key': 'k' } }, 'data[tls.crt]', required],
      [
        { type: 'kubernetes.io/dockerconfigjson', stringData: { '.dockerconfigjson': '{' } },
        'data[.dockerconfigjson]',
        'Invalid value: "<secret contents redacted>": invalid JSON',
      ],
    ],
    given: { immutable: true },
    update: [
      [{ type: 'example.com/other' }, 'type', immutable],
      [{ data: { a: 'Yw==' } }, 'data', 'Forbidden: field is immutable when `immutable` is set'],
    ],
  },
  '/serviceaccounts': {
    create: 'its metadata is all there is to be wrong',
    update: 'what it refers to may change',
  },
  '/limitranges': {
    create: [
      [
        { spec: { limits: [{ type: 'Pod', max: { cpu: '1' }, min: { cpu: '2' } }] } },
        'spec.limits[0].min[cpu]',
        'Invalid value: "2": min value 2 is greater than max value 1',
      ],
      [
        { spec: { limits: [{ type: 'Pod', default: { cpu: '1' } }] } },
        'spec.limits[0].default',
        "Forbidden: may not be specified when `type` is 'Pod'",
      ],
      [
        { spec: { limits: [{ type: 'Pod' }, { type: 'Pod' }] } },
        'spec.limits[1].type',
        'Duplicate value: "Pod"',
      ],
    ],
    update: 'it holds for what comes later',
  },
  '/resourcequotas': {
    create: [
      [
        { spec: { hard: { pods: '-1' } } },
        'spec.hard[pods]',
        'Invalid value: "-1": must be greater than or equal to 0',
      ],
      [
        { spec: { scopes: ['Terminating', 'NotTerminating'] } },
        'spec.scopes',
        'Invalid value: ["Terminating","NotTerminating"]: conflicting scopes',
      ],
      [{ spec: { scopes: ['Nope'] } }, 'spec.scopes', 'Invalid value: ["Nope"]: unsupported scope'],
      [
        { spec: { hard: { services: '1' }, scopes: ['NotTerminating'] } },
        'spec.scopes',
        'Invalid value: ["NotTerminating"]: unsupported scope applied to resource',
      ],
      [
        { spec: { scopeSelector: { matchExpressions: [{ scopeName: 'Nope', operator: 'Exists' }] } } },
        'spec.scopeSelector.matchExpressions[0].scopeName',
        'Invalid value: "Nope": unsupported scope',
      ],
    ],
    update: [[{ spec: { scopes: ['NotBestEffort'] } }, 'spec.scopes', immutable]],
  },
  '/services': {
    create: [
      [{ spec: { ports: [] } }, 'spec.ports', required],
      [
        { spec: { ports: [{ port: 80, nodePort: 30_080 }] } },
        'spec.ports[0].nodePort',
        "Forbidden: may not be used when `type` is 'ClusterIP'",
      ],
      [
        { spec: { ports: [{ port: 0, targetPort: 80 }] } },
        'spec.ports[0].port',
        'Invalid value: 0: must be between 1 and 65535, inclusive',
      ],
      [
        { spec: { loadBalancerClass: 'example.com/a' } },
        'spec.loadBalancerClass',
        "Forbidden: may only be used when `type` is 'LoadBalancer'",
      ],
    ],
    update: [
      [
        { spec: { clusterIP: '10.96.77.7', clusterIPs: ['10.96.77.7'] } },
        'spec.clusterIPs[0]',
        'Invalid value: ["10.96.77.7"]: may not change once set',
      ],
      [
        { spec: { clusterIP: 'None', clusterIPs: ['None'] } },
        'spec.clusterIPs[0]',
        'Invalid value: ["None"]: may not change once set',
      ],
    ],
  },
};
