import { type ObjectSnippet } from './parts.ts';

const admission = 'admissionregistration.k8s.io/v1';
const rules = (key: string) => [
  `${key}:`,
  '  - apiGroups: [${2:apps}]',
  '    apiVersions: [${3:v1}]',
  '    operations: [CREATE, UPDATE]',
  '    resources: [${4:deployments}]',
];
const matched = ['spec:', '  matchConstraints:', ...rules('resourceRules').map((line) => `    ${line}`)];
const webhook = [
  'metadata:',
  '  name: ${1:my-rules.example.com}',
  'webhooks:',
  '  - name: ${1:my-rules.example.com}',
  '    clientConfig:',
  '      service: { namespace: ${5:default}, name: ${6:my-app}, path: ${7:/review} }',
  ...rules('rules').map((line) => `    ${line}`),
  '    sideEffects: None',
  '    admissionReviewVersions: [v1]',
];
const policyName = ['metadata:', '  name: ${1:my-rules.example.com}'];

/** What a cluster takes, and how much of it. */
export const policies: readonly ObjectSnippet[] = [
  { apiVersion: 'v1', kind: 'Namespace', lines: ['metadata:', '  name: ${1:my-app}'] },
  {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    lines: [
      'metadata:',
      '  name: ${1:my-quota}',
      'spec:',
      '  hard: { requests.cpu: ${2:4}, requests.memory: ${3:8Gi}, pods: ${4:50} }',
    ],
  },
  {
    apiVersion: 'v1',
    kind: 'LimitRange',
    lines: [
      'metadata:',
      '  name: ${1:my-limits}',
      'spec:',
      '  limits:',
      '    - type: Container',
      '      defaultRequest: { cpu: ${2:50m}, memory: ${3:64Mi} }',
      '      default: { memory: ${4:128Mi} }',
      '      max: { memory: ${5:1Gi} }',
    ],
  },
  {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    lines: ['metadata:', '  name: ${1:my-priority}', 'value: ${2:1000}'],
  },
  {
    apiVersion: admission,
    kind: 'ValidatingAdmissionPolicy',
    lines: [
      ...policyName,
      ...matched,
      '  validations:',
      '    - expression: ${5:object.spec.replicas <= 5}',
      '      message: ${6:no more than five replicas}',
    ],
  },
  {
    apiVersion: admission,
    kind: 'ValidatingAdmissionPolicyBinding',
    lines: [
      ...policyName,
      'spec:',
      '  policyName: ${1:my-rules.example.com}',
      '  validationActions: [${2:Deny}]',
    ],
  },
  {
    apiVersion: admission,
    kind: 'MutatingAdmissionPolicy',
    lines: [
      ...policyName,
      ...matched,
      '  reinvocationPolicy: ${5:Never}',
      '  mutations:',
      '    - patchType: ApplyConfiguration',
      '      applyConfiguration:',
      "        expression: ${6:\"Object{metadata: Object.metadata{labels: {'seen': 'yes'\\}\\}\\}\"}",
    ],
  },
  {
    apiVersion: admission,
    kind: 'MutatingAdmissionPolicyBinding',
    lines: [...policyName, 'spec:', '  policyName: ${1:my-rules.example.com}'],
  },
  { apiVersion: admission, kind: 'ValidatingWebhookConfiguration', lines: webhook },
  { apiVersion: admission, kind: 'MutatingWebhookConfiguration', lines: webhook },
  {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind: 'FlowSchema',
    lines: [
      'metadata:',
      '  name: ${1:my-requests}',
      'spec:',
      '  priorityLevelConfiguration: { name: ${2:workload-low} }',
      '  matchingPrecedence: ${3:5000}',
      '  rules:',
      '    - subjects:',
      '        - { kind: ServiceAccount, serviceAccount: { namespace: ${4:default}, name: ${5:default} } }',
      '      resourceRules:',
      '        - { apiGroups: ["*"], resources: ["*"], verbs: ["*"], namespaces: ["*"] }',
    ],
  },
  {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind: 'PriorityLevelConfiguration',
    lines: [
      'metadata:',
      '  name: ${1:my-level}',
      'spec:',
      '  type: Limited',
      '  limited:',
      '    nominalConcurrencyShares: ${2:10}',
      '    limitResponse: { type: ${3:Reject} }',
    ],
  },
];
