import { declared, immutable, required } from './refusal.ts';
import type { KindRefusals, Refusal } from './refusal.ts';

const label63 =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

/** Whoever signs is believed; only its frame is looked at. */
const certificate = Buffer.from('-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n').toString(
  'base64',
);
const rules: readonly Refusal[] = [
  [
    { rules: [{ apiGroups: [''], resources: ['pods'], verbs: [] }] },
    'rules[0].verbs',
    'Required value: verbs must contain at least one value',
  ],
  [
    { rules: [{ resources: ['pods'], verbs: ['get'] }] },
    'rules[0].apiGroups',
    'Required value: resource rules must supply at least one api group',
  ],
];
const reference = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'writer' };

/** What is refused of the kinds of the rules of a cluster. */
export const clusterRefusals: Readonly<Record<string, KindRefusals>> = {
  'certificates.k8s.io/certificatesigningrequests': {
    create: [
      [{ spec: { usages: [] } }, 'spec.usages', 'Required value: usages is required'],
      [
        { spec: { signerName: 'signer' } },
        'spec.signerName',
        'Invalid value: "signer": must be a fully qualified domain and path of the form \'example.com/signer-name\'',
      ],
      [
        { spec: { expirationSeconds: 60 } },
        'spec.expirationSeconds',
        'Invalid value: 60: may not specify a duration less than 600 seconds (10 minutes)',
      ],
    ],
    status: { certificate },
    update: [[{ spec: { signerName: 'example.com/other' } }, 'spec', immutable]],
    writeStatus: [
      [{ status: { certificate: null } }, 'status.certificate', immutable],
      [{ status: { conditions: [{ type: '', status: 'True' }] } }, 'status.conditions[0].type', required],
      [
        { status: { conditions: [{ type: 'Failed', status: 'False' }] } },
        'status.conditions[0].status',
        'Unsupported value: "False": supported values: "True"',
      ],
    ],
  },
  'flowcontrol.apiserver.k8s.io/flowschemas': {
    create: [
      [
        { spec: { matchingPrecedence: 1 } },
        'spec.matchingPrecedence',
        "Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
      ],
      [
        { spec: { matchingPrecedence: 10_001 } },
        'spec.matchingPrecedence',
        'Invalid value: 10001: must not be greater than 10000',
      ],
      [
        { spec: { priorityLevelConfiguration: { name: '' } } },
        'spec.priorityLevelConfiguration.name',
        'Required value: must reference a priority level',
      ],
    ],
    update: declared,
  },
  'flowcontrol.apiserver.k8s.io/prioritylevelconfigurations': {
    create: [
      [{ spec: { type: 'Exempt' } }, 'spec.limited', 'Forbidden: must be nil if the type is not Limited'],
      [
        { spec: { limited: { limitResponse: { queuing: { queues: 2, handSize: 3 } } } } },
        'spec.limited.limitResponse.queuing.handSize',
        'Invalid value: 3: should not be greater than queues (2)',
      ],
    ],
    update: declared,
  },
  'node.k8s.io/runtimeclasses': {
    create: [
      [{ handler: '' }, 'handler', required],
      [{ handler: 'Run C' }, 'handler', `Invalid value: "Run C": ${label63}`],
    ],
    update: [[{ handler: 'other' }, 'handler', immutable]],
  },
  // Its fields go by the names of the older form, which is the one that is stored.
  'events.k8s.io/events': {
    create: [
      [{ eventTime: null }, 'eventTime', required],
      [{ reportingController: '' }, 'reportingController', required],
      [{ action: 'a'.repeat(129) }, 'action', 'Invalid value: "": can have at most 128 characters'],
      [{ type: 'Loud' }, 'type', 'Invalid value: "": has invalid value: Loud'],
      [{ deprecatedCount: 2 }, 'count', 'Invalid value: "": needs to be unset'],
      [
        { series: { count: 1, lastObservedTime: '2030-01-01T00:00:00.000000Z' } },
        'series.count',
        'Invalid value: "": should be at least 2',
      ],
    ],
    update: [
      [{ note: 'It stopped' }, 'message', immutable],
      [{ regarding: { name: 'other' } }, 'involvedObject', immutable],
      [{ reportingController: 'example.com/other' }, 'reportingController', immutable],
    ],
  },
  'coordination.k8s.io/leases': {
    create: [
      [
        { spec: { leaseDurationSeconds: 0 } },
        'spec.leaseDurationSeconds',
        'Invalid value: 0: must be greater than 0',
      ],
      [
        { spec: { leaseTransitions: -1 } },
        'spec.leaseTransitions',
        'Invalid value: -1: must be greater than or equal to 0',
      ],
    ],
    update: 'it goes from hand to hand',
  },
  'rbac.authorization.k8s.io/clusterrolebindings': {
    create: [
      [
        { roleRef: { kind: 'Role' } },
        'roleRef.kind',
        'Unsupported value: "Role": supported values: "ClusterRole"',
      ],
      [{ subjects: [{ kind: 'ServiceAccount', name: 'a' }] }, 'subjects[0].namespace', required],
    ],
    update: [[{ roleRef: reference }, 'roleRef', 'cannot change roleRef']],
  },
  'rbac.authorization.k8s.io/clusterroles': {
    create: [
      ...rules,
      [
        { aggregationRule: {} },
        'aggregationRule.clusterRoleSelectors',
        'Required value: at least one clusterRoleSelector required if aggregationRule is non-nil',
      ],
    ],
    update: 'what it allows may change; who may change it is for escalation checks',
  },
  'rbac.authorization.k8s.io/rolebindings': {
    create: [
      [{ roleRef: { name: '' } }, 'roleRef.name', required],
      [
        { subjects: [{ kind: 'Robot', name: 'a' }] },
        'subjects[0].kind',
        'Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"',
      ],
    ],
    update: [[{ roleRef: reference }, 'roleRef', 'cannot change roleRef']],
  },
  'rbac.authorization.k8s.io/roles': {
    create: [
      ...rules,
      [
        { rules: [{ nonResourceURLs: ['/metrics'], verbs: ['get'] }] },
        'rules[0].nonResourceURLs',
        'Forbidden: namespaced rules cannot apply to non-resource URLs',
      ],
    ],
    update: 'what it allows may change; who may change it is for escalation checks',
  },
  'scheduling.k8s.io/priorityclasses': {
    create: [
      [
        { value: 1_000_000_001 },
        'value',
        'Forbidden: maximum allowed value of a user defined priority is 1000000000',
      ],
      [
        { preemptionPolicy: 'Maybe' },
        'preemptionPolicy',
        'Unsupported value: "Maybe": supported values: "PreemptLowerPriority", "Never"',
      ],
    ],
    update: [
      [{ value: 11 }, 'value', 'Forbidden: may not be changed in an update.'],
      [{ preemptionPolicy: 'Never' }, 'preemptionPolicy', immutable],
    ],
  },
};
