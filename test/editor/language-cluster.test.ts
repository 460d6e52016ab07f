import { beforeAll, afterAll, expect, test } from 'vitest';
import { EditorWindow } from '../environment/editor/editor-window.ts';
import { createWebhookServer, respond } from '../environment/webhook-server.ts';
import type { Asked, WebhookServer } from '../environment/webhook-server.ts';
import { errors, onlyProblem, takeFix, takeProposal, untilProblemsAre } from './manifest-actions.ts';
import { describeEditor, editorCluster, editorScene } from './scene.ts';

const web = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: language-live
spec:
  replicas: 0
  selector:
    matchLabels:
      app: live
  template:
    metadata:
      labels:
        app: live
    spec:
      containers:
        - name: web
          image: busybox
          ports: [{ protocol: TCP, containerPort: 80 }]
          envFrom:
            - configMapRef:
                name: language-there
          volumeMounts: [{ name: data, mountPath: /data }]
      volumes:
        - name: data
          emptyDir: {}
`;
const definition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: lamps.language.example.com }
spec:
  group: language.example.com
  scope: Namespaced
  names: { kind: Lamp, plural: lamps }
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              x-kubernetes-validations:
                - { rule: self.color != 'green' || self.watts < 50, message: green is dim }
              properties:
                color: { type: string, enum: [red, green] }
                watts: { type: integer, default: 40 }
`;
const lamp = 'apiVersion: language.example.com/v1\nkind: Lamp\nmetadata: { name: a }\nspec:\n  colour: red\n';

const rules = `apiVersion: v1
kind: Namespace
metadata: { name: language-small, labels: { language: few } }
---
apiVersion: v1
kind: ResourceQuota
metadata: { name: small, namespace: language-small }
spec: { hard: { limits.cpu: "1" } }
---
apiVersion: v1
kind: Namespace
metadata: { name: language-careful, labels: { pod-security.kubernetes.io/enforce: baseline } }
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: { name: few.language.example.com }
spec:
  matchConstraints:
    namespaceSelector: { matchLabels: { language: few } }
    resourceRules:
      - { apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments] }
  validations: [{ expression: object.spec.replicas <= 3 }]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: { name: few.language.example.com }
spec: { policyName: few.language.example.com, validationActions: [Deny] }
---
apiVersion: v1
kind: Namespace
metadata: { name: language-bounded }
---
apiVersion: v1
kind: LimitRange
metadata: { name: bounds, namespace: language-bounded }
spec: { limits: [{ type: Container, max: { memory: 128Mi } }] }
---
apiVersion: v1
kind: Namespace
metadata: { name: language-asked, labels: { language: asked } }
`;
/** Users' own rules: one says in words what it means, one names the field as validation does, one may break. */
const webhooks = (server: WebhookServer) => {
  const webhook = (name: string, resources: readonly string[]) => ({
    name: `${name}.language.example.com`,
    clientConfig: { url: server.url(`/${name}`), caBundle: server.caBundle },
    rules: [{ operations: ['CREATE', 'UPDATE'], apiGroups: [''], apiVersions: ['v1'], resources }],
    namespaceSelector: { matchLabels: { language: 'asked' } },
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
  });
  return JSON.stringify({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'rules.language.example.com' },
    webhooks: [
      webhook('ports', ['services']),
      webhook('colors', ['configmaps']),
      webhook('fragile', ['secrets']),
    ],
  });
};
const refused = `apiVersion: v1
kind: Pod
metadata: { name: greedy, namespace: language-small }
spec:
  containers:
    - name: a
      image: busybox
      resources:
        limits: { cpu: "2" }
---
apiVersion: v1
kind: Pod
metadata: { name: mighty, namespace: language-careful }
spec:
  containers:
    - name: a
      image: busybox
      securityContext: { privileged: true }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: many, namespace: language-small }
spec:
  replicas: 5
  selector: { matchLabels: { app: many } }
  template:
    metadata: { labels: { app: many } }
    spec: { containers: [{ name: a, image: busybox }] }
---
apiVersion: v1
kind: Pod
metadata: { name: bulky, namespace: language-bounded }
spec:
  containers:
    - name: a
      image: busybox
      resources:
        limits: { memory: 1Gi }
---
apiVersion: v1
kind: Service
metadata: { name: low, namespace: language-asked }
spec:
  selector: { app: many }
  ports: [{ port: 25 }]
---
apiVersion: v1
kind: ConfigMap
metadata: { name: painted, namespace: language-asked }
data: { size: large, color: green }
---
apiVersion: v1
kind: Secret
metadata: { name: hushed, namespace: language-asked }
stringData: { fragile: very }
`;
const allowed = [
  ['"2"', '"1"'],
  ['true', 'false'],
  ['5', '3'],
  ['1Gi', '128Mi'],
  ['25', '8025'],
  ['green', 'blue'],
  ['very', 'not'],
].reduce((text, [from = '', to = '']) => text.replace(from, to), refused);
const refusals = [
  '9:24 Error pods "greedy" is forbidden: exceeded quota: small, requested: limits.cpu=2, used: limits.cpu=0',
  '18:38 Error pods "mighty" is forbidden: violates PodSecurity "baseline:latest": privileged (container "a"',
  `24:13 Error deployments.apps "many" is forbidden: ValidatingAdmissionPolicy 'few.language.example.com' with`,
  '38:27 Error pods "bulky" is forbidden: maximum memory usage per Container is 128Mi, but limit is 1Gi',
  '45:19 Error admission webhook "ports.language.example.com" denied the request: spec.ports[0].port must be above',
  '50:29 Error data.color: blue is the colour',
  '54:19 Error Internal error occurred: failed calling webhook "fragile.language.example.com"',
];
const partly = `apiVersion: v1
kind: ConfigMap
metadata: { name: partly }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: {{ .Release.Name }} }
`;

