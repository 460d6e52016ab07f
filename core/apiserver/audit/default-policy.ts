import { ownUsers } from './own-verbs.ts';
import { readPolicy } from './policy.ts';
import type { AuditPolicy } from './policy.ts';

const reads = ['get', 'list', 'watch'];
const users = Object.values(ownUsers).map(({ name }) => name);

/**
 * What is written down unless somebody says otherwise: who did what to which object and what came of it, and of
 * changes what was asked for, except where that could be a secret. What the cluster's own parts do all the time is
 * left out: it would push everything else out of a log of bounded size.
 */
export const defaultPolicy: AuditPolicy = readPolicy({
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  omitManagedFields: true,
  rules: [
    {
      level: 'None',
      verbs: ['get', 'head'],
      nonResourceURLs: [
        '/healthz*',
        '/livez*',
        '/readyz*',
        '/version*',
        '/metrics',
        '/openapi*',
        '/api*',
        '/',
      ],
    },
    { level: 'None', resources: [{ group: '', resources: ['events'] }, { group: 'events.k8s.io' }] },
    { level: 'None', users, verbs: reads },
    {
      level: 'None',
      users,
      resources: [
        { group: '', resources: ['*/status', 'endpoints', 'pods/binding'] },
        ...['apps', 'apiregistration.k8s.io', 'policy'].map((group) => ({ group, resources: ['*/status'] })),
        { group: 'coordination.k8s.io', resources: ['leases'] },
        { group: 'discovery.k8s.io', resources: ['endpointslices'] },
      ],
    },
    { level: 'Metadata', users },
    { level: 'None', userGroups: ['system:nodes'], verbs: reads },
    {
      level: 'None',
      userGroups: ['system:nodes'],
      verbs: ['create', 'update', 'patch'],
      resources: [
        { group: 'coordination.k8s.io', resources: ['leases'] },
        { group: '', resources: ['nodes/status', 'pods/status'] },
      ],
    },
    { level: 'Metadata', userGroups: ['system:nodes'] },
    {
      level: 'Metadata',
      resources: [
        { group: '', resources: ['secrets', 'configmaps', 'serviceaccounts/token'] },
        { group: 'authentication.k8s.io' },
      ],
    },
    { level: 'Metadata', verbs: reads },
    // Of these groups it is known that they keep their secrets in Secrets.
    {
      level: 'Request',
      resources: [
        '',
        'admissionregistration.k8s.io',
        'apiextensions.k8s.io',
        'apiregistration.k8s.io',
        'apps',
        'authorization.k8s.io',
        'autoscaling',
        'batch',
        'certificates.k8s.io',
        'coordination.k8s.io',
        'discovery.k8s.io',
        'flowcontrol.apiserver.k8s.io',
        'networking.k8s.io',
        'node.k8s.io',
        'policy',
        'rbac.authorization.k8s.io',
        'scheduling.k8s.io',
        'storage.k8s.io',
      ].map((group) => ({ group })),
    },
    { level: 'Metadata' },
  ],
});
