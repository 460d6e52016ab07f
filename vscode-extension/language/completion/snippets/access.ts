import { named, type ObjectSnippet } from './parts.ts';

const rules = [
  'rules:',
  '  - apiGroups: ["${2}"]',
  '    resources: [${3:pods}]',
  '    verbs: [${4:get, list, watch}]',
];
const account = ['subjects:', '  - { kind: ServiceAccount, name: ${2:default}, namespace: ${3:default} }'];
const roleRef = (kind: string) =>
  `roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ${kind}, name: \${1:my-app} }`;

/** Who may do what. */
export const access: readonly ObjectSnippet[] = [
  { apiVersion: 'v1', kind: 'ServiceAccount', lines: named },
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', lines: [...named, ...rules] },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    lines: [...named, roleRef('Role'), ...account],
  },
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', lines: [...named, ...rules] },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    lines: [...named, roleRef('ClusterRole'), ...account],
  },
  {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    lines: [
      ...named,
      'spec:',
      '  # The request as PEM, in base64.',
      '  request: ${2}',
      '  signerName: ${3:kubernetes.io/kube-apiserver-client}',
      '  usages: [${4:client auth}]',
    ],
  },
];
