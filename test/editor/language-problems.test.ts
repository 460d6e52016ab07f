import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, test } from 'vitest';
import { takeFix, untilProblemsAre } from './manifest-actions.ts';
import { describeEditor } from './scene.ts';

/** One of everything that can be wrong in a manifest by itself, and with what it names. */
const wrong = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: Wrong_1
spec:
  replicas: "2"
  selector:
    matchLabels:
      app: wrong
  template:
    metadata:
      labels:
        app: wrng
    spec:
      dnsPolicy: ClusterFrist
      serviceAccountName: nobody
      containers:
        - name: web
          resources:
            requests: { cpu: 50mm, memory: 64Mi }
          env:
            - name: COLOR
              valueFrom: { configMapKeyRef: { name: wrong-settings, key: colour } }
          envFrom:
            - configMapRef: { name: wrong-setings }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: wrong-settings }
data: { color: blue }
---
apiVersion: extensions/v1beta1
kind: Ingress
metadata: { name: wrong }
---
apiVersion: v1
kind: Endpoints
metadata: { name: wrong }
---
apiVersion: v1
kind: Servce
metadata: { name: wrong }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: wrong-settings }
data: { a: x }
data: { b: y }
`;

/** A Service whose selector is a slip beside the Deployment it is for. */
const pair = `apiVersion: v1
kind: Service
metadata: { name: pair }
spec:
  selector: { app: piar }
  ports: [{ port: 80 }]
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: pair }
spec:
  selector: { matchLabels: { app: pair } }
  template:
    metadata: { labels: { app: pair } }
    spec: { containers: [{ name: a, image: busybox }] }
`;

/** Wrong in an anchor, and in all that stands for it. */
const anchors = `apiVersion: v1
kind: Pod
metadata:
  name: anchors
  labels: &labels { app: a }
  annotations: *labls
---
apiVersion: v1
kind: Pod
metadata: { name: anchors }
spec:
  containers:
    - &first
      name: first
      image: busybox
      command: &command [sleep, infinity]
      ports: [{ containerPort: &port "80" }]
    - <<: *first
      name: second
      args: *command
      ports: [{ containerPort: *port }]
      tyy: true
`;

/** One document of more than 1 MiB, and another behind it. */
const tooLong = `apiVersion: v1
kind: ConfigMap
metadata: { name: too-long }
data:
  text: |
${`    ${'x'.repeat(95)}\n`.repeat(11_000)}---
apiVersion: v1
kind: ConfigMap
metadata: { name: behind }
date: {}
`;

/** Wrong by itself, and in what it names. */
const settled = `apiVersion: apps/v1
kind: Deployment
metadata: { name: settled }
spec:
  repliccas: 1
  selector: { matchLabels: { app: settled } }
  template:
    metadata: { labels: { app: settled } }
    spec:
      containers:
        - { name: a, image: busybox }
      serviceAccountName: nobody
