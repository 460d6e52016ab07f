import { named, type ObjectSnippet } from './parts.ts';

export const network: readonly ObjectSnippet[] = [
  {
    apiVersion: 'v1',
    kind: 'Service',
    lines: [
      ...named,
      'spec:',
      '  selector:',
      '    app: ${1:my-app}',
      '  ports:',
      '    - port: ${2:80}',
      '      targetPort: ${3:8080}',
    ],
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    lines: [
      ...named,
      'spec:',
      '  rules:',
      '    - host: ${2:app.example.com}',
      '      http:',
      '        paths:',
      '          - path: ${3:/}',
      '            pathType: Prefix',
      '            backend:',
      '              service:',
      '                name: ${1:my-app}',
      '                port: { number: ${4:80} }',
    ],
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    lines: [
      ...named,
      'spec:',
      '  podSelector:',
      '    matchLabels:',
      '      app: ${1:my-app}',
      '  policyTypes: [Ingress]',
      '  ingress:',
      '    - from:',
      '        - podSelector:',
      '            matchLabels:',
      '              app: ${2:client}',
      '      ports:',
      '        - port: ${3:8080}',
    ],
  },
];

/** What administrators write, and controllers more often than they. */
export const networkOfClusters: readonly ObjectSnippet[] = [
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    lines: ['metadata:', '  name: ${1:my-ingress}', 'spec:', '  controller: ${2:example.com/ingress}'],
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    lines: ['metadata:', '  name: ${1:more-services}', 'spec:', '  cidrs: ["${2:10.97.0.0/16}"]'],
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    lines: [
      'metadata:',
      '  name: ${1:my-app}-1',
      '  labels:',
      '    kubernetes.io/service-name: ${1:my-app}',
      'addressType: IPv4',
      'endpoints:',
      '  - addresses: ["${2:192.0.2.10}"]',
      'ports:',
      '  - port: ${3:8080}',
    ],
  },
];
