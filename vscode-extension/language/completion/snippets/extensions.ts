import { type ObjectSnippet } from './parts.ts';

/** What gives a cluster more kinds, or Pods another runtime. */
export const extensions: readonly ObjectSnippet[] = [
  {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    lines: [
      'metadata:',
      '  name: ${1:lamps}.${2:example.com}',
      'spec:',
      '  group: ${2:example.com}',
      '  scope: ${3:Namespaced}',
      '  names: { kind: ${4:Lamp}, plural: ${1:lamps}, singular: ${5:lamp} }',
      '  versions:',
      '    - name: v1',
      '      served: true',
      '      storage: true',
      '      schema:',
      '        openAPIV3Schema:',
      '          type: object',
      '          properties:',
      '            spec:',
      '              type: object',
      '              properties:',
      '                ${6:color}: { type: ${7:string} }',
    ],
  },
  {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    lines: [
      'metadata:',
      '  name: ${1:v1}.${2:example.com}',
      'spec:',
      '  version: ${1:v1}',
      '  group: ${2:example.com}',
      '  groupPriorityMinimum: ${3:1000}',
      '  versionPriority: ${4:15}',
      '  service: { namespace: ${5:default}, name: ${6:my-app} }',
    ],
  },
  {
    apiVersion: 'node.k8s.io/v1',
    kind: 'RuntimeClass',
    lines: ['metadata:', '  name: ${1:my-runtime}', 'handler: ${2:runc}'],
  },
];