`;

const files = {
  '.vscode/settings.json': '{}',
  'settled.yaml': settled,
  'wrong.yaml': wrong,
  'pair.yaml': pair,
  'anchors.yaml': anchors,
  'too-long.yaml': tooLong,
};

describeEditor('problems in manifests', files, (editor) => {
  beforeAll(async () => {
    const { window } = editor();
    await window.openFile('wrong.yaml');
    await window.statusBarItem(/Wheelhouse 0\.1\.0/).waitFor();
  });

  test('stand at their places, in words that say what to do', async () => {
    const { window } = editor();
    await untilProblemsAre(window, 'wrong.yaml', [
      '4:9 Error metadata.name: Invalid value: "Wrong_1": a lowercase RFC 1123 subdomain must',
      '6:13 Error replicas must be an integer, not the string "2"',
      '12:7 Error spec.template.metadata.labels: Invalid value: {"app":"wrng"}: `selector` does not match',
      '15:18 Error dnsPolicy must be one of "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"',
      '16:27 Warning There is no ServiceAccount "nobody" in these files or the cluster',
      '18:11 Error spec.template.spec.containers[0].image: Required value',
      '20:30 Error cpu must be a quantity such as "100m" or "1Gi"',
      '23:74 Warning ConfigMap "wrong-settings" has no key "colour"; did you mean "color"?',
      '25:37 Warning There is no ConfigMap "wrong-setings" in these files or the cluster; did you mean "wrong-set',
      '32:13 Error Ingress of "extensions/v1beta1" is not served since Kubernetes 1.22; use "networking.k8s.io/v1"',
      '37:7 Warning Endpoints is on its way out: use EndpointSlice',
      '41:7 Error "v1" has no kind Servce; did you mean "Service"?',
      '46:19 Warning ConfigMap "wrong-settings" is in this file already',
      '48:1 Error "data" is given twice',
    ]);
    await editor().screenshot('problems');
  });

  test('are mended by quick fixes, where a machine can know what was meant', async () => {
    const { window, folder } = editor();
    await window.replaceText(wrong);
    // From below, so that every line is still where it was.
    await takeFix(window, 48, 'Remove "data"', 2);
    await takeFix(window, 32, 'Replace with "networking.k8s.io/v1"', 14);
    await takeFix(window, 25, 'Replace with "wrong-settings"', 38);
    await takeFix(window, 18, 'Add image', 12);
    await takeFix(window, 12, 'Give the template the labels that are selected', 8);
    await takeFix(window, 4, 'Replace with "wrong-1"', 10);
    await window.save();
    const mended = [
      ['data: { b: y }\n', ''],
      ['extensions/v1beta1', 'networking.k8s.io/v1'],
      ['wrong-setings }\n', 'wrong-settings }\n          image: busybox\n'],
      ['app: wrng', 'app: wrong'],
      ['Wrong_1', 'wrong-1'],
    ].reduce((text, [from = '', to = '']) => text.replace(from, to), wrong);
    await window.until(
      'the file',
      async () => readFileSync(join(folder, 'wrong.yaml'), 'utf8'),
      (text) => text === mended,
    );
  });

  test('are looked for between the objects of a file: a selector that is a slip', async () => {
    const { window } = editor();
    await window.openFile('pair.yaml');
    await window.replaceText(pair);
    await untilProblemsAre(window, 'pair.yaml', [
      '5:20 Warning Selects no Pods of these files; did you mean "pair", as Deployment "pair" has it?',
    ]);
    await takeFix(window, 5, 'Replace with "pair"', 21);
    await untilProblemsAre(window, 'pair.yaml', []);
  });

  test('stand at anchors, and where aliases and merges bring them', async () => {
    const { window } = editor();
    await window.openFile('anchors.yaml');
    await untilProblemsAre(window, 'anchors.yaml', [
      '6:16 Error there is no anchor "labls" before this',
      '10:19 Warning Pod "anchors" is in this file already',
      '17:38 Error containerPort must be an integer, not the string "80"',
      '21:32 Error containerPort must be an integer, not the string "80"',
      '22:7 Error tyy is an unknown field; did you mean "tty"?',
    ]);
  });

  test('of a document that is too long are not looked for, which is said at its beginning', async () => {
    const { window } = editor();
    await window.openFile('too-long.yaml');
    await untilProblemsAre(window, 'too-long.yaml', [
      '1:1 Info This document has 1100076 characters and is not checked: at most 1048576 are',
      '11010:1 Error date is an unknown field; did you mean "data"?',
    ]);
  });

  test('are not looked for where settings say so', async () => {
    const { window, folder } = editor();
    const settings = (validation: object) =>
      writeFileSync(join(folder, '.vscode/settings.json'), JSON.stringify(validation));
    const unknown = '5:3 Error repliccas is an unknown field';
    const missing = '12:27 Warning There is no ServiceAccount "nobody" in these files or the cluster';
    await window.openFile('settled.yaml');
    await untilProblemsAre(window, 'settled.yaml', [unknown, missing]);
    settings({ 'wheelhouse.validation.references': false });
    await untilProblemsAre(window, 'settled.yaml', [unknown]);
    settings({ 'wheelhouse.validation.enabled': false });
    await untilProblemsAre(window, 'settled.yaml', []);
    settings({});
    await untilProblemsAre(window, 'settled.yaml', [unknown, missing]);
  });
});
