import { declared, immutable, required } from './refusal.ts';
import type { KindRefusals, Refusal } from './refusal.ts';

const pod = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] };
const webhook = {
  name: 'check.example.com',
  clientConfig: { url: 'https://127.0.0.1:1/check' },
  rules: [pod],
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
};
const webhooks: readonly Refusal[] = [
  [
    { webhooks: [{ ...webhook, name: 'check' }] },
    'webhooks[0].name',
    'Invalid value: "check": should be a domain with at least three segments separated by dots',
  ],
  [
    { webhooks: [{ ...webhook, sideEffects: 'Some' }] },
    'webhooks[0].sideEffects',
    'Unsupported value: "Some": supported values: "None", "NoneOnDryRun"',
  ],
  [
    { webhooks: [{ ...webhook, timeoutSeconds: 31 }] },
    'webhooks[0].timeoutSeconds',
    'Invalid value: 31: must be between 1 and 30, inclusive',
  ],
];

/** What is refused of the kinds of extensions of the API. */
export const extensionRefusals: Readonly<Record<string, KindRefusals>> = {
  'admissionregistration.k8s.io/mutatingadmissionpolicies': {
    create: [
      [{ spec: { matchConstraints: null } }, 'spec.matchConstraints', required],
      [{ spec: { mutations: [] } }, 'spec.mutations', required],
      [
        { spec: { reinvocationPolicy: 'Often' } },
        'spec.reinvocationPolicy',
        'Unsupported value: "Often": supported values: "IfNeeded", "Never"',
      ],
    ],
    update: declared,
  },
  'admissionregistration.k8s.io/mutatingadmissionpolicybindings': {
    create: [[{ spec: { policyName: '' } }, 'spec.policyName', required]],
    update: declared,
  },
  'admissionregistration.k8s.io/mutatingwebhookconfigurations': {
    create: [
      ...webhooks,
      [
        { webhooks: [{ ...webhook, reinvocationPolicy: 'Often' }] },
        'webhooks[0].reinvocationPolicy',
        'Unsupported value: "Often": supported values: "IfNeeded", "Never"',
      ],
    ],
    update: declared,
  },
  'admissionregistration.k8s.io/validatingadmissionpolicies': {
    create: [
      [
        { spec: { validations: [] } },
        'spec.validations',
        'Required value: validations or auditAnnotations must be non-empty',
      ],
      [
        { spec: { failurePolicy: 'Shrug' } },
        'spec.failurePolicy',
        'Unsupported value: "Shrug": supported values: "Fail", "Ignore"',
      ],
      [
        { spec: { matchConstraints: { resourceRules: [] } } },
        'spec.matchConstraints.resourceRules',
        required,
      ],
    ],
    update: declared,
  },
  'admissionregistration.k8s.io/validatingadmissionpolicybindings': {
    create: [
      [
        { spec: { validationActions: [] } },
        'spec.validationActions',
        'Required value: at least one validation action is required',
      ],
      [{ spec: { paramRef: { name: 'a' } } }, 'spec.paramRef.parameterNotFoundAction', required],
    ],
    update: declared,
  },
  'admissionregistration.k8s.io/validatingwebhookconfigurations': { create: webhooks, update: declared },
  'apiextensions.k8s.io/customresourcedefinitions': {
    create: [
      [
        { spec: { names: { plural: 'gadgets' } } },
        'metadata.name',
        'Invalid value: "widgets.example.com": must be spec.names.plural+"."+spec.group',
      ],
      [
        { spec: { scope: 'Everywhere' } },
        'spec.scope',
        'Unsupported value: "Everywhere": supported values: "Cluster", "Namespaced"',
      ],
    ],
    status: {
      conditions: [{ type: 'Established', status: 'True', reason: 'Test', message: '' }],
      storedVersions: ['v1'],
    },
    update: [
      [{ spec: { scope: 'Cluster' } }, 'spec.scope', immutable],
      [{ spec: { names: { kind: 'Gadget' } } }, 'spec.names.kind', immutable],
      [
        {
          spec: {
            versions: [
              { name: 'v2', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
            ],
          },
        },
        'status.storedVersions[0]',
        'Invalid value: "v1": must appear in spec.versions',
      ],
    ],
    writeStatus: [
      [
        { status: { storedVersions: [] } },
        'status.storedVersions',
        'Invalid value: []: must have at least one stored version',
      ],
      [
        { status: { storedVersions: ['v1', 'v0'] } },
        'status.storedVersions[1]',
        'Invalid value: "v0": must appear in spec.versions',
      ],
    ],
  },
  'apiregistration.k8s.io/apiservices': {
    create: [
      [
        { spec: { version: 'v2' } },
        'metadata.name',
        'Invalid value: "v1.example.com": must be `spec.version+"."+spec.group`: v2.example.com',
      ],
      [
        { spec: { groupPriorityMinimum: 0 } },
        'spec.groupPriorityMinimum',
        'Invalid value: 0: must be positive and less than 20000',
      ],
      [
        { spec: { service: null, insecureSkipTLSVerify: true } },
        'spec.insecureSkipTLSVerify',
        'Invalid value: true: local APIServices may not have insecureSkipTLSVerify',
      ],
    ],
    update: 'its name fixes the group and the version; who serves them may change',
  },
};
