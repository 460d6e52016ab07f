import type { KindInfo } from '../schema/schema-model.ts';
import { apiVersionOf } from '../../../core/api/resource.ts';
import { fieldSnippet } from './field-snippet.ts';

/** A whole object, to begin with: what people change is where the cursor stops. */
export interface ObjectSnippet {
  readonly apiVersion: string;
  readonly kind: string;
  readonly lines: readonly string[];
}

const template = (labels: string, spec: readonly string[]) => [
  '  template:',
  '    metadata:',
  '      labels:',
  `        ${labels}`,
  '    spec:',
  ...spec.map((line) => `      ${line}`),
];
const selected = ['  selector:', '    matchLabels:', '      app: ${1:my-app}'];
const container = [
  'containers:',
  '  - name: ${1:my-app}',
  '    image: ${2:busybox}',
  '    resources:',
  '      requests: { cpu: ${3:50m}, memory: ${4:64Mi} }',
  '      limits: { memory: ${5:128Mi} }',
];
const named = ['metadata:', '  name: ${1:my-app}'];

/** The kinds that people write most. */
const snippets: readonly ObjectSnippet[] = [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    lines: [
      ...named,
      'spec:',
      '  replicas: ${6:2}',
      ...selected,
      ...template('app: ${1:my-app}', [
        ...container,
        '    ports:',
        '      - containerPort: ${7:8080}',
        '    readinessProbe:',
        '      tcpSocket: { port: ${7:8080} }',
      ]),
    ],
  },
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
  { apiVersion: 'v1', kind: 'Pod', lines: [...named, 'spec:', ...container.map((line) => `  ${line}`)] },
  { apiVersion: 'v1', kind: 'ConfigMap', lines: [...named, 'data:', '  ${2:key}: ${3:value}'] },
  { apiVersion: 'v1', kind: 'Secret', lines: [...named, 'stringData:', '  ${2:key}: ${3:value}'] },
  { apiVersion: 'v1', kind: 'Namespace', lines: named },
  { apiVersion: 'v1', kind: 'ServiceAccount', lines: named },
  {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    lines: [
      ...named,
      'spec:',
      '  accessModes: [${2:ReadWriteOnce}]',
      '  resources:',
      '    requests: { storage: ${3:1Gi} }',
    ],
  },
  {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    lines: [
      ...named,
      'spec:',
      '  serviceName: ${1:my-app}',
      '  replicas: ${6:1}',
      ...selected,
      ...template('app: ${1:my-app}', [
        ...container,
        '    volumeMounts:',
        '      - name: data',
        '        mountPath: ${7:/data}',
      ]),
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
    lines: [...named, 'spec:', ...selected, ...template('app: ${1:my-app}', container)],
  },
  {
    apiVersion: 'batch/v1',
    kind: 'Job',
    lines: [
      ...named,
      'spec:',
      '  backoffLimit: ${6:3}',
      ...template('app: ${1:my-app}', ['restartPolicy: Never', ...container]),
    ],
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
      ...container.map((line) => `          ${line}`),
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
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    lines: [
      ...named,
      'rules:',
      '  - apiGroups: ["${2}"]',
      '    resources: [${3:pods}]',
      '    verbs: [${4:get, list, watch}]',
    ],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    lines: [
      ...named,
      'roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: ${1:my-app} }',
      'subjects:',
      '  - { kind: ServiceAccount, name: ${2:default}, namespace: ${3:default} }',
    ],
  },
];

/** The kinds people write most first, then every other one with what its schema requires. */
export function objectSnippets(kinds: readonly KindInfo[]): ObjectSnippet[] {
  const written = new Set(snippets.map(({ apiVersion, kind }) => `${apiVersion}/${kind}`));
  const others = kinds
    .filter((info) => !written.has(`${apiVersionOf(info)}/${info.kind}`))
    .map((info): ObjectSnippet => ({
      apiVersion: apiVersionOf(info),
      kind: info.kind,
      lines: bareLines(info),
    }));
  return [...snippets, ...others];
}

function bareLines({ schema }: KindInfo): string[] {
  const spec = schema.fields.get('spec');
  if (spec === undefined) return ['metadata:', '  name: ${1:my-name}'];
  // Its own stops come after that of the name.
  const below = fieldSnippet(spec, { column: 0, flow: false }).replace(
    /\$(\{?)(\d+)/g,
    (_, brace: string, stop: string) => `$${brace}${Number(stop) + 1}`,
  );
  return ['metadata:', '  name: ${1:my-name}', ...below.split('\n')];
}
