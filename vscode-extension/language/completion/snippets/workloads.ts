import { container, indented, named, selected, template, type ObjectSnippet } from './parts.ts';

export const workloads: readonly ObjectSnippet[] = [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    lines: [
      ...named,
      'spec:',
      '  replicas: ${6:2}',
      ...selected,
      ...template([
        ...container,
        '    ports:',
        '      - containerPort: ${7:8080}',
        '    readinessProbe:',
        '      tcpSocket: { port: ${7:8080} }',
      ]),
    ],
  },
  { apiVersion: 'v1', kind: 'Pod', lines: [...named, 'spec:', ...indented(2, container)] },
  {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    lines: [
      ...named,
      'spec:',
      '  serviceName: ${1:my-app}',
      '  replicas: ${6:1}',
      ...selected,
      ...template([...container, '    volumeMounts:', '      - name: data', '        mountPath: ${7:/data}']),
      '  volumeClaimTemplates:',
      '    - metadata:',
      '        name: data',
      '      spec:',
      '        accessModes: [ReadWriteOnce]',
      '        resources:',
      '          requests: { storage: ${8:1Gi} }',
    ],
  },
  {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    lines: [...named, 'spec:', ...selected, ...template(container)],
  },
  {
    apiVersion: 'batch/v1',
    kind: 'Job',
    lines: [...named, 'spec:', '  backoffLimit: ${6:3}', ...template(['restartPolicy: Never', ...container])],
  },
  {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    lines: [
      ...named,
      'spec:',
      '  schedule: "${6:0 3 * * *}"',
      '  jobTemplate:',
      '    spec:',
      '      template:',
      '        spec:',
      '          restartPolicy: Never',
      ...indented(10, container),
    ],
  },
  {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    lines: [
      ...named,
      'spec:',
      '  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: ${1:my-app} }',
      '  minReplicas: ${2:2}',
      '  maxReplicas: ${3:10}',
      '  metrics:',
      '    - type: Resource',
      '      resource:',
      '        name: cpu',
      '        target: { type: Utilization, averageUtilization: ${4:70} }',
    ],
  },
  {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    lines: [...named, 'spec:', '  maxUnavailable: ${2:1}', ...selected],
  },
];

/** Most people leave them to the kinds above. */
export const plainWorkloads: readonly ObjectSnippet[] = [
  {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    lines: [...named, 'spec:', '  replicas: ${6:2}', ...selected, ...template(container)],
  },
  {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    lines: [
      ...named,
      'spec:',
      '  replicas: ${6:2}',
      '  selector:',
      '    app: ${1:my-app}',
      ...template(container),
    ],
  },
  {
    apiVersion: 'v1',
    kind: 'PodTemplate',
    lines: [...named, 'template:', '  spec:', ...indented(4, container)],
  },
  {
    apiVersion: 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    lines: [
      ...named,
      'spec:',
      '  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: ${1:my-app} }',
      '  minReplicas: ${2:2}',
      '  maxReplicas: ${3:10}',
      '  targetCPUUtilizationPercentage: ${4:70}',
    ],
  },
];