const files = { 'live.yaml': web, 'lamp.yaml': lamp, 'refused.yaml': refused, 'partly.yaml': partly };

describeEditor('manifests beside a cluster', files, (editor) => {
  let asked: WebhookServer | undefined;
  let rulesFile = '';

  beforeAll(async () => {
    const cluster = editorCluster();
    asked = await createWebhookServer();
    asked.answer('/ports', ({ request }: Asked) => {
      const { ports } = request.object['spec'] as { readonly ports: readonly { readonly port: number }[] };
      const message = 'spec.ports[0].port must be above 1023';
      return { allowed: ports.every(({ port }) => port > 1023), status: { message } };
    });
    asked.answer('/colors', ({ request }: Asked) => {
      const { color } = request.object['data'] as { readonly color: string };
      const message = 'blue is the colour';
      const details = { causes: [{ reason: 'FieldValueInvalid', field: 'data.color', message }] };
      return { allowed: color === 'blue', status: { code: 422, reason: 'Invalid', message, details } };
    });
    asked.answer('/fragile', (response, review) => {
      const { data } = review.request.object as { readonly data: { readonly fragile: string } };
      if (data.fragile === Buffer.from('very').toString('base64')) response.writeHead(500).end();
      else respond(response, review, { allowed: true });
    });
    rulesFile = cluster.file('language-rules.yaml', `${rules}---\n${webhooks(asked)}`);
    await cluster.ok('apply', '-f', rulesFile);
    await cluster.ok('create', 'configmap', 'language-there', '--from-literal=color=red');
    const { window } = editor();
    await window.openFile('live.yaml');
    await window.statusBarItem(/Wheelhouse 0\.1\.0/).waitFor();
  });

  afterAll(async () => {
    if (rulesFile !== '') await editorCluster().run(['delete', '--wait=false', '-f', rulesFile]);
    await asked?.[Symbol.asyncDispose]();
  });

  test('a hover says what a field is, what it is unless set, and who set it in the cluster', async () => {
    const cluster = editorCluster();
    const live = cluster.file('language-live.yaml', web);
    await cluster.ok('apply', '--server-side', '--field-manager', 'alice', '-f', live);
    await cluster.ok('scale', 'deployment/language-live', '--replicas', '0');
    const { window } = editor();
    await window.openFile('live.yaml');
    const hover = window.page.locator('.monaco-hover:visible');
    const untilSaid = async (line: number, column: number, ...wanted: readonly (string | RegExp)[]) => {
      await window.goToLine(line, column);
      await window.run('Show or Focus Hover');
      await window.until(
        `a hover with ${wanted.join(', ')}`,
        async () => (await hover.allTextContents()).join('\n'),
        (text) => wanted.every((part) => (typeof part === 'string' ? text.includes(part) : part.test(text))),
      );
      await window.page.keyboard.press('Escape');
    };
    await untilSaid(
      18,
      22,
      'protocol string · "TCP" unless set',
      'TCP, UDP or SCTP.',
      /Applied by alice · 20\d\d-/,
    );
    await untilSaid(2, 8, 'Deployment apps/v1', 'Keeps a number of equal Pods');
    await window.replaceText(web.replace('replicas: 0', 'replicas: 3'));
    await untilSaid(6, 5, 'replicas integer', 'In the cluster: 0', 'Applied by alice');
    await window.replaceText(web);
  });

  test('names of what the cluster has are proposed, and lead to it', async () => {
    const { window } = editor();
    await window.openFile('live.yaml');
    await window.replaceText(web.replace('language-there', 'language-the'));
    await window.goToLine(21, 100);
    await takeProposal(window, 'language-there');
    await window.until(
      'the name',
      () => window.visibleText(),
      (text) => text.includes('name: language-there\n'),
    );
    await window.goToLine(21, 25);
    await window.page.keyboard.press('F12');
    await window.tab('language-there.yaml').waitFor();
    await window.until(
      'the object of the cluster',
      () => window.visibleText(),
      (text) => text.includes('color: red'),
    );
  });

  test('a mount leads to its volume', async () => {
    const { window } = editor();
    await window.openFile('live.yaml');
    await window.goToLine(22, 35);
    await window.page.keyboard.press('F12');
    await window.statusBarItem(/Ln 24, Col/).waitFor();
  });

  test('the cluster is asked when a manifest is saved, and its answer stands at the node', async () => {
    const { window } = editor();
    await window.openFile('live.yaml');
    await window.replaceText(web.replaceAll('app: live', 'app: other'));
    await window.save();
    await errors(window).first().waitFor();
    await window.goToLine(1);
    await window.page.keyboard.press('F8');
    const message = window.page.locator('.marker-widget');
    await message.filter({ hasText: 'field is immutable' }).waitFor();
    await window.page.keyboard.press('Escape');
    await window.replaceText(web);
    await window.save();
    await errors(window).first().waitFor({ state: 'detached' });
  });

  test('quotas, limits, PodSecurity, policies and webhooks are asked on demand, and stand at the nodes they mean', async () => {
    const { window } = editor();
    const cluster = editorCluster();
    // Policies are followed: they count a moment after they were written.
    await window.until(
      'the policy, the webhooks, and the quota’s first count',
      () => cluster.run(['apply', '--dry-run=server', '-f', cluster.file('refused.yaml', refused)]),
      ({ stderr }) =>
        [
          'denied request',
          'exceeded quota',
          'PodSecurity',
          'maximum memory',
          'must be above',
          'blue is',
          'fragile',
        ].every((part) => stderr.includes(part)),
    );
    const ask = () => window.run('Wheelhouse: Check with the Cluster (Dry Run)');
    await window.openFile('refused.yaml');
    await ask();
    await untilProblemsAre(window, 'refused.yaml', refusals);
    await editor().screenshot('refusals');
    await window.replaceText(allowed);
    await errors(window).first().waitFor({ state: 'detached' });
    await ask();
    await window.statusBarItem(/"editor" would take everything in this file/).waitFor();
    // Nothing was written by that, and the webhooks were told so.
    expect(asked?.asked.filter(({ request }) => request['dryRun'] !== true)).toEqual([]);
    await expect(cluster.ok('get', 'pod', 'greedy', '-n', 'language-small')).rejects.toThrow('not found');
    await window.replaceText(refused);
    await window.save();
    await untilProblemsAre(window, 'refused.yaml', refusals);
    await window.openFile('partly.yaml');
    await ask();
    await window.statusBarItem(/"editor" would take 1 objects; 1 were not asked about/).waitFor();
  });

  test('tells of new kinds by itself', async () => {
    const cluster = editorCluster();
    const { window } = editor();
    // Open before there are such kinds.
    await window.showCluster();
    await window.treeItem('Configuration').waitFor();
    await cluster.ok('apply', '-f', cluster.file('lamps.yaml', definition));
    await window.expand('Custom Resources');
    await window.treeItem('Lamps').waitFor();
    await window.openFile('lamp.yaml');
    await errors(window).first().waitFor();
    await takeFix(window, 5, 'Replace with "color"');
    await window.until(
      'the fix',
      () => window.visibleText(),
      (text) => text.includes('  color: red'),
    );
    await errors(window).first().waitFor({ state: 'detached' });
    // What works with the cluster knows them as well, without a new connection.
    await window.run('Wheelhouse: Apply…');
    await window.confirmPick();
    await window.notification('1 created').waitFor();
    await window.expand('Lamps');
    await window.treeItem('a').waitFor();
  });

  test('asks the rules of new kinds as it is typed', async () => {
    const { window } = editor();
    await window.openFile('lamp.yaml');
    await window.replaceText(lamp.replace('colour: red', 'color: green\n  watts: 60'));
    await errors(window).first().waitFor();
    await window.goToLine(1);
    await window.page.keyboard.press('F8');
    await window.page.locator('.marker-widget').filter({ hasText: 'green is dim' }).waitFor();
    await window.page.keyboard.press('Escape');
    await window.replaceText(lamp.replace('colour: red', 'color: green\n  watts: 49'));
    await errors(window).first().waitFor({ state: 'detached' });
  });

  test('values of new kinds are proposed', async () => {
    const { window } = editor();
    await window.openFile('lamp.yaml');
    await window.replaceText(lamp.replace('colour: red', 'color: gr'));
    await window.goToLine(5, 100);
    await takeProposal(window, 'green');
    await window.until(
      'the value',
      () => window.visibleText(),
      (text) => text.includes('color: green'),
    );
    await window.replaceText(lamp);
    await window.save();
  });

  test('what a cluster serves is known while it is away, of its own kinds too', async () => {
    const cluster = editorCluster();
    const { browser, window, folder } = editor();
    await cluster.ok('down');
    try {
      await window.statusBarItem(/not available/).waitFor();
      // A window that never saw it.
      const second = await EditorWindow.open(browser, editorScene().url, folder);
      await second.openFile('lamp.yaml');
      await second.statusBarItem(/not available/).waitFor();
      await errors(second).first().waitFor();
      expect(await onlyProblem(second)).toContain('did you mean "color"?');
      await takeFix(second, 5, 'Replace with "color"');
      await errors(second).first().waitFor({ state: 'detached' });
      await second.openFile('live.yaml');
      await second.replaceText(web.replace('replicas:', 'replcas:'));
      await errors(second).first().waitFor();
      await second.run('Wheelhouse: Check with the Cluster (Dry Run)');
      await second.notification('No cluster is connected to check with').waitFor();
      await second.run('Wheelhouse: Apply…');
      await second.notification('Cannot apply: cluster "editor" is not available').waitFor();
      await second.close();
    } finally {
      await cluster.up();
    }
    await window.statusBarItem(/Wheelhouse 0\.1\.0/).waitFor();
  });
});
